// SPDX-License-Identifier: Apache-2.0
// From a value in a parsed message to its place in the text.
#ifndef WEIR_CORE_CONFIG_PATH_FINDER_H_
#define WEIR_CORE_CONFIG_PATH_FINDER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/config/field_rules.h"
#include "core/config/outline.h"

namespace weir::config {

// Remembers what it has looked up, so that asking for every value of a large block
// costs as much as the block is long. One thread.
class PathFinder {
 public:
  // Paths begin in `block`. The outline must outlive this and stay as it is.
  PathFinder(const Outline& outline, int block) : outline_(outline), block_(block) {}

  // The token that a value is at; nothing if the path is empty or what it leads to is
  // not in the text.
  std::optional<int> Find(const FieldPath& path);

 private:
  using ValuesByName = absl::flat_hash_map<std::string, std::vector<FieldValue>>;

  const ValuesByName& ValuesOf(int block);

  const Outline& outline_;
  const int block_;
  absl::flat_hash_map<int, ValuesByName> blocks_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_PATH_FINDER_H_
