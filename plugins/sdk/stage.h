// SPDX-License-Identifier: Apache-2.0
// The host as a stage sees it: log, clocks, counts, metrics, and emitting batches.
#ifndef WEIR_PLUGINS_SDK_STAGE_H_
#define WEIR_PLUGINS_SDK_STAGE_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "core/record/record.h"
#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// Borrows `text`.
inline weir_string ToAbi(std::string_view text) { return {text.data(), text.size()}; }

// A counter or gauge of the host. A handle that is cheap to copy. Thread-safe.
class Metric {
 public:
  Metric() = default;
  Metric(const weir_host* host, weir_metric* metric) : host_(host), metric_(metric) {}
  // Counters only grow: `delta` is then not negative.
  void Add(int64_t delta) { host_->metric_add(metric_, delta); }
  void Set(int64_t value) { host_->metric_set(metric_, value); }

 private:
  const weir_host* host_ = nullptr;
  weir_metric* metric_ = nullptr;
};

// The host as one stage sees it. A handle that is cheap to copy, valid until the stage is
// destroyed. Thread-safe, except Emit, Settle and Shared.
class Stage {
 public:
  Stage(const weir_host* host, weir_stage* stage, std::string name)
      : host_(host), stage_(stage), name_(std::move(name)) {}

  // The name of the stage in the pipeline file.
  const std::string& name() const { return name_; }

  // Writes one log line: a sentence, without the name of the stage, which the host adds.
  void Log(weir_severity severity, std::string_view message, const char* file = __builtin_FILE(),
           int line = __builtin_LINE()) const {
    host_->log(stage_, severity, file, line, ToAbi(message));
  }

  // CLOCK_MONOTONIC and CLOCK_REALTIME in ns. Use these and not the system's: tests set them.
  uint64_t MonotonicNs() const { return host_->clock_monotonic_ns(stage_); }
  int64_t WallNs() const { return host_->clock_wall_ns(stage_); }
  // Both clocks at one instant.
  ClockPair Clocks() const {
    const uint64_t before = MonotonicNs();
    const int64_t wall = WallNs();
    return {wall, before + (MonotonicNs() - before) / 2};
  }

  // Count records; see weir_count. `reason` is a snake_case word. SetHeld sets its count, the
  // others add.
  void CountReceived(uint64_t records) const { Count(WEIR_COUNT_RECEIVED, nullptr, records); }
  void CountDelivered(uint64_t records) const { Count(WEIR_COUNT_DELIVERED, nullptr, records); }
  void CountMerged(uint64_t records) const { Count(WEIR_COUNT_MERGED, nullptr, records); }
  void CountFiltered(uint64_t records) const { Count(WEIR_COUNT_FILTERED, nullptr, records); }
  void CountDropped(const char* reason, uint64_t records) const {
    Count(WEIR_COUNT_DROPPED, reason, records);
  }
  void SetHeld(uint64_t records) const { Count(WEIR_COUNT_HELD, nullptr, records); }

  // Hands a batch of one or more rows to the consumers and takes the caller's reference, also if it
  // fails; see weir_host.emit. Only inside Run, Process, Tick and Flush, on their thread.
  Status Emit(weir_batch* batch) const {
    const weir_code code = host_->emit(stage_, batch);
    if (code == WEIR_OK) return OkStatus();
    return {code, "the pipeline takes no more records"};
  }

  // Waits for the delivery of all that a source has emitted; see weir_host.settle. Only inside Run,
  // on its thread.
  Status WaitForDelivery() const {
    if (!WEIR_HAS_FIELD(weir_host, host_, settle)) {
      return {WEIR_UNIMPLEMENTED,
              "this weir cannot wait for delivery: its plugin interface is version " +
                  std::to_string(host_->abi_major) + "." + std::to_string(host_->abi_minor) +
                  ", 1.2 is needed"};
    }
    const weir_code code = host_->settle(stage_);
    if (code == WEIR_OK) return OkStatus();
    return {code, "records were dropped before delivery"};
  }

  // Asks for an orderly end of the program with exit code 0. Returns at once.
  void RequestStop(std::string_view why) const { host_->request_stop(stage_, ToAbi(why)); }

  // Return the metric `name` (snake_case, weir_<what>_total for a counter) with the label `stage`
  // and, if not null, the label `reason`. `help` is a sentence.
  Metric Counter(const char* name, const char* help, const char* reason = nullptr) const {
    return {host_, host_->metric(stage_, WEIR_METRIC_COUNTER, name, reason, help)};
  }
  Metric Gauge(const char* name, const char* help, const char* reason = nullptr) const {
    return {host_, host_->metric(stage_, WEIR_METRIC_GAUGE, name, reason, help)};
  }

  // Returns the T that the stages of this plugin in this pipeline share under `name`. The first
  // call makes it; the host destroys it after the last of these stages. Returns null if memory is
  // short. Control thread only.
  template <typename T>
  T* Shared(const char* name) const {
    return static_cast<T*>(host_->shared(
        stage_, name, []() -> void* { return new (std::nothrow) T(); },
        [](void* object) { delete static_cast<T*>(object); }));
  }

  const weir_host* host() const { return host_; }
  weir_stage* raw() const { return stage_; }

 private:
  void Count(weir_count what, const char* reason, uint64_t records) const {
    if (records > 0 || what == WEIR_COUNT_HELD) host_->count(stage_, what, reason, records);
  }

  const weir_host* host_;
  weir_stage* stage_;
  std::string name_;
};

// Collects records into batches and emits each full batch; Flush emits the rest. Only inside Run,
// Process, Tick and Flush, on their thread. The destructor discards records that were not flushed:
// they do not count as emitted.
class BatchWriter {
 public:
  static constexpr uint32_t kDefaultRows = 256;

  explicit BatchWriter(const Stage* stage, uint32_t rows_per_batch = kDefaultRows)
      : stage_(stage), rows_per_batch_(rows_per_batch) {}
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;
  ~BatchWriter() {
    if (batch_ != nullptr) stage_->host()->batch_release(batch_);
  }

  // Returns a zeroed row to fill in, valid until the next call. Returns null if no batch could be
  // allocated or the full one not be emitted; status() is then the error.
  Record* Add() {
    const bool has_room = batch_ != nullptr && batch_->size < batch_->capacity;
    if (__builtin_expect(!has_room, 0) && !Begin()) return nullptr;
    return reinterpret_cast<Record*>(batch_->rows + size_t{batch_->size++} * batch_->stride);
  }

  // Adds a copy of `record`.
  Status Append(const Record& record) {
    Record* const row = Add();
    if (row == nullptr) return status_;
    *row = record;
    return OkStatus();
  }

  // Emits the collected records, if there are any.
  Status Flush() {
    if (batch_ == nullptr) return OkStatus();
    Status status = stage_->Emit(std::exchange(batch_, nullptr));
    if (!status.ok()) status_ = status;
    return status;
  }

  // The number of collected records.
  uint32_t pending() const { return batch_ == nullptr ? 0 : batch_->size; }
  // The last error.
  const Status& status() const { return status_; }

 private:
  // Emits the collected records and begins a batch. Returns false if that fails. Not inline, so
  // that the code for each row stays small.
  [[gnu::noinline]] bool Begin() {
    if (!Flush().ok()) return false;
    batch_ = stage_->host()->batch_allocate(stage_->raw(), rows_per_batch_, nullptr);
    if (batch_ == nullptr) status_ = Status(WEIR_RESOURCE_EXHAUSTED, "no memory for a batch");
    return batch_ != nullptr;
  }

  const Stage* const stage_;
  const uint32_t rows_per_batch_;
  weir_batch* batch_ = nullptr;
  Status status_;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_STAGE_H_
