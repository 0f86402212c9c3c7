// SPDX-License-Identifier: Apache-2.0
// What the numbers mean by which flows of several network namespaces are told apart.
#ifndef WEIR_SOURCES_EBPF_NAMESPACES_NAMESPACE_REGISTRY_H_
#define WEIR_SOURCES_EBPF_NAMESPACES_NAMESPACE_REGISTRY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/record/record.h"
#include "plugins/sdk/status.h"

namespace weir::ebpf {

// Numbers of namespaces, as programs write them into flows, and names of interfaces. Of
// what has gone both are kept until OnRead has been called three times since: the first call may
// be of a read that had begun before. Then there is no flow of it any more. Thread-safe.
class NamespaceRegistry {
 public:
  // The number of weir's own namespace, whose interfaces have no names here.
  static constexpr uint32_t kOwn = 0;
  static constexpr uint32_t kLastId = UINT16_MAX;  // what a slot of the mapped table holds
  static constexpr size_t kMostNamespaces = 1024;  // beside weir's own
  static constexpr size_t kMostGone = 65536;       // names that are kept though they have gone

  void SetOwn(uint64_t inode);

  // A number for a namespace, by its inode number. RESOURCE_EXHAUSTED: there are as many
  // as there may be.
  sdk::Result<uint32_t> Add(uint64_t inode);
  // It has gone, and its programs with it.
  void Remove(uint32_t id);

  void SetName(uint32_t id, uint32_t if_index, const std::string& name);
  // The interface has gone.
  void SetGone(uint32_t id, uint32_t if_index);

  // The table has been flipped and read.
  void OnRead();

  // Gives a record that has its if_index the namespace of that number, and the name of
  // the interface unless that is in weir's own.
  void Describe(uint32_t id, Record* record) const;

  // Of both those that are there and those that have gone. For tests.
  size_t size() const;

 private:
  struct Name {
    std::string text;
    uint64_t gone = 0;  // number of the Departure; 0: it is there
  };
  struct Namespace {
    uint64_t inode = 0;
    std::unordered_map<uint32_t, Name> names;  // by if_index
  };
  struct Departure {
    uint64_t number;
    uint64_t reads;  // before it
    uint32_t id;
    uint32_t if_index;  // 0: the namespace as a whole
  };

  void Depart(uint32_t id, uint32_t if_index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(const Departure& departure) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::unordered_map<uint32_t, Namespace> namespaces_ ABSL_GUARDED_BY(mutex_);  // by number
  size_t present_ ABSL_GUARDED_BY(mutex_) = 0;  // of them, without weir's own
  uint32_t last_id_ ABSL_GUARDED_BY(mutex_) = kOwn;
  uint64_t reads_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_departure_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Departure> departures_ ABSL_GUARDED_BY(mutex_);  // oldest first
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_NAMESPACE_REGISTRY_H_
