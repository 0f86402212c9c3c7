// SPDX-License-Identifier: Apache-2.0
// What became of a stage's records. For every stage
//   received = emitted + merged + filtered + dropped + held
// holds whenever nothing is in the middle of a call, so that no loss is silent.
#ifndef WEIR_CORE_TELEMETRY_STAGE_COUNTERS_H_
#define WEIR_CORE_TELEMETRY_STAGE_COUNTERS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace weir::telemetry {

// The counters of one stage at one time, in records.
struct Balance {
  uint64_t received = 0;
  uint64_t emitted = 0;  // handed on; by a sink: delivered
  uint64_t merged = 0;   // absorbed into a record that was held already
  uint64_t filtered = 0;
  uint64_t held = 0;
  std::map<std::string, uint64_t> dropped;  // by reason

  uint64_t DroppedTotal() const;
  // What the stage has not told of: 0 if the law holds, negative if it told of more
  // than it received.
  int64_t Unaccounted() const;
};

// Thread-safe; every counter is exact, a snapshot of several is not one instant.
class StageCounters {
 public:
  void AddReceived(uint64_t records) { received_ += records; }
  void AddEmitted(uint64_t records) { emitted_ += records; }
  void AddMerged(uint64_t records) { merged_ += records; }
  void AddFiltered(uint64_t records) { filtered_ += records; }
  void SetHeld(uint64_t records) { held_ = records; }
  void AddDropped(std::string_view reason, uint64_t records);

  // Counts whatever is unaccounted for as dropped. For a stage that failed in the
  // middle of a call and will get no other.
  void DropUnaccounted(std::string_view reason);
  // The same for what it holds and will never hand on.
  void DropHeld(std::string_view reason);

  Balance Snapshot() const;

 private:
  std::atomic<uint64_t> received_{0};
  std::atomic<uint64_t> emitted_{0};
  std::atomic<uint64_t> merged_{0};
  std::atomic<uint64_t> filtered_{0};
  std::atomic<uint64_t> held_{0};
  mutable absl::Mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> dropped_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::telemetry

#endif  // WEIR_CORE_TELEMETRY_STAGE_COUNTERS_H_
