// SPDX-License-Identifier: Apache-2.0
// What a pipeline is made of: sources, and consumers (transforms and sinks), as the
// pipeline drives them, and the host that it is to each of them.
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

// The pipeline as one stage sees it. Thread-safe; outlives the stage.
class StageHost {
 public:
  virtual ~StageHost() = default;

  virtual const std::string& name() const = 0;
  virtual StageKind kind() const = 0;

  // Hands a batch of one or more rows to all consumers; blocks while one holds
  // back. CANCELLED once the pipeline gives up: the records were counted as
  // dropped. On the thread that runs the stage only.
  virtual absl::Status Emit(BatchRef batch) = 0;

  // For a source, on its thread: waits until no consumer has a batch any more that it
  // emitted, or one that a stage emitted while it processed one of these. CANCELLED if
  // one of them was dropped by the pipeline, or with a stage that failed, since the last
  // call.
  virtual absl::Status WaitForDelivery() = 0;

  // Asks for an orderly end of the whole pipeline. Returns at once.
  virtual void RequestStop(std::string_view why) = 0;

  virtual telemetry::StageCounters& counters() = 0;

  // The stage has asked for what the plugin interface does not allow, and been refused;
  // it has been logged. Any thread.
  virtual void OnMisuse(std::string_view /*what*/) {}
};

// How one thing that a stage needs stands on this machine.
struct Finding {
  enum class Severity {
    kOk,
    kDegraded,  // the stage works, with a loss
    kMissing,   // it cannot start
  };
  Severity severity;
  std::string subject;  // a few words
  std::string text;     // a sentence
};

// The lifecycle that all stages have, on the control thread.
class Stage {
 public:
  virtual ~Stage() = default;
  // Adds what it finds of this machine. Never with one of those below.
  virtual absl::Status Diagnose(std::vector<Finding>* /*findings*/) { return absl::OkStatus(); }
  // Opens what takes a privilege that is not needed later. Before every Start.
  virtual absl::Status Prepare() { return absl::OkStatus(); }
  virtual absl::Status Start() = 0;
  virtual absl::Status Stop() = 0;
};

class Source : public Stage {
 public:
  // Emits until the input ends or Interrupt is called, on a thread of its own.
  virtual absl::Status Run() = 0;
  // Makes Run return soon. Thread-safe, does not block.
  virtual void Interrupt() = 0;
  // Whether nothing is lost or late for anybody while Run is held up. Constant.
  virtual bool Pausable() { return false; }
};

// The pipeline never lets two of these calls on one consumer overlap.
class Consumer : public Stage {
 public:
  virtual absl::Status Process(const BatchRef& batch) = 0;
  // Nanoseconds between ticks, 0 for none. Constant.
  virtual uint64_t TickIntervalNs() = 0;
  virtual absl::Status Tick(uint64_t monotonic_now_ns) = 0;
  // Opens anew by its name what somebody has moved away.
  virtual absl::Status Reopen() { return absl::OkStatus(); }
  virtual absl::Status Flush() = 0;
  // The pipeline gives up: what waits returns soon, with CANCELLED. Thread-safe, does not
  // block.
  virtual void Interrupt() {}
};

// Makes a stage for `host`: a Source if host's kind is kSource, else a Consumer.
using StageFactory = std::function<absl::StatusOr<std::unique_ptr<Stage>>(StageHost* host)>;

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_STAGE_H_
