// SPDX-License-Identifier: Apache-2.0
// A directed acyclic graph of stages: ordered start, bounded queues with
// back-pressure, and an end that drains everything.
//
// Threads: each source runs on one, so does each sink and each transform that wants
// ticks, with one bounded queue per edge into it; all other transforms run on their
// producers' threads. A full queue makes its producer wait.
#ifndef WEIR_CORE_PIPELINE_PIPELINE_H_
#define WEIR_CORE_PIPELINE_PIPELINE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/node.h"
#include "core/pipeline/stage.h"
#include "core/telemetry/stage_counters.h"

namespace weir::pipeline {

inline constexpr size_t kDefaultQueueBatches = 64;

struct StageSpec {
  StageKind kind;
  std::string name;
  std::vector<size_t> inputs;  // indexes of stages that stand before this one
  size_t queue_batches = kDefaultQueueBatches;
  StageFactory factory;
};

struct StageReport {
  StageKind kind;
  std::string name;
  telemetry::Balance balance;
};

struct StageDiagnosis {
  StageKind kind;
  std::string name;
  std::vector<Finding> findings;
};

// Made, prepared, started, waited for, drained and destroyed on one thread, the control
// thread; RequestStop, RequestReopen and Report come from any.
class Pipeline : private NodeEvents {
 public:
  // Makes every stage, in the order of `specs`; starts nothing. An error has the
  // stage's kind and name in front. `clock` must outlive the pipeline.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Create(const std::vector<StageSpec>& specs,
                                                          const Clock* clock);
  ~Pipeline() override;
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // What every stage finds of this machine, in the order of the specs. In place of all
  // that follows. An error has the stage's kind and name in front.
  absl::StatusOr<std::vector<StageDiagnosis>> Diagnose();

  // Lets every stage open what takes privileges that it does not need later on. No
  // thread has been made by then: those made after it has returned have the privileges
  // that this thread is left with. An error as of Diagnose, and nothing can be started.
  // Once.
  absl::Status Prepare();

  // Prepares if that has not been done, starts consumers before their producers, then
  // lets the sources run. If a stage does not start, those that did are stopped again, and its
  // error is returned. Once.
  absl::Status Start();

  // Asks for the end; WaitUntilEnding returns. Any thread, any number of times.
  void RequestStop(std::string_view why);

  // Lets every sink, and every transform with ticks, open anew what somebody has moved
  // away: on its own thread, soon. Any thread, any number of times; asked for before Start,
  // it comes after it.
  void RequestReopen();

  // Returns when somebody has asked for the end, a stage has failed, or all sources
  // have finished.
  void WaitUntilEnding();

  // Interrupts the sources, lets all that is under way reach its sink, flushes and
  // stops every stage. After `timeout` what is left is given up (and counted as
  // dropped). If a stage still does not return, `stuck` is called, on another
  // thread, and should end the process. Returns the first error of the run.
  // Once, after a Start that succeeded.
  absl::Status Drain(absl::Duration timeout, std::function<void()> stuck);

  // In the order of the specs.
  std::vector<StageReport> Report() const;

 private:
  Pipeline() = default;

  void OnStopRequested(std::string_view why) override;
  void OnStageFailed(const absl::Status& status) override;
  void OnSourceFinished() override;
  void FinishAndStop();
  void Abort();
  bool Ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stop_requested_ || sources_running_ == 0;
  }

  std::vector<std::unique_ptr<Node>> nodes_;  // every node after its inputs; constant
  bool prepared_ = false;                     // control thread only

  absl::Mutex mutex_;
  bool stop_requested_ ABSL_GUARDED_BY(mutex_) = false;
  size_t sources_running_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_PIPELINE_H_
