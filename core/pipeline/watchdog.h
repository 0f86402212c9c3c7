// SPDX-License-Identifier: Apache-2.0
// Calls a function if something has not ended by a deadline.
#ifndef WEIR_CORE_PIPELINE_WATCHDOG_H_
#define WEIR_CORE_PIPELINE_WATCHDOG_H_

#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "glog/logging.h"

namespace weir::pipeline {

// Runs `late` on a thread of its own if the watchdog is still alive after `after`,
// then `stuck` after `grace` more. Without a thread to be had it logs that and does nothing. The
// destructor waits for a call that has begun.
class Watchdog {
 public:
  Watchdog(absl::Duration after, std::function<void()> late, absl::Duration grace,
           std::function<void()> stuck)
      : late_(std::move(late)), stuck_(std::move(stuck)) {
    try {
      thread_ = std::thread([this, after, grace] { Watch(after, grace); });
    } catch (const std::system_error& error) {
      LOG(ERROR) << "nothing bounds the end of the run: start a thread: " << error.code().message();
    }
  }
  ~Watchdog() {
    ended_.Notify();
    if (thread_.joinable()) thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Watch(absl::Duration after, absl::Duration grace) {
    if (ended_.WaitForNotificationWithTimeout(after)) return;
    late_();
    if (!ended_.WaitForNotificationWithTimeout(grace)) stuck_();
  }

  const std::function<void()> late_;
  const std::function<void()> stuck_;
  absl::Notification ended_;
  std::thread thread_;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_WATCHDOG_H_
