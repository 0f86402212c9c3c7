// SPDX-License-Identifier: Apache-2.0
// The names of network interfaces by index, including interfaces that are gone.
#ifndef WEIR_TRANSFORMS_INTERFACE_NAMER_LINK_NAMES_H_
#define WEIR_TRANSFORMS_INTERFACE_NAMER_LINK_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace weir::transforms {

// Flows of an interface come out after it is gone. Its name is kept until another interface gets
// its index, or until kMaxGone more interfaces are gone. Thread-safe.
class LinkNames {
 public:
  static constexpr size_t kMaxGone = 4096;

  // Sets the name of an existing interface.
  void SetPresent(uint32_t if_index, const std::string& name);
  // The interface is gone; `name` was its last name.
  void SetGone(uint32_t if_index, const std::string& name);

  // Returns the name of the existing interface with this index, or of the last one that had it.
  std::optional<std::string> Find(uint32_t if_index) const;

 private:
  struct GoneLink {
    std::string name;
    uint64_t number;  // of its entry in gone_order_
  };

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, std::string> present_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint32_t, GoneLink> gone_ ABSL_GUARDED_BY(mutex_);
  // The number and the index of each interface that is gone, oldest first. An entry is stale if
  // gone_ has another number.
  std::deque<std::pair<uint64_t, uint32_t>> gone_order_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_INTERFACE_NAMER_LINK_NAMES_H_
