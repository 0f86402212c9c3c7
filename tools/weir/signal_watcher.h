// SPDX-License-Identifier: Apache-2.0
// Turns signals into calls of a function on a thread of its own.
#ifndef WEIR_TOOLS_WEIR_SIGNAL_WATCHER_H_
#define WEIR_TOOLS_WEIR_SIGNAL_WATCHER_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "plugins/sdk/unique_fd.h"
#include "plugins/sdk/wakeup.h"

namespace weir {

// Blocks SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 in the calling thread and the threads that it
// makes later, and ignores SIGPIPE. Call it before any thread is made.
absl::Status PrepareSignals();

// Has SIGINT and SIGTERM end the process at once with kExitFailed. For the time without a
// SignalWatcher at the end of the process. Drops such signals that nothing has read.
void EndAtStopSignals();

// Calls a function for each blocked signal, from its creation to its destruction. The destructor
// waits for a call that has begun. Created and destroyed on one thread.
class SignalWatcher {
 public:
  // Calls `on_signal` with the number of the signal, on the thread of the watcher. Returns after
  // that thread has called `begin_thread`.
  static absl::StatusOr<std::unique_ptr<SignalWatcher>> Create(
      std::function<void(int)> on_signal, const std::function<void()>& begin_thread);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  explicit SignalWatcher(std::function<void(int)> on_signal);
  void Watch();

  sdk::UniqueFd signals_;
  sdk::Wakeup end_;
  const std::function<void(int)> on_signal_;
  std::thread thread_;
};

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_SIGNAL_WATCHER_H_
