// SPDX-License-Identifier: Apache-2.0
// Ends a run from outside: on stop signals, and when a function of a plugin does not return.
#ifndef WEIR_TOOLS_WEIR_RUN_CONTROL_H_
#define WEIR_TOOLS_WEIR_RUN_CONTROL_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/watchdog.h"
#include "tools/weir/request_thread.h"
#include "tools/weir/signal_watcher.h"
#include "tools/weir/stop_signals.h"

namespace weir {

// Exists before the first plugin is opened, with all its threads, so that they cannot be missing
// later. The threads have no capabilities. Thread-safe.
class RunControl {
 public:
  struct Hooks {
    // Reports the run so far, on SIGUSR2. On a thread of its own, one call at a time.
    std::function<void()> report;
    // Returns a sentence about the plugin that is being opened; empty if there is none.
    std::function<std::string()> opening;
    // Reports a run that ends now with this error, because something does not return. If it does
    // not return either, the process ends without it.
    std::function<void(const std::string& error)> report_end;
  };

  // Blocks the signals that it handles. RESOURCE_EXHAUSTED if a thread cannot be made.
  static absl::StatusOr<std::unique_ptr<RunControl>> Create(absl::Duration drain_timeout,
                                                            Hooks hooks);
  // From then on the first stop signal ends the process at once.
  ~RunControl();
  RunControl(const RunControl&) = delete;
  RunControl& operator=(const RunControl&) = delete;

  // Signals reach `pipeline` from now on, and a stop signal that came before reaches it now.
  // `pipeline` must outlive the control. Called at most once.
  void Attach(pipeline::Pipeline* pipeline);

  // The run begins to end; see Watchdog::BeginEnd.
  void BeginEnd() { watchdog_->BeginEnd(); }
  // The stages are destroyed next; see Watchdog::BeginDestroy.
  void BeginDestroy() { watchdog_->BeginDestroy(); }
  // Waits for a report that is being made. No further one follows.
  void EndReports() { reports_.End(); }

 private:
  RunControl(absl::Duration drain_timeout, Hooks hooks);

  void OnSignal(int number);
  void OnStop(int number);
  void GiveUp();
  [[noreturn]] void EndProcess();

  const absl::Duration drain_timeout_;
  const Hooks hooks_;
  RequestThread reports_;
  StopSignals stop_signals_;  // on the thread of the watcher
  // Atomic, because EndProcess takes no lock that a thread which hangs may hold.
  std::atomic<pipeline::Pipeline*> pipeline_{nullptr};
  absl::Mutex mutex_;
  std::string early_stop_ ABSL_GUARDED_BY(mutex_);  // the signal before Attach; empty: none
  std::unique_ptr<pipeline::Watchdog> watchdog_;
  std::unique_ptr<SignalWatcher> watcher_;
};

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_RUN_CONTROL_H_
