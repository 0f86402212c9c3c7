// SPDX-License-Identifier: Apache-2.0
// The transform `accounter`: merges the records of a flow into one.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_
#define WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/record/batch.h"
#include "core/record/record.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "transforms/accounter/accounter.pb.h"
#include "transforms/accounter/accounter_metrics.h"
#include "transforms/accounter/accounter_settings.h"
#include "transforms/accounter/flow_key.h"
#include "transforms/accounter/flow_table.h"
#include "transforms/accounter/timer_wheel.h"

namespace weir::transforms {

// Holds at most max_entries flows, plus the flows of an evicted table that are being emitted. Each
// record that comes in emits only a few of them, so that no record waits for a whole table, and all
// are emitted before the next table is full. Emitted records have no feature blocks, because there
// is no rule for merging them.
//
// Called by one thread at a time, as the host does.
class AccounterTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  // The most evicted rows that one call emits: per record that comes in, and in a tick.
  static constexpr size_t kRowsPerRecord = 4;
  static constexpr size_t kRowsPerTick = 65536;

  static sdk::Result<std::unique_ptr<AccounterTransform>> Create(const Accounter& config,
                                                                 sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Process(const BatchView& batch) override;
  uint64_t TickIntervalNs() const override { return settings_.TickIntervalNs(); }
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  sdk::Status Flush() override;

  // The memory of flows in bytes: held, and kept for later flows.
  size_t bytes() const;

 private:
  // Records that are looked up together: as many as the processor can fetch memory for.
  static constexpr uint32_t kGroup = 32;

  struct Deadline {
    uint64_t at_ns;
    EvictionCause cause;
  };

  AccounterTransform(const AccounterSettings& settings, sdk::Stage stage);

  // Processes `records` records from `first`. Adds the records that it took to `taken`, and of
  // these, the records of known flows to `merged`.
  sdk::Status ProcessGroup(const BatchView& batch, uint32_t first, uint32_t records,
                           uint32_t* taken, uint64_t* merged);
  // Takes one record. On an error the record was not taken.
  sdk::Status Account(const Record& record, uint64_t hash, uint64_t* merged);
  sdk::Status Begin(const Record& record, uint64_t hash);
  // Takes a record whose flow is due: evicts the flow and begins a new one.
  sdk::Status Restart(const Record& record, uint32_t number, EvictionCause cause);

  // Advance the clock if `now_ns` is later, and evict the flows that are due.
  sdk::Status GoByTheRecords(const Record& record);
  sdk::Status AdvanceTo(uint64_t now_ns);
  sdk::Status EvictIfTimeout();
  // Evicts flows that are due, at most `most`.
  sdk::Status Expire(size_t most);
  Deadline DeadlineOf(const FlowEntry& entry) const;

  // Removes all flows from the table. They are emitted from then on, the first ones at once.
  sdk::Status EvictAll(EvictionCause cause);
  // Emits at most `most` of these flows.
  sdk::Status HandOver(size_t most);
  sdk::Status HandOverAll() { return HandOver(retired_->size()); }
  // Evicts one flow.
  sdk::Status Evict(uint32_t number, EvictionCause cause);
  // Writes a flow to the current batch, and returns its row, which is valid until the next call.
  // Null: it was not written; the writer's status says why.
  const Record* Write(const FlowTable& table, uint32_t number, EvictionCause cause);

  // Ends a call of the host: emits the written rows, and reports what is held.
  sdk::Status Finish(const sdk::Status& status);

  const AccounterSettings settings_;
  const bool has_timeouts_;
  const bool goes_by_time_;     // the effect of a record depends on when it comes
  const bool sets_end_reason_;  // also for a flow whose records have no reason
  const sdk::Stage stage_;
  const FlowHash hash_ = FlowHash::Random();
  AccounterMetrics metrics_;
  FlowTableMemory memory_;
  std::unique_ptr<FlowTable> table_;
  // The evicted flows that were not emitted yet, and why they were evicted.
  std::unique_ptr<FlowTable> retired_;
  EvictionCause retired_cause_ = EvictionCause::kFlush;
  uint64_t evictions_ = 0;  // how often flows were removed from table_
  sdk::BatchWriter writer_;

  // On the clock of the settings; 0 until it is known.
  uint64_t now_ns_ = 0;
  bool records_clock_is_known_ = false;  // a record with a wall time has come
  uint64_t next_eviction_ns_ = 0;
  uint64_t next_expiry_ns_ = 0;
  std::optional<TimerWheel> wheel_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_H_
