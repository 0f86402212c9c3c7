// SPDX-License-Identifier: Apache-2.0
// Quotes a piece of user text for a message.
#ifndef WEIR_TRANSFORMS_FILTER_QUOTED_H_
#define WEIR_TRANSFORMS_FILTER_QUOTED_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace weir::transforms {

// Returns the beginning of the text in quotes, with codes in place of unprintable bytes and of
// bytes that are not ASCII.
inline std::string Quoted(std::string_view text) {
  constexpr size_t kMaxBytes = 48;
  const bool whole = text.size() <= kMaxBytes;
  return absl::StrCat("'", absl::CHexEscape(text.substr(0, kMaxBytes)), whole ? "'" : "...'");
}

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_QUOTED_H_
