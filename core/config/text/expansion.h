// SPDX-License-Identifier: Apache-2.0
// Replaces ${VAR} and ${VAR:-default} in a configuration file, and maps the result back to
// locations in the file.
//
//   "${VAR}"            in a text: the value, escaped, so that the text stays one text.
//   ${VAR}              elsewhere: the value must be one bare word or number.
//   ${VAR:-default}     the default if VAR is unset or empty. It ends at the next `}`, and is
//                       read as if the file had it there.
//   $${                 a literal ${ in a text.
//   # ${VAR}            comments are not changed.
#ifndef WEIR_CORE_CONFIG_TEXT_EXPANSION_H_
#define WEIR_CORE_CONFIG_TEXT_EXPANSION_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/text/environment.h"
#include "core/config/text/lexer.h"

namespace weir::config {

// Immutable; any thread.
class ExpandedText {
 public:
  // Expands `original`, whose tokens are `tokens`, to at most `max_bytes`. Mistakes go to
  // `report` with the byte of the original; after one, the text must not be used.
  static ExpandedText Expand(std::string_view original, const std::vector<Token>& tokens,
                             const Environment& environment, size_t max_bytes,
                             const MistakeReport& report);

  const std::string& text() const { return text_; }

  // Returns the byte of the original that corresponds to a byte of text(), or to its end. All
  // bytes of an inserted value have the position of its ${.
  size_t OriginalOffset(size_t offset) const;

  // Returns the part of the original that became `length` bytes of text() at `begin`. The
  // original must still exist.
  std::string Original(size_t begin, size_t length) const;

 private:
  friend class Expander;
  // text_[begin, end) replaces original[original_begin, original_end).
  struct Replacement {
    size_t begin, end, original_begin, original_end;
  };

  std::string_view original_;
  std::string text_;
  std::vector<Replacement> replacements_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_EXPANSION_H_
