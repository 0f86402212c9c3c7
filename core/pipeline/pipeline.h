// SPDX-License-Identifier: Apache-2.0
// A pipeline: a directed acyclic graph of stages. It starts the stages in order, connects
// them with bounded queues and back-pressure, and drains everything at its end.
//
// Threads: each source, each sink and each transform with ticks has its own thread. A sink
// or a transform with ticks has one bounded queue per incoming edge; a full queue makes
// its producer wait. All other transforms run on the threads of their producers, and so
// do transforms with ticks if every upstream source is pausable.
#ifndef WEIR_CORE_PIPELINE_PIPELINE_H_
#define WEIR_CORE_PIPELINE_PIPELINE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
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

using StageLocator = std::function<std::string(std::string_view message)>;

struct StageSpec {
  StageKind kind;
  std::string name;
  std::vector<size_t> inputs;  // indexes of earlier specs
  size_t queue_batches = kDefaultQueueBatches;
  StageFactory factory;
  // Returns the location of a mistake in the configuration, as file:line:column.
  StageLocator locate = nullptr;
  int line = 0;  // of the stage in its file, which sorts the errors of several stages
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

// One thread, the control thread, calls everything except the functions that any thread may call.
class Pipeline : private NodeEvents {
 public:
  // Makes a pipeline without stages. `on_ending`, if not null, is called at the first of these
  // events, and may be called again: the end is asked for, a stage fails, all sources have
  // finished. On any thread. `clock` must outlive the pipeline.
  Pipeline(std::vector<StageSpec> specs, const Clock* clock,
           std::function<void()> on_ending = nullptr);
  ~Pipeline() override;

  // Makes every stage, in the order of the specs; starts nothing. Tries all stages: an error has
  // the lines of each stage that failed, in the order of the file. The lines of a stage begin
  // with its location, kind and name. After an error only the destructor may follow. Called once,
  // first.
  absl::Status CreateStages();
  // Makes a pipeline and its stages.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Create(const std::vector<StageSpec>& specs,
                                                          const Clock* clock);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // Appends what every stage reports about this machine, in the order of the specs. Asks all
  // stages, and returns the first error. It begins with the kind and name of the stage, and a
  // mistake in the configuration (INVALID_ARGUMENT) with its location. Prepare and Start must
  // not follow.
  absl::Status Diagnose(std::vector<StageDiagnosis>* stages);

  // Lets every stage open what takes privileges that it does not need later. Makes no
  // thread: threads made later inherit the privileges that the caller has kept. An error
  // is as from Diagnose; the pipeline then cannot be started. Called at most once.
  absl::Status Prepare();

  // Calls Prepare unless that was done, starts consumers before their producers, then runs
  // the sources. If a stage does not start, stops those that did and returns the error. If
  // the end is asked for meanwhile, prepares and starts no further stage, and returns OK.
  // Called at most once.
  absl::Status Start();

  // Asks for the end and makes WaitUntilEnding return. Any thread, any number of times, also
  // before there are stages.
  void RequestStop(std::string_view why);

  // Makes every sink, and every transform with ticks, reopen soon (Consumer::Reopen), on its
  // own thread. Any thread, any number of times; a request before Start takes effect after
  // it, and one before there are stages has no effect.
  void RequestReopen();

  // Waits until the end was asked for, a stage has failed, or all sources have finished.
  void WaitUntilEnding();

  // Interrupts the sources, lets the batches in flight reach their sinks, then flushes and
  // stops every stage that has started. Has no time limit: a watchdog (watchdog.h) calls
  // GiveUp. Returns the first error of the run. Called once, after a successful Start.
  absl::Status Drain();

  // Makes Drain return soon and with an error that names `timeout`: drops and counts the
  // batches in queues, and interrupts the consumers that wait. Hangs if one of them does not
  // return from interrupt. Any thread.
  void GiveUp(absl::Duration timeout);

  // For a process that ends although a stage does not return: from now on Report counts the
  // records that a stage holds or has not accounted for as dropped, and does not change. Any
  // thread.
  void CountUnfinished();

  // Returns the first error of the run, or of its start. Any thread.
  absl::Status FirstError();

  // Returns a sentence for each function of a stage that runs now, such as "sink 'out' does
  // not return from stop". Any thread.
  std::vector<std::string> RunningCalls() const;

  // Frees the stages. Called after Drain, or after a call that failed.
  void DestroyStages();

  // Returns the balance of every stage, in the order of the specs. Any thread.
  std::vector<StageReport> Report() const;

  // Why the run ends: what was said first to RequestStop, the error of a stage, or that all sources
  // have finished. Any thread, after WaitUntilEnding.
  std::string EndReason();

 private:
  // Puts the kind and name of nodes_[index] in front of an error, and before them the location of a
  // mistake in the configuration.
  absl::Status Named(const absl::Status& status, size_t index) const;

  void OnStopRequested(std::string_view why) override;
  void OnStageFailed(const absl::Status& status) override;
  void OnSourceFinished() override;
  // Calls `on_ending`.
  void BeginEnd() {
    if (on_ending_) on_ending_();
  }
  bool stop_requested();
  // Starts the stages until one fails or the end is asked for. `*all` becomes true if all
  // have started.
  absl::Status StartStages(bool* all);
  void FinishAndStop();
  bool Ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stop_requested_ || sources_running_ == 0;
  }

  const std::vector<StageSpec> specs_;
  const std::function<void()> on_ending_;
  std::vector<std::unique_ptr<Node>> nodes_;  // of specs_; constant
  bool prepared_ = false;                     // control thread only

  mutable absl::Mutex mutex_;
  bool stop_requested_ ABSL_GUARDED_BY(mutex_) = false;
  std::string stop_reason_ ABSL_GUARDED_BY(mutex_);  // empty: not requested
  size_t sources_running_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::vector<StageReport>> last_report_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_PIPELINE_H_
