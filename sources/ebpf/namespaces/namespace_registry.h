// SPDX-License-Identifier: Apache-2.0
// The meaning of the namespace ids in flows.
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

// The ids of namespaces, which programs write into flows, and the names of interfaces. Entries of
// namespaces and interfaces that are gone are kept until OnRead was called three times: the first
// call may belong to a read that had begun before. After that, no flow of them is left.
// Thread-safe.
class NamespaceRegistry {
 public:
  // The id of weir's own namespace, whose interfaces have no names here.
  static constexpr uint32_t kOwn = 0;
  static constexpr uint32_t kLastId = UINT16_MAX;  // the largest id in a slot of the mapped table
  static constexpr size_t kMostNamespaces = 1024;  // in addition to weir's own
  static constexpr size_t kMostGone = 65536;       // kept names of interfaces that are gone

  void SetOwn(uint64_t inode);

  // Returns an id for the namespace with that inode number. Returns RESOURCE_EXHAUSTED if there are
  // too many.
  sdk::Result<uint32_t> Add(uint64_t inode);
  // To be called when the namespace is gone, and its programs with it.
  void Remove(uint32_t id);

  void SetName(uint32_t id, uint32_t if_index, const std::string& name);
  // To be called when the interface is gone.
  void SetGone(uint32_t id, uint32_t if_index);

  // To be called when the table has been flipped and read.
  void OnRead();

  // Sets the namespace of a record, and the name of its interface unless the namespace is weir's
  // own. The record must have its if_index.
  void Describe(uint32_t id, Record* record) const;

  // Returns the number of present and kept entries. For tests.
  size_t size() const;

 private:
  struct Name {
    std::string text;
    uint64_t gone = 0;  // number of the Departure; 0: it is present
  };
  struct Namespace {
    uint64_t inode = 0;
    std::unordered_map<uint32_t, Name> names;  // by if_index
  };
  struct Departure {
    uint64_t number;
    uint64_t reads;  // calls of OnRead before it
    uint32_t id;
    uint32_t if_index;  // 0: the namespace as a whole
  };

  void Depart(uint32_t id, uint32_t if_index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(const Departure& departure) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::unordered_map<uint32_t, Namespace> namespaces_ ABSL_GUARDED_BY(mutex_);  // by id
  size_t present_ ABSL_GUARDED_BY(mutex_) = 0;  // present ones, without weir's own
  uint32_t last_id_ ABSL_GUARDED_BY(mutex_) = kOwn;
  uint64_t reads_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_departure_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Departure> departures_ ABSL_GUARDED_BY(mutex_);  // oldest first
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_NAMESPACE_REGISTRY_H_
