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

void StageCounters::AddDropped(std::string_view reason, uint64_t records) {
  if (records == 0) return;
  absl::MutexLock lock(&mutex_);
  const auto found = dropped_.find(reason);
  if (found != dropped_.end()) {
    found->second += records;
  } else {
    dropped_.emplace(std::string(reason), records);
  }
}

void StageCounters::DropUnaccounted(std::string_view reason) {
  const int64_t missing = Snapshot().Unaccounted();
  if (missing > 0) AddDropped(reason, static_cast<uint64_t>(missing));
}

void StageCounters::DropHeld(std::string_view reason) { AddDropped(reason, held_.exchange(0)); }

Balance StageCounters::Snapshot() const {
  Balance balance;
  balance.received = received_;
  balance.emitted = emitted_;
  balance.merged = merged_;
  balance.filtered = filtered_;
  balance.held = held_;
  absl::MutexLock lock(&mutex_);
  balance.dropped.insert(dropped_.begin(), dropped_.end());
  return balance;
}

}  // namespace weir::telemetry
