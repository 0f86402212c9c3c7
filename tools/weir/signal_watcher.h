// SPDX-License-Identifier: Apache-2.0
// Signals as calls on a thread of their own.
#ifndef WEIR_TOOLS_WEIR_SIGNAL_WATCHER_H_
#define WEIR_TOOLS_WEIR_SIGNAL_WATCHER_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "plugins/sdk/unique_fd.h"
#include "plugins/sdk/wakeup.h"

namespace weir {

// Blocks SIGINT, SIGTERM, SIGHUP and SIGUSR1 in the calling thread and those it makes
// from now on, and ignores SIGPIPE. Before any thread is made.
absl::Status PrepareSignals();

// From its construction to its destruction every blocked signal is a call. The
// destructor waits for a call that is going on.
class SignalWatcher {
 public:
  // `on_signal` gets the signal's number, on the watcher's thread.
  static absl::StatusOr<std::unique_ptr<SignalWatcher>> Create(std::function<void(int)> on_signal);
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
