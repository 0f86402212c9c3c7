// SPDX-License-Identifier: Apache-2.0
// Finds the text of a value in a parsed message.
#ifndef WEIR_CORE_CONFIG_MESSAGE_PATH_FINDER_H_
#define WEIR_CORE_CONFIG_MESSAGE_PATH_FINDER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/config/schema/field_rules.h"
#include "core/config/text/outline.h"

namespace weir::config {

// Remembers the blocks that it has read: finding every value of a large block takes linear
// time. One thread.
class PathFinder {
 public:
  // Paths begin in `block`. The outline must outlive this and must not change.
  PathFinder(const Outline& outline, int block) : outline_(outline), block_(block) {}

  // Returns the token of a value; nothing if the path is empty or its value is not in the
  // text.
  std::optional<int> Find(const FieldPath& path);

 private:
  using ValuesByName = absl::flat_hash_map<std::string, std::vector<FieldValue>>;

  const ValuesByName& ValuesOf(int block);

  const Outline& outline_;
  const int block_;
  absl::flat_hash_map<int, ValuesByName> blocks_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_MESSAGE_PATH_FINDER_H_
