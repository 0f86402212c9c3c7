// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/stage_counters.h"

namespace weir::telemetry {

uint64_t Balance::DroppedTotal() const {
  uint64_t total = 0;
  for (const auto& [reason, records] : dropped) total += records;
  return total;
}

int64_t Balance::Unaccounted() const {
  return static_cast<int64_t>(received - emitted - merged - filtered - held - DroppedTotal());
}

void Balance::DropRest(const std::string& reason) {
  const int64_t missing = Unaccounted();
  const uint64_t rest = held + (missing > 0 ? static_cast<uint64_t>(missing) : 0);
  held = 0;
  if (rest > 0) dropped[reason] += rest;
}

void StageCounters::AddDropped(std::string_view reason, uint64_t records) {
  if (records == 0) return;
  absl::MutexLock lock(&mutex_);
  AddDroppedLocked(reason, records);
}

void StageCounters::DropInput(std::string_view reason, uint64_t records) {
  absl::MutexLock lock(&mutex_);
  AddReceived(records);
  AddDroppedLocked(reason, records);
}

void StageCounters::DropUnaccounted(std::string_view reason) {
  absl::MutexLock lock(&mutex_);
  const int64_t missing = SnapshotLocked().Unaccounted();
  if (missing > 0) AddDroppedLocked(reason, static_cast<uint64_t>(missing));
}

void StageCounters::DropHeld(std::string_view reason) {
  absl::MutexLock lock(&mutex_);
  AddDroppedLocked(reason, held_.exchange(0));
}

Balance StageCounters::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return SnapshotLocked();
}

void StageCounters::AddDroppedLocked(std::string_view reason, uint64_t records) {
  if (records == 0) return;
  const auto found = dropped_.find(reason);
  if (found != dropped_.end()) {
    found->second += records;
  } else {
    dropped_.emplace(std::string(reason), records);
  }
}

Balance StageCounters::SnapshotLocked() const {
  Balance balance;
  balance.received = received_;
  balance.emitted = emitted_;
  balance.merged = merged_;
  balance.filtered = filtered_;
  balance.held = held_;
  balance.dropped.insert(dropped_.begin(), dropped_.end());
  return balance;
}

}  // namespace weir::telemetry
