// SPDX-License-Identifier: Apache-2.0
// ${VAR} and ${VAR:-default} in a configuration file, and the way back from the
// expanded text to places in the file.
//
//   "${VAR}"            inside a string: the value, escaped, so that whatever is in
//                       it the string stays one string
//   ${VAR}              elsewhere: the value must be one bare word or number
//   ${VAR:-default}     the default if VAR is not set or empty; up to the next `}`,
//                       read as if it stood there by itself
//   $${                 a literal ${
//   # ${VAR}            comments are left alone
#ifndef WEIR_CORE_CONFIG_EXPANSION_H_
#define WEIR_CORE_CONFIG_EXPANSION_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostics.h"
#include "core/config/environment.h"
#include "core/config/position.h"

namespace weir::config {

// Immutable, so any thread may read it.
class ExpandedText {
 public:
  // Expands `original`. What is wrong is added to `diagnostics`; the text is of use
  // only if that stayed empty. No longer than `max_bytes`.
  static ExpandedText Expand(std::string_view original, const Environment& environment,
                             size_t max_bytes, Diagnostics* diagnostics);

  const std::string& text() const { return text_; }

  // The place in the original of a byte of text(); text().size() is allowed. All of
  // a value that was put in has the place of its ${.
  Position PositionOf(size_t offset) const;

 private:
  friend class Expander;
  // text_[begin, end) stands for original[original_begin, original_end).
  struct Replacement {
    size_t begin, end, original_begin, original_end;
  };

  Position OriginalPosition(size_t original_offset) const;

  std::string text_;
  std::vector<Replacement> replacements_;
  std::vector<size_t> line_starts_;  // of the original
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_EXPANSION_H_
