// SPDX-License-Identifier: Apache-2.0
// Counts the outcomes of a stage's records. Whenever no call of the stage is running,
//   received = emitted + merged + filtered + dropped + held
// holds, so that no loss is silent.
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

// The counters of one stage, in records.
struct Balance {
  uint64_t received = 0;
  uint64_t emitted = 0;  // passed on; by a sink: delivered
  uint64_t merged = 0;   // absorbed into a record that the stage held
  uint64_t filtered = 0;
  uint64_t held = 0;
  std::map<std::string, uint64_t> dropped;  // by reason

  uint64_t DroppedTotal() const;
  // Returns received minus the rest: 0 if the law holds, negative if the stage accounted
  // for more records than it received.
  int64_t Unaccounted() const;
  // Moves the held and the unaccounted records to the dropped ones.
  void DropRest(const std::string& reason);
};

// Thread-safe. Every counter is exact. A snapshot sees each of the functions Drop* and AddDropped
// wholly or not at all; of a call of the stage that runs at the same time, it may see a part.
class StageCounters {
 public:
  void AddReceived(uint64_t records) { received_ += records; }
  void AddEmitted(uint64_t records) { emitted_ += records; }
  void AddMerged(uint64_t records) { merged_ += records; }
  void AddFiltered(uint64_t records) { filtered_ += records; }
  void SetHeld(uint64_t records) { held_ = records; }
  void AddDropped(std::string_view reason, uint64_t records);
  // Counts records that the stage does not get as received and dropped.
  void DropInput(std::string_view reason, uint64_t records);

  // Counts the unaccounted records as dropped. For a stage that failed during a call and
  // will not be called again.
  void DropUnaccounted(std::string_view reason);
  // Counts the held records as dropped. For a stage that will never emit them.
  void DropHeld(std::string_view reason);

  Balance Snapshot() const;

 private:
  void AddDroppedLocked(std::string_view reason, uint64_t records)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Balance SnapshotLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

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
