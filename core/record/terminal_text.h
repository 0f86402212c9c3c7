// SPDX-License-Identifier: Apache-2.0
// Text from file names and plugins, escaped for a terminal. Functions without state: any thread.
#ifndef WEIR_CORE_RECORD_TERMINAL_TEXT_H_
#define WEIR_CORE_RECORD_TERMINAL_TEXT_H_

#include <string>
#include <string_view>

namespace weir {

// Replaces each byte of a control character (core/record/utf8.h) by \xHH, except newlines and tabs,
// and each byte that is not UTF-8.
std::string TerminalText(std::string_view text);

// The same for newlines and tabs too: one line.
std::string TerminalLine(std::string_view text);

}  // namespace weir

#endif  // WEIR_CORE_RECORD_TERMINAL_TEXT_H_
