// SPDX-License-Identifier: Apache-2.0
// Names the stage around a byte of a pipeline file, also of a file with mistakes.
#ifndef WEIR_CORE_CONFIG_TEXT_STAGE_TITLES_H_
#define WEIR_CORE_CONFIG_TEXT_STAGE_TITLES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/text/lexer.h"

namespace weir::config {

// Immutable; any thread.
class StageTitles {
 public:
  StageTitles() = default;
  // `text` must outlive this.
  StageTitles(std::string_view text, const std::vector<Token>& tokens);

  // Returns "sink 'out': ", "sink: " for a stage without a name, or "" outside of stages.
  std::string Around(size_t offset) const;

 private:
  struct Change {
    size_t offset;
    std::string_view kind, name;
  };
  std::vector<Change> changes_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_STAGE_TITLES_H_
