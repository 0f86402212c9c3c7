// SPDX-License-Identifier: Apache-2.0
// The transform `accounter`: joins records of the same flow into one.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_
#define WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "transforms/accounter/accounter.pb.h"
#include "transforms/accounter/accounter_metrics.h"
#include "transforms/accounter/accounter_settings.h"
#include "transforms/accounter/flow_key.h"
#include "transforms/accounter/flow_table.h"
#include "transforms/accounter/timer_wheel.h"

namespace weir::transforms {

// Holds at most max_entries flows, and those of a table that was evicted and is being
// handed over: so many rows for each record that comes in that no record waits for a whole
// table, and that it is done before the next is full. What goes on has no feature blocks:
// they have no rule yet by which two would become one.
//
// Called by one thread at a time, as the host does.
class AccounterTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  // Rows that one call hands over at most: for each record that comes in, and beside
  // these; and in a tick.
  static constexpr size_t kRowsPerRecord = 4;
  static constexpr size_t kRowsPerTick = 65536;

  static sdk::Result<std::unique_ptr<AccounterTransform>> Create(const Accounter& config,
                                                                 sdk::Stage stage);

  sdk::Status Process(const BatchView& batch) override;
  uint64_t TickIntervalNs() const override { return settings_.TickIntervalNs(); }
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  sdk::Status Flush() override;

  // Memory of flows, in bytes: held, or kept for others to come.
  size_t bytes() const;

 private:
  // Records looked up at once: as many as the processor can fetch memory for.
  static constexpr uint32_t kGroup = 32;

  struct Deadline {
    uint64_t at_ns;
    EvictionCause cause;
  };

  AccounterTransform(const AccounterSettings& settings, sdk::Stage stage);

  // Takes in so many records from `first` on; counts those that it took in `taken`, and of
  // these in `merged` those whose flow was there already.
  sdk::Status ProcessGroup(const BatchView& batch, uint32_t first, uint32_t records,
                           uint32_t* taken, uint64_t* merged);
  // Takes one record in. If it fails, the record was not taken.
  sdk::Status Account(const Record& record, uint64_t hash, uint64_t* merged);
  sdk::Status Begin(const Record& record, uint64_t hash);
  // Takes in a record whose flow is due: that one goes on, and another begins.
  sdk::Status Restart(const Record& record, uint32_t number, EvictionCause cause);

  // Time goes on, if `now_ns` is later: flows of which the time has come go on.
  sdk::Status GoByTheRecords(const Record& record);
  sdk::Status AdvanceTo(uint64_t now_ns);
  sdk::Status EvictIfTimeout();
  // Evicts flows that are due, `most` of them at most.
  sdk::Status Expire(size_t most);
  Deadline DeadlineOf(const FlowEntry& entry) const;

  // Takes all flows out of the table; they go on from then on, the first of them at once.
  sdk::Status EvictAll(EvictionCause cause);
  // Hands over `most` flows of those at most.
  sdk::Status HandOver(size_t most);
  sdk::Status HandOverAll() { return HandOver(retired_->size()); }
  // Evicts one flow.
  sdk::Status Evict(uint32_t number, EvictionCause cause);
  // Writes a flow to the batch that is being filled, and returns its row, which is valid until
  // the next. Null: it was not written, and the writer's status says why.
  const Record* Write(const FlowTable& table, uint32_t number, EvictionCause cause);

  // Ends a call of the host: hands over what was written, and tells what is held.
  sdk::Status Finish(const sdk::Status& status);

  const AccounterSettings settings_;
  const bool has_timeouts_;
  const bool goes_by_time_;     // what a record does depends on when it comes
  const bool sets_end_reason_;  // also for a flow whose records have none
  const sdk::Stage stage_;
  const FlowHash hash_ = FlowHash::Random();
  AccounterMetrics metrics_;
  FlowTableMemory memory_;
  std::unique_ptr<FlowTable> table_;
  // Evicted and not handed over yet; and why.
  std::unique_ptr<FlowTable> retired_;
  EvictionCause retired_cause_ = EvictionCause::kFlush;
  uint64_t evictions_ = 0;  // how often flows were removed from table_
  sdk::BatchWriter writer_;

  // Of the clock that the settings name; 0 before it is known.
  uint64_t now_ns_ = 0;
  bool records_clock_is_known_ = false;  // a record came that has a wall time
  uint64_t next_eviction_ns_ = 0;
  uint64_t next_expiry_ns_ = 0;
  std::optional<TimerWheel> wheel_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_
