// SPDX-License-Identifier: Apache-2.0
// Text from file names and plugins, as a terminal can show it.
#ifndef WEIR_TOOLS_WEIR_TERMINAL_TEXT_H_
#define WEIR_TOOLS_WEIR_TERMINAL_TEXT_H_

#include <string>
#include <string_view>

namespace weir {

// `text` with \xHH in place of each byte of a control character (core/record/utf8.h), except
// newlines and tabs, and of each byte that is not UTF-8.
std::string TerminalText(std::string_view text);

// The same, without exceptions: one line.
std::string TerminalLine(std::string_view text);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_TERMINAL_TEXT_H_
