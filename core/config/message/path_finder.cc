// SPDX-License-Identifier: Apache-2.0
#include "core/config/message/path_finder.h"

#include <cstddef>

#include "core/config/schema/field_names.h"

namespace weir::config {

std::optional<int> PathFinder::Find(const FieldPath& path) {
  std::optional<int> token;
  int block = block_;
  for (const FieldStep& step : path) {
    if (block < 0) return std::nullopt;
    const ValuesByName& values = ValuesOf(block);
    const auto found = values.find(TextName(*step.field));
    const size_t index = step.index < 0 ? 0 : static_cast<size_t>(step.index);
    if (found == values.end() || index >= found->second.size()) return std::nullopt;
    token = found->second[index].token;
    block = found->second[index].block;
  }
  return token;
}

const PathFinder::ValuesByName& PathFinder::ValuesOf(int block) {
  const auto [at, is_new] = blocks_.try_emplace(block);
  if (is_new) at->second = outline_.AllValues(block);
  return at->second;
}

}  // namespace weir::config
