// SPDX-License-Identifier: Apache-2.0
// What a stage may ask of its host, and the batches it emits.
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

inline weir_string ToAbi(std::string_view text) { return {text.data(), text.size()}; }

// A counter or gauge of the host; copied freely. Thread-safe.
class Metric {
 public:
  Metric() = default;
  Metric(const weir_host* host, weir_metric* metric) : host_(host), metric_(metric) {}
  void Add(int64_t delta) { host_->metric_add(metric_, delta); }
  void Set(int64_t value) { host_->metric_set(metric_, value); }

 private:
  const weir_host* host_ = nullptr;
  weir_metric* metric_ = nullptr;
};

// The host as one stage sees it. A handle, copied freely, valid until the stage
// is destroyed. Thread-safe, but for Shared and what Emit says.
class Stage {
 public:
  Stage(const weir_host* host, weir_stage* stage, std::string name)
      : host_(host), stage_(stage), name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  void Log(weir_severity severity, std::string_view message, const char* file = __builtin_FILE(),
           int line = __builtin_LINE()) const {
    host_->log(stage_, severity, file, line, ToAbi(message));
  }

  uint64_t MonotonicNs() const { return host_->clock_monotonic_ns(stage_); }
  int64_t WallNs() const { return host_->clock_wall_ns(stage_); }
  // The two clocks read one right after the other.
  ClockPair Clocks() const {
    const uint64_t before = MonotonicNs();
    const int64_t wall = WallNs();
    return {wall, before + (MonotonicNs() - before) / 2};
  }

  // See weir_count.
  void CountReceived(uint64_t records) const { Count(WEIR_COUNT_RECEIVED, nullptr, records); }
  void CountDelivered(uint64_t records) const { Count(WEIR_COUNT_DELIVERED, nullptr, records); }
  void CountMerged(uint64_t records) const { Count(WEIR_COUNT_MERGED, nullptr, records); }
  void CountFiltered(uint64_t records) const { Count(WEIR_COUNT_FILTERED, nullptr, records); }
  void CountDropped(const char* reason, uint64_t records) const {
    Count(WEIR_COUNT_DROPPED, reason, records);
  }
  void SetHeld(uint64_t records) const { Count(WEIR_COUNT_HELD, nullptr, records); }

  // Hands `batch` on, which has one row or more and is no longer the caller's, whatever comes
  // of it; see weir_host.emit. From run, process, tick and flush only, on their thread.
  Status Emit(weir_batch* batch) const {
    const weir_code code = host_->emit(stage_, batch);
    if (code == WEIR_OK) return OkStatus();
    return {code, "the pipeline takes no more records"};
  }

  // In a source's run: waits until all that it emitted has been released by all
  // consumers; see weir_host.settle.
  Status WaitForDelivery() const {
    if (!WEIR_HAS_FIELD(weir_host, host_, settle)) {
      return {WEIR_UNIMPLEMENTED,
              "this weir cannot tell when records have arrived (it has version " +
                  std::to_string(host_->abi_major) + "." + std::to_string(host_->abi_minor) +
                  " of the plugin interface, 1.2 can)"};
    }
    const weir_code code = host_->settle(stage_);
    if (code == WEIR_OK) return OkStatus();
    return {code, "records were dropped before delivery"};
  }

  void RequestStop(std::string_view why) const { host_->request_stop(stage_, ToAbi(why)); }

  // `reason` may be null.
  Metric Counter(const char* name, const char* help, const char* reason = nullptr) const {
    return {host_, host_->metric(stage_, WEIR_METRIC_COUNTER, name, reason, help)};
  }
  Metric Gauge(const char* name, const char* help, const char* reason = nullptr) const {
    return {host_, host_->metric(stage_, WEIR_METRIC_GAUGE, name, reason, help)};
  }

  // The T that the stages of this plugin and pipeline share under `name`, made by
  // the first that asks; lives until the last of them is destroyed. Null when
  // memory is short. Control thread only.
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

// Collects records into batches and emits each when it is full; the rest at
// Flush. Emit rules apply: run, process, tick and flush only, one thread. What is
// neither emitted nor flushed when the writer ends was never counted as emitted.
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

  // A zeroed row to fill in place, valid until the next call. Null: no batch could
  // be had or emitted, and status() says why.
  Record* Add() {
    const bool has_room = batch_ != nullptr && batch_->size < batch_->capacity;
    if (__builtin_expect(!has_room, 0) && !Begin()) return nullptr;
    return reinterpret_cast<Record*>(batch_->rows + size_t{batch_->size++} * batch_->stride);
  }

  Status Append(const Record& record) {
    Record* const row = Add();
    if (row == nullptr) return status_;
    *row = record;
    return OkStatus();
  }

  // Emits what is there. Never an empty batch.
  Status Flush() {
    if (batch_ == nullptr) return OkStatus();
    Status status = stage_->Emit(std::exchange(batch_, nullptr));
    if (!status.ok()) status_ = status;
    return status;
  }

  uint32_t pending() const { return batch_ == nullptr ? 0 : batch_->size; }
  const Status& status() const { return status_; }

 private:
  // Emits what is there, and has room again; false as Add's null. Not inline: what is done
  // for each row stays small.
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
