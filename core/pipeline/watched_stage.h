// SPDX-License-Identifier: Apache-2.0
// A stage, and which of its functions run now: so that the end of a run can name a function
// that does not return. Used by Node only.
#ifndef WEIR_CORE_PIPELINE_WATCHED_STAGE_H_
#define WEIR_CORE_PIPELINE_WATCHED_STAGE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/pipeline/stage.h"

namespace weir::pipeline {

// Has the functions of Stage, Source and Consumer, with the threads that those name. Create
// comes first.
class WatchedStage {
 public:
  WatchedStage() = default;
  ~WatchedStage() { Destroy(); }
  WatchedStage(const WatchedStage&) = delete;
  WatchedStage& operator=(const WatchedStage&) = delete;

  absl::Status Create(const StageFactory& factory, StageHost* host);
  // Frees the stage, if there is one. Control thread.
  void Destroy();

  absl::Status Diagnose(std::vector<Finding>* findings);
  absl::Status Prepare();
  absl::Status Start();
  absl::Status Stop();
  // True from a Start that succeeded to Stop. Control thread.
  bool started() const { return started_; }

  // Calls Interrupt of the stage, but only between Start and Stop: Stop waits for a call that
  // runs. Any thread, from Create on.
  void Interrupt();

  // For a source.
  absl::Status Run();
  bool Pausable() { return source()->Pausable(); }

  // For a consumer.
  absl::Status Process(const BatchRef& batch);
  absl::StatusOr<uint64_t> TickIntervalNs();
  absl::Status Tick(uint64_t monotonic_now_ns);
  absl::Status Reopen();
  absl::Status Flush();

  // Says that the function which runs on this thread has called the host, or that the host
  // has returned.
  void SetInHost(bool in_host) { in_host_.store(in_host, std::memory_order_relaxed); }

  // Returns the names of the functions that run now, without one that waits for the host. Any
  // thread.
  std::vector<std::string_view> RunningCalls() const;

  // Valid if the stage is of that kind.
  Source* source() const { return static_cast<Source*>(stage_.get()); }
  Consumer* consumer() const { return static_cast<Consumer*>(stage_.get()); }

 private:
  // The name of a function that runs now; null: none.
  using RunningCall = std::atomic<const char*>;
  class CallScope;

  RunningCall control_{nullptr};    // on the control thread
  RunningCall data_{nullptr};       // run of a source; what a consumer does with its input
  RunningCall interrupt_{nullptr};  // guarded by mutex_ for writers
  std::atomic<bool> in_host_{false};

  bool is_source_ = false;
  std::unique_ptr<Stage> stage_;
  bool started_ = false;

  // Held while the stage is interrupted.
  absl::Mutex mutex_;
  bool interruptible_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_WATCHED_STAGE_H_
