// SPDX-License-Identifier: Apache-2.0
// A host for unit tests of components. It records what one stage emits, counts and logs; the test
// sets its clocks and can make emit fail or block. Needs GoogleTest. Tests only.
//
//   FakeHost host;
//   auto sink = MakeComponent<MySink>(&host, config);
//   ASSERT_TRUE(sink.ok()) << sink.status().message();
//   ASSERT_TRUE(host.Feed(sink->get(), {record}).ok());
//   EXPECT_EQ(host.delivered(), 1u);
//
// Its destructor fails the test if a batch was not released. The test fails at once if a batch is
// released too often, or if the consumer writes to a batch that it received.
#ifndef WEIR_PLUGINS_SDK_TESTING_FAKE_HOST_H_
#define WEIR_PLUGINS_SDK_TESTING_FAKE_HOST_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"

namespace weir::sdk::testing {

// The counts of a stage so far; see weir_count.
struct StageCounts {
  uint64_t received = 0;  // fed by Feed, or counted by a source
  uint64_t emitted = 0;
  uint64_t delivered = 0;
  uint64_t merged = 0;
  uint64_t filtered = 0;
  // By reason. "pipeline_ended": emit failed. "stage_failed": Process failed before it counted
  // these records.
  std::map<std::string, uint64_t> dropped;
  uint64_t held = 0;

  uint64_t AllDropped() const {
    uint64_t sum = 0;
    for (const auto& [reason, records] : dropped) sum += records;
    return sum;
  }
  // All records that left the stage or are held; equals `received` if the stage is in balance.
  uint64_t Accounted() const {
    return emitted + delivered + merged + filtered + AllDropped() + held;
  }
};

// A copy of an emitted batch.
struct EmittedBatch {
  uint32_t stride = 0;
  std::array<uint16_t, WEIR_BLOCK_IDS> block_offset{};
  std::vector<uint8_t> bytes;  // all rows, `stride` bytes each
  std::vector<Record> records;
};

struct LogLine {
  weir_severity severity;
  std::string file;
  int line;
  std::string message;
};

// The row layout of a fake host's batches. Rows that are longer than weir_record test that a
// component passes on data that it does not know.
struct RowLayout {
  uint32_t stride = sizeof(Record);  // at least sizeof(Record), a multiple of 8
  std::array<uint16_t, WEIR_BLOCK_IDS> block_offset{};
};

// Thread-safe. Must outlive the components made with it.
class FakeHost {
 public:
  // The first values of the clocks.
  static constexpr int64_t kWallNs = 1661272402123456789;  // 2022-08-23T16:33:22.123456789Z
  static constexpr uint64_t kMonotonicNs = 10'000'000'000'000;
  // The time after which a function that waits fails the test.
  static constexpr std::chrono::seconds kPatience{60};

  // A stage in a pipeline of its own, or in the pipeline of `sibling`: then both get the same
  // objects from Stage::Shared.
  explicit FakeHost(std::string stage_name = "test", FakeHost* sibling = nullptr);
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const weir_host* host() const { return &table_; }
  weir_stage* raw_stage() { return reinterpret_cast<weir_stage*>(this); }
  Stage MakeStage() { return {&table_, raw_stage(), stage_name_}; }

  // Returns a batch with these rows. The caller owns its one reference (weir_host.batch_release).
  weir_batch* MakeBatch(const std::vector<Record>& records);
  // Counts `records` as received and passes them to Process in batches of at most `rows_per_batch`.
  // Stops at the first error and returns it.
  Status Feed(Consumer* consumer, const std::vector<Record>& records,
              uint32_t rows_per_batch = BatchWriter::kDefaultRows);
  // The same for one batch, which stays the caller's.
  Status FeedBatch(Consumer* consumer, const weir_batch* batch);

  // Returns the findings of the component, in order. Fails the test if Diagnose fails.
  std::vector<Finding> Diagnose(Component* component);

  // The batches emitted so far.
  std::vector<EmittedBatch> batches() const {
    return Locked([this] { return batches_; });
  }
  // Their records.
  std::vector<Record> records() const;
  // Returns the records emitted so far and forgets them.
  std::vector<Record> TakeRecords();

  StageCounts counts() const {
    return Locked([this] { return counts_; });
  }
  uint64_t delivered() const { return counts().delivered; }
  uint64_t dropped(const std::string& reason) const;
  // Fails the test unless received = emitted + delivered + merged + filtered + dropped + held.
  void ExpectBalanced() const;

  std::vector<LogLine> log() const {
    return Locked([this] { return log_; });
  }
  // True if a log line contains `part`.
  bool HasLog(std::string_view part) const;
  // The reasons given to Stage::RequestStop.
  std::vector<std::string> stop_requests() const {
    return Locked([this] { return stops_; });
  }
  // Returns the value of a metric. Fails the test if the component does not have it.
  int64_t metric(const std::string& name, const std::string& reason = "") const;

  void SetClocks(int64_t wall_ns, uint64_t monotonic_ns);
  void AdvanceClocks(uint64_t ns);
  void SetRowLayout(const RowLayout& layout);

  // Makes emit return `code` and count the records as dropped; WEIR_OK ends this.
  void FailEmits(weir_code code = WEIR_CANCELLED);
  // Makes settle return `code`. The fake host releases batches in emit, so settle never waits.
  void FailDelivery(weir_code code = WEIR_CANCELLED);
  // Makes emit block until UnblockEmits, as if the queue of a consumer were full.
  void BlockEmits();
  void UnblockEmits();
  void WaitUntilEmitBlocks() {
    WaitFor([this] { return blocked_emits_.load() > 0; });
  }
  // Makes batch_allocate return null, as if memory were short.
  void FailAllocations(bool fail);

  // Blocks until `condition` is true; it may call this class. Fails the test and returns false
  // after kPatience.
  bool WaitFor(const std::function<bool()>& condition) const;

 private:
  struct Batch;
  struct Metric;
  struct SharedObjects;
  using MetricKey = std::tuple<weir_metric_kind, std::string, std::string>;

  static FakeHost* Of(weir_stage* stage) { return reinterpret_cast<FakeHost*>(stage); }
  static void Retain(const weir_batch* batch);
  static void Release(const weir_batch* batch);

  template <typename Body>
  std::invoke_result_t<Body> Locked(Body body) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return body();
  }
  template <typename Body>
  void Change(Body body) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      body();
    }
    changed_.notify_all();
  }

  void FillTable();
  weir_batch* Allocate(uint32_t rows, const RowLayout& layout);
  weir_code Emit(weir_batch* batch);
  void DropUnaccounted();
  void Count(weir_count what, const char* reason, uint64_t records);
  void Log(LogLine line) {
    Change([&] { log_.push_back(std::move(line)); });
  }
  weir_metric* FindMetric(weir_metric_kind kind, const char* name, const char* reason);
  void* Shared(const char* name, void* (*make)(), void (*dispose)(void*));

  const std::string stage_name_;
  weir_host table_{};
  std::shared_ptr<SharedObjects> shared_;

  mutable std::mutex mutex_;  // guards all that follows
  mutable std::condition_variable changed_;
  std::vector<std::unique_ptr<Batch>> allocated_;
  std::vector<EmittedBatch> batches_;
  StageCounts counts_;
  std::vector<LogLine> log_;
  std::vector<std::string> stops_;
  std::map<MetricKey, std::unique_ptr<Metric>> metrics_;
  int64_t wall_ns_ = kWallNs;
  uint64_t monotonic_ns_ = kMonotonicNs;
  RowLayout layout_;
  weir_code emit_code_ = WEIR_OK;
  weir_code delivery_code_ = WEIR_OK;
  bool emits_blocked_ = false;
  bool allocations_fail_ = false;
  std::atomic<int> blocked_emits_{0};
};

// Makes a component, as the host does after it has checked the configuration.
template <typename T, typename Config>
Result<std::unique_ptr<T>> MakeComponent(FakeHost* host, const Config& config) {
  return T::Create(config, host->MakeStage());
}

}  // namespace weir::sdk::testing

#endif  // WEIR_PLUGINS_SDK_TESTING_FAKE_HOST_H_
