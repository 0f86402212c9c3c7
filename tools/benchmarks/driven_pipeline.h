// SPDX-License-Identifier: Apache-2.0
// A real pipeline whose source emits what it is told, and that says when all of it has
// arrived: the stages between are weir's own plugins with their queues and threads.
#ifndef WEIR_TOOLS_BENCHMARKS_DRIVEN_PIPELINE_H_
#define WEIR_TOOLS_BENCHMARKS_DRIVEN_PIPELINE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/catalogue.h"
#include "core/plugin/host.h"
#include "core/telemetry/metrics.h"
#include "tools/benchmarks/own_sink.h"
#include "tools/benchmarks/test_rows.h"

namespace weir::benchmarks {

// The system's clock, which can be put forward. Thread-safe.
class LeapingClock final : public pipeline::Clock {
 public:
  uint64_t MonotonicNs() const override { return clock_->MonotonicNs() + ahead_ns_; }
  int64_t WallNs() const override {
    return clock_->WallNs() + static_cast<int64_t>(ahead_ns_.load());
  }
  void PutForward(uint64_t ns) { ahead_ns_ += ns; }

 private:
  const pipeline::Clock* const clock_ = pipeline::SystemClock();
  std::atomic<uint64_t> ahead_ns_{0};
};

// What the source does with its host, on its thread.
using SourceTask = std::function<absl::Status(pipeline::StageHost* host)>;

// What stands behind the source "rows".
struct DrivenStages {
  std::string text;  // of a pipeline file
  // Where a sink of the benchmark's own is put behind; empty if the text has its sink.
  std::string last;
  BatchUse use;  // what it does; empty: nothing
};

// Used by one thread.
class DrivenPipeline {
 public:
  // The catalogue must outlive it.
  static absl::StatusOr<std::unique_ptr<DrivenPipeline>> Start(const plugin::Catalogue& catalogue,
                                                               const DrivenStages& stages);
  // Ends the pipeline, drained.
  ~DrivenPipeline();
  DrivenPipeline(const DrivenPipeline&) = delete;
  DrivenPipeline& operator=(const DrivenPipeline&) = delete;

  // Lets the source do `task`, and waits until every stage has had all that came of it and
  // has told what became of it. An error if anything was dropped.
  absl::Status Run(const SourceTask& task);
  // Emits all of `batches`, each of them another one.
  absl::Status Emit(const Batches& batches);
  // The same, and waits until no stage holds any of them.
  absl::Status Deliver(const Batches& batches);
  // Lets `ns` go by for the stages, emits `batch`, which has one record, and waits until no
  // stage holds more than that.
  absl::Status Evict(uint64_t ns, const pipeline::BatchRef& batch);

 private:
  class DrivenSource;

  DrivenPipeline() = default;
  absl::Status WaitUntilSettled(uint64_t most_held) const;

  LeapingClock clock_;
  telemetry::MetricRegistry metrics_;
  plugin::Runtime runtime_{&clock_, &metrics_, {}};
  DrivenSource* source_ = nullptr;  // the pipeline's
  std::unique_ptr<pipeline::Pipeline> pipeline_;
};

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_DRIVEN_PIPELINE_H_
