// SPDX-License-Identifier: Apache-2.0
// The names of network interfaces by index, those that have gone included.
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

// Flows of an interface come out after it has gone: its name stays until its index
// is given to another one, or until kMaxGone more have gone. Thread-safe.
class LinkNames {
 public:
  static constexpr size_t kMaxGone = 4096;

  // The interface is there, under this name.
  void SetPresent(uint32_t if_index, const std::string& name);
  // It has gone; `name` is its last.
  void SetGone(uint32_t if_index, const std::string& name);

  // The name of the present interface of that index, else of the last that has gone.
  std::optional<std::string> Find(uint32_t if_index) const;

 private:
  struct GoneLink {
    std::string name;
    uint64_t number;  // of its entry in gone_order_
  };

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<uint32_t, std::string> present_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<uint32_t, GoneLink> gone_ ABSL_GUARDED_BY(mutex_);
  // Number and index of each that went, oldest first; stale if gone_ has another number.
  std::deque<std::pair<uint64_t, uint32_t>> gone_order_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_INTERFACE_NAMER_LINK_NAMES_H_
