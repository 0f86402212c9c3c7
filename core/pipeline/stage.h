// SPDX-License-Identifier: Apache-2.0
// The stages of a pipeline: sources, and consumers (transforms and sinks). Stage is how
// the pipeline calls a stage; StageHost is how a stage calls the pipeline.
#ifndef WEIR_CORE_PIPELINE_STAGE_H_
#define WEIR_CORE_PIPELINE_STAGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/pipeline/batch_slab.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/stage_counters.h"

namespace weir::pipeline {

// The pipeline as one stage sees it. Outlives the stage. Thread-safe, except where a
// function names its thread.
class StageHost {
 public:
  virtual ~StageHost() = default;

  virtual const std::string& name() const = 0;
  virtual StageKind kind() const = 0;

  // Passes a batch of one or more rows to every consumer. Blocks while a consumer's queue
  // is full. Returns CANCELLED once the pipeline has given up; the records are then
  // counted as dropped. Only on the thread that runs the stage.
  virtual absl::Status Emit(BatchRef batch) = 0;

  // For a source, on its thread. Waits until no stage references a batch of this source:
  // one that it emitted, or one that a stage emitted while it processed such a batch.
  // Returns CANCELLED if, since the last call, one of them was dropped by the pipeline or
  // lost in a stage that failed.
  virtual absl::Status WaitForDelivery() = 0;

  // Asks the whole pipeline to drain and end. Returns at once.
  virtual void RequestStop(std::string_view why) = 0;

  virtual telemetry::StageCounters& counters() = 0;

  // Called after the host refused and logged a call that the plugin interface forbids.
  // Any thread.
  virtual void OnMisuse(std::string_view /*what*/) {}
};

// A fact about this machine that a stage depends on, for `weir doctor`.
struct Finding {
  enum class Severity {
    kOk,
    kDegraded,  // the stage works, but lacks something
    kMissing,   // the stage cannot start
  };
  Severity severity;
  std::string subject;  // a few words
  std::string text;     // a sentence
};

// A longer time between two ticks counts as this: a year.
inline constexpr uint64_t kMaxTickIntervalNs = 365ULL * 24 * 3600 * 1'000'000'000;

// The lifecycle of every stage. Called on the control thread.
class Stage {
 public:
  virtual ~Stage() = default;
  // Appends findings about this machine. A stage that is diagnosed is never started.
  virtual absl::Status Diagnose(std::vector<Finding>* /*findings*/) { return absl::OkStatus(); }
  // Opens everything that takes a privilege which Start and Run no longer need. Called for
  // all stages before the first Start.
  virtual absl::Status Prepare() { return absl::OkStatus(); }
  virtual absl::Status Start() = 0;
  virtual absl::Status Stop() = 0;
};

class Source : public Stage {
 public:
  // Emits until the input ends or Interrupt is called. Has a thread of its own.
  virtual absl::Status Run() = 0;
  // Makes Run return soon. Between Start and Stop. Thread-safe, does not block.
  virtual void Interrupt() = 0;
  // True if the input waits while Emit blocks, as a file does, so that back-pressure
  // neither loses nor delays anything. Constant.
  virtual bool Pausable() { return false; }
};

// The pipeline never calls two functions of one consumer at once, except Interrupt.
class Consumer : public Stage {
 public:
  virtual absl::Status Process(const BatchRef& batch) = 0;
  // Returns the nanoseconds between two ticks; 0 means no ticks. Called once, before Prepare.
  virtual absl::StatusOr<uint64_t> TickIntervalNs() = 0;
  virtual absl::Status Tick(uint64_t monotonic_now_ns) = 0;
  // Closes and reopens, by name, whatever a log rotation may have moved away.
  virtual absl::Status Reopen() { return absl::OkStatus(); }
  virtual absl::Status Flush() = 0;
  // The pipeline gives up: a call that waits returns CANCELLED soon. Between Start and Stop.
  // Thread-safe, does not block.
  virtual void Interrupt() {}
};

// Makes a stage for `host`: a Source if host->kind() is kSource, else a Consumer.
using StageFactory = std::function<absl::StatusOr<std::unique_ptr<Stage>>(StageHost* host)>;

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_STAGE_H_
