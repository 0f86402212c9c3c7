// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/accounter.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/record/constants.h"
#include "plugins/sdk/diagnosis.h"

namespace weir::transforms {
namespace {

// Times in entries are modulo this; see FlowEntry.
constexpr uint64_t kTimeMask = (uint64_t{1} << 48) - 1;
// Twice the longest timeout, and much less than that.
constexpr uint64_t kLongestStepNs = uint64_t{48} * 3600 * 1'000'000'000;

// The most memory of a held flow, unless its record has rare values.
constexpr uint64_t kFlowBytes = 160;

// True for a TCP flow with a FIN or RST, and for a record whose source reported the end.
bool HasDetectedEnd(const Record& record) {
  constexpr uint16_t kFinOrRst = 0x01 | 0x04;
  return (record.tcp_flags & kFinOrRst) != 0 ||
         record.flow_end_reason == static_cast<uint8_t>(FlowEndReason::kEndOfFlowDetected);
}

// Why the flow ended here. The reasons of its records no longer apply, because the records were
// merged.
FlowEndReason EndReasonOf(EvictionCause cause, const Record& record) {
  switch (cause) {
    case EvictionCause::kTableFull:
      return FlowEndReason::kLackOfResources;
    case EvictionCause::kFlush:
      return FlowEndReason::kForcedEnd;
    case EvictionCause::kIdle:
    case EvictionCause::kActive:
    case EvictionCause::kEvictTimeout:
      break;
  }
  if (HasDetectedEnd(record)) return FlowEndReason::kEndOfFlowDetected;
  return cause == EvictionCause::kIdle ? FlowEndReason::kIdleTimeout
                                       : FlowEndReason::kActiveTimeout;
}

}  // namespace

sdk::Result<std::unique_ptr<AccounterTransform>> AccounterTransform::Create(const Accounter& config,
                                                                            sdk::Stage stage) {
  sdk::Result<AccounterSettings> settings = AccounterSettings::Of(config);
  if (!settings.ok()) return settings.status();
  return std::unique_ptr<AccounterTransform>(new AccounterTransform(*settings, std::move(stage)));
}

AccounterTransform::AccounterTransform(const AccounterSettings& settings, sdk::Stage stage)
    : settings_(settings),
      has_timeouts_(settings.HasTimeouts()),
      goes_by_time_(settings.HasTimeouts() || settings.by_records),
      sets_end_reason_(settings.HasTimeouts() || settings.oldest_first),
      stage_(std::move(stage)),
      metrics_(stage_, settings.max_entries),
      table_(std::make_unique<FlowTable>(&memory_)),
      retired_(std::make_unique<FlowTable>(&memory_)),
      writer_(&stage_, settings.batch_records) {
  if (has_timeouts_) wheel_.emplace(settings.ShorterTimeoutNs());
  // The host counts ticks from the start; so do evictions.
  if (!settings.by_records) next_eviction_ns_ = stage_.MonotonicNs() + settings.evict_timeout_ns;
}

size_t AccounterTransform::bytes() const {
  return memory_.bytes() + table_->bytes() + retired_->bytes() + (wheel_ ? wheel_->bytes() : 0);
}

sdk::Status AccounterTransform::Diagnose(const sdk::Findings& findings) {
  findings.Add(sdk::TableMemory("max_entries", settings_.max_entries, kFlowBytes));
  return sdk::OkStatus();
}

sdk::Status AccounterTransform::Process(const BatchView& batch) {
  sdk::Status status;
  if (has_timeouts_ && !settings_.by_records) status = AdvanceTo(stage_.MonotonicNs());
  uint64_t merged = 0;
  uint32_t taken = 0;
  for (uint32_t first = 0; first < batch.size() && status.ok(); first += kGroup) {
    status = ProcessGroup(batch, first, std::min(kGroup, batch.size() - first), &taken, &merged);
  }
  status = Finish(status);
  stage_.CountMerged(merged);
  const char* const reason =
      status.code() == WEIR_RESOURCE_EXHAUSTED ? "no_memory" : "pipeline_ended";
  stage_.CountDropped(reason, batch.size() - taken);
  return status;
}

sdk::Status AccounterTransform::ProcessGroup(const BatchView& batch, uint32_t first,
                                             uint32_t records, uint32_t* taken, uint64_t* merged) {
  std::array<uint64_t, kGroup> hashes;
  std::array<uint32_t, kGroup> guesses;
  for (uint32_t i = 0; i < records; ++i) {
    hashes[i] = hash_(batch[first + i]);
    table_->PrefetchIndex(hashes[i]);
  }
  for (uint32_t i = 0; i < records; ++i) guesses[i] = table_->PrefetchEntry(hashes[i]);
  const uint64_t evictions = evictions_;
  for (uint32_t i = 0; i < records; ++i, ++*taken) {
    const Record& record = batch[first + i];
    const bool guessed = evictions == evictions_ && table_->IsFlowOf(guesses[i], record);
    if (guessed && !goes_by_time_) {
      table_->Accumulate(record, guesses[i]);
      ++*merged;
    } else if (sdk::Status status = Account(record, hashes[i], merged); !status.ok()) {
      return status;
    }
  }
  return retired_->size() == 0 ? sdk::OkStatus() : HandOver(kRowsPerRecord * records);
}

sdk::Status AccounterTransform::Account(const Record& record, uint64_t hash, uint64_t* merged) {
  if (settings_.by_records) {
    if (sdk::Status status = GoByTheRecords(record); !status.ok()) return status;
  }
  const uint32_t number = table_->Find(record, hash);
  if (number == FlowTable::kNone) return Begin(record, hash);
  if (has_timeouts_) {
    const Deadline deadline = DeadlineOf(table_->entries()[number]);
    if (deadline.at_ns <= now_ns_) return Restart(record, number, deadline.cause);
    table_->entries()[number].last_seen_ns = now_ns_ & kTimeMask;
  }
  table_->Accumulate(record, number);
  ++*merged;
  return sdk::OkStatus();
}

sdk::Status AccounterTransform::Restart(const Record& record, uint32_t number,
                                        EvictionCause cause) {
  if (Write(*table_, number, cause) == nullptr) return writer_.status();
  metrics_.CountEvicted(cause, 1);
  table_->Restart(record, number);
  // The wheel has not reached the entry yet, and will move it to the right bucket.
  FlowEntry& entry = table_->entries()[number];
  entry.held_since_ns = now_ns_ & kTimeMask;
  entry.last_seen_ns = now_ns_ & kTimeMask;
  return sdk::OkStatus();
}

sdk::Status AccounterTransform::Begin(const Record& record, uint64_t hash) {
  // Only a new flow needs room. With ALL, all flows are evicted, not just one.
  if (table_->size() >= settings_.max_entries) {
    metrics_.NoteFlows(table_->size() + retired_->size());
    sdk::Status status = settings_.oldest_first ? Evict(table_->oldest(), EvictionCause::kTableFull)
                                                : EvictAll(EvictionCause::kTableFull);
    if (!status.ok()) return status;
  }
  if (has_timeouts_ && table_->size() == 0) wheel_->Reset(now_ns_);
  const uint32_t number = table_->Add(record, hash);
  if (number == FlowTable::kNone) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a flow"};
  if (!has_timeouts_) return sdk::OkStatus();
  FlowEntry& entry = table_->entries()[number];
  entry.held_since_ns = now_ns_ & kTimeMask;
  entry.last_seen_ns = now_ns_ & kTimeMask;
  wheel_->Arm(&table_->entries(), number, now_ns_ + settings_.ShorterTimeoutNs());
  return sdk::OkStatus();
}

sdk::Status AccounterTransform::GoByTheRecords(const Record& record) {
  if (!HasWallTime(record)) return sdk::OkStatus();
  const auto now_ns = static_cast<uint64_t>(std::max<int64_t>(record.end_wall_time_ns, 0));
  if (records_clock_is_known_ && now_ns <= now_ns_) return sdk::OkStatus();
  if (!records_clock_is_known_) next_eviction_ns_ = now_ns + settings_.evict_timeout_ns;
  records_clock_is_known_ = true;
  if (sdk::Status status = AdvanceTo(now_ns); !status.ok()) return status;
  if (sdk::Status status = EvictIfTimeout(); !status.ok()) return status;
  if (!has_timeouts_ || now_ns_ < next_expiry_ns_) return sdk::OkStatus();
  next_expiry_ns_ = now_ns_ + settings_.LatenessNs();
  return Expire(kRowsPerTick);
}

sdk::Status AccounterTransform::AdvanceTo(uint64_t now_ns) {
  const uint64_t step_ns = now_ns > now_ns_ ? now_ns - now_ns_ : 0;
  now_ns_ += step_ns;
  // The entries could not represent such a long time; all of them are due.
  if (step_ns < kLongestStepNs || !has_timeouts_) return sdk::OkStatus();
  return EvictAll(settings_.ShorterTimeoutNs() == settings_.idle_timeout_ns
                      ? EvictionCause::kIdle
                      : EvictionCause::kActive);
}

sdk::Status AccounterTransform::EvictIfTimeout() {
  const uint64_t timeout_ns = settings_.evict_timeout_ns;
  if (timeout_ns == 0 || now_ns_ < next_eviction_ns_) return sdk::OkStatus();
  next_eviction_ns_ += ((now_ns_ - next_eviction_ns_) / timeout_ns + 1) * timeout_ns;
  return EvictAll(EvictionCause::kEvictTimeout);
}

sdk::Status AccounterTransform::Tick(uint64_t monotonic_now_ns) {
  sdk::Status status;
  if (settings_.EachTickEvictsAll()) {
    status = EvictAll(EvictionCause::kEvictTimeout);
  } else if (!settings_.by_records) {
    status = AdvanceTo(monotonic_now_ns);
    if (status.ok()) status = EvictIfTimeout();
  }
  if (status.ok() && has_timeouts_) status = Expire(kRowsPerTick);
  if (status.ok()) status = HandOver(kRowsPerTick);
  return Finish(status);
}

sdk::Status AccounterTransform::Flush() {
  sdk::Status status = EvictAll(EvictionCause::kFlush);
  if (status.ok()) status = HandOverAll();
  return Finish(status);
}

AccounterTransform::Deadline AccounterTransform::DeadlineOf(const FlowEntry& entry) const {
  const auto deadline = [this](uint64_t since_ns, uint64_t timeout_ns) {
    const uint64_t age_ns = (now_ns_ - since_ns) & kTimeMask;
    return timeout_ns == 0 ? std::numeric_limits<uint64_t>::max() : now_ns_ - age_ns + timeout_ns;
  };
  const uint64_t active_ns = deadline(entry.held_since_ns, settings_.active_timeout_ns);
  const uint64_t idle_ns = deadline(entry.last_seen_ns, settings_.idle_timeout_ns);
  if (active_ns < idle_ns) return {active_ns, EvictionCause::kActive};
  return {idle_ns, EvictionCause::kIdle};
}

sdk::Status AccounterTransform::Expire(size_t most) {
  metrics_.NoteFlows(table_->size() + retired_->size());
  sdk::Status status;
  wheel_->Expire(
      &table_->entries(), now_ns_,
      [this](uint32_t number) { return DeadlineOf(table_->entries()[number]).at_ns; },
      [&](uint32_t number) {
        if (most == 0) return false;
        --most;
        status = Evict(number, DeadlineOf(table_->entries()[number]).cause);
        return status.ok();
      });
  return status;
}

sdk::Status AccounterTransform::Evict(uint32_t number, EvictionCause cause) {
  const Record* const row = Write(*table_, number, cause);
  if (row == nullptr) return writer_.status();
  // The row is emitted from here on, or counted as dropped by the host.
  ++evictions_;
  if (has_timeouts_) wheel_->Cancel(&table_->entries(), number);
  table_->Remove(number, hash_(*row));
  metrics_.CountEvicted(cause, 1);
  return sdk::OkStatus();
}

sdk::Status AccounterTransform::EvictAll(EvictionCause cause) {
  if (sdk::Status status = HandOverAll(); !status.ok()) return status;
  if (table_->size() == 0) return sdk::OkStatus();
  metrics_.NoteFlows(table_->size());
  metrics_.CountEvicted(cause, table_->size());
  memory_.chunks.Keep(table_->chunks());
  memory_.segments.Keep(table_->segments());
  ++evictions_;
  table_.swap(retired_);
  retired_->Retire();
  retired_cause_ = cause;
  if (has_timeouts_) wheel_->Reset(now_ns_);
  return HandOver(retired_->size() <= AccounterSettings::kFlowsAtOnce ? retired_->size()
                                                                      : settings_.batch_records);
}

sdk::Status AccounterTransform::HandOver(size_t most) {
  if (retired_->size() == 0) return sdk::OkStatus();
  for (; most > 0 && retired_->size() > 0; --most) {
    if (Write(*retired_, retired_->oldest(), retired_cause_) == nullptr) return writer_.status();
    retired_->RemoveOldest();
  }
  return retired_->size() == 0 ? writer_.Flush() : sdk::OkStatus();
}

const Record* AccounterTransform::Write(const FlowTable& table, uint32_t number,
                                        EvictionCause cause) {
  Record* const row = writer_.Add();
  if (row == nullptr) return nullptr;
  table.Get(number, row);
  if (sets_end_reason_ || (row->present & WEIR_HAS_FLOW_END_REASON) != 0) {
    row->flow_end_reason = static_cast<uint8_t>(EndReasonOf(cause, *row));
    row->present |= WEIR_HAS_FLOW_END_REASON;
  }
  return row;
}

sdk::Status AccounterTransform::Finish(const sdk::Status& status) {
  sdk::Status finished = status;
  // Rows wait for more rows only if more will come.
  if (retired_->size() == 0 || !status.ok()) {
    if (sdk::Status flushed = writer_.Flush(); finished.ok()) finished = flushed;
  }
  const size_t flows = table_->size() + retired_->size();
  stage_.SetHeld(flows + writer_.pending());
  metrics_.Set(flows, bytes());
  if (flows == 0) memory_.labels.Clear();
  return finished;
}

}  // namespace weir::transforms
