// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/namespaces/namespace_registry.h"

#include "absl/strings/str_cat.h"

namespace weir::ebpf {

namespace {

// A flow may be in the table that is being filled, and a running program may still write to the
// table that is read next. One more, because a read may be in progress.
constexpr uint64_t kReadsToWait = 3;

}  // namespace

void NamespaceRegistry::SetOwn(uint64_t inode) {
  absl::MutexLock lock(&mutex_);
  namespaces_[kOwn].inode = inode;
}

sdk::Result<uint32_t> NamespaceRegistry::Add(uint64_t inode) {
  absl::MutexLock lock(&mutex_);
  if (present_ >= kMostNamespaces || namespaces_.size() > kLastId) {
    return sdk::Status(WEIR_RESOURCE_EXHAUSTED,
                       absl::StrCat("weir measures at most ", kMostNamespaces,
                                    " network namespaces in addition to its own"));
  }
  // Takes the id that has been unused longest.
  do {
    last_id_ = last_id_ == kLastId ? kOwn + 1 : last_id_ + 1;
  } while (namespaces_.count(last_id_) != 0);
  namespaces_[last_id_].inode = inode;
  ++present_;
  return last_id_;
}

void NamespaceRegistry::Remove(uint32_t id) {
  absl::MutexLock lock(&mutex_);
  --present_;
  Depart(id, 0);
}

void NamespaceRegistry::SetName(uint32_t id, uint32_t if_index, const std::string& name) {
  absl::MutexLock lock(&mutex_);
  const auto known = namespaces_.find(id);
  if (known != namespaces_.end()) known->second.names[if_index] = {name, 0};
}

void NamespaceRegistry::SetGone(uint32_t id, uint32_t if_index) {
  absl::MutexLock lock(&mutex_);
  const auto known = namespaces_.find(id);
  if (known == namespaces_.end()) return;
  const auto name = known->second.names.find(if_index);
  if (name == known->second.names.end()) return;
  Depart(id, if_index);
  name->second.gone = last_departure_;
  if (departures_.size() <= kMostGone) return;
  for (auto oldest = departures_.begin(); oldest != departures_.end(); ++oldest) {
    if (oldest->if_index == 0) continue;  // its id must not be reused
    Forget(*oldest);
    departures_.erase(oldest);
    return;
  }
}

void NamespaceRegistry::Depart(uint32_t id, uint32_t if_index) {
  departures_.push_back({++last_departure_, reads_, id, if_index});
}

void NamespaceRegistry::Forget(const Departure& departure) {
  if (departure.if_index == 0) {
    namespaces_.erase(departure.id);
    return;
  }
  const auto known = namespaces_.find(departure.id);
  if (known == namespaces_.end()) return;
  const auto name = known->second.names.find(departure.if_index);
  // The index may belong to another interface by now.
  const bool still = name != known->second.names.end() && name->second.gone == departure.number;
  if (still) known->second.names.erase(name);
}

void NamespaceRegistry::OnRead() {
  absl::MutexLock lock(&mutex_);
  ++reads_;
  while (!departures_.empty() && departures_.front().reads + kReadsToWait <= reads_) {
    Forget(departures_.front());
    departures_.pop_front();
  }
}

void NamespaceRegistry::Describe(uint32_t id, Record* record) const {
  absl::MutexLock lock(&mutex_);
  const auto known = namespaces_.find(id);
  if (known == namespaces_.end()) return;
  record->network_namespace = known->second.inode;
  record->present |= WEIR_HAS_NETWORK_NAMESPACE;
  const auto name = known->second.names.find(record->if_index);
  if (name != known->second.names.end()) SetInterfaceName(name->second.text, record);
}

size_t NamespaceRegistry::size() const {
  absl::MutexLock lock(&mutex_);
  return namespaces_.size();
}

}  // namespace weir::ebpf
