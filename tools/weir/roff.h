// SPDX-License-Identifier: Apache-2.0
// Text as the source of a manual page (man(7)).
#ifndef WEIR_TOOLS_WEIR_ROFF_H_
#define WEIR_TOOLS_WEIR_ROFF_H_

#include <string>
#include <string_view>

namespace weir {

// `text` that stands in a manual page as it is, whatever it begins with or has in it.
std::string RoffText(std::string_view text);

// The same for prose: what is between `backquotes` becomes bold.
std::string RoffProse(std::string_view text);

// Lines that are not filled, in a paragraph of their own that is indented.
std::string RoffExample(std::string_view lines);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_ROFF_H_
