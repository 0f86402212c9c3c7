// SPDX-License-Identifier: Apache-2.0
// Text as the source of a manual page (man(7)). Functions without state: any thread.
#ifndef WEIR_TOOLS_WEIR_ROFF_H_
#define WEIR_TOOLS_WEIR_ROFF_H_

#include <string>
#include <string_view>

namespace weir {

// `text` escaped: the manual page shows it as it is.
std::string RoffText(std::string_view text);

// The same for prose: words between `backquotes` are bold.
std::string RoffProse(std::string_view text);

// Lines that are not filled, in an indented paragraph.
std::string RoffExample(std::string_view lines);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_ROFF_H_
