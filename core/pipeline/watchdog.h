// SPDX-License-Identifier: Apache-2.0
// Calls functions if an operation has not ended by a deadline.
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

// Calls `late` if the watchdog still exists after `after`, and `stuck` if it still exists
// after a further `grace`. Both run on a thread of the watchdog's own. If that thread
// cannot be made, the watchdog logs an error and calls nothing. The destructor waits for
// a call that has begun.
class Watchdog {
 public:
  Watchdog(absl::Duration after, std::function<void()> late, absl::Duration grace,
           std::function<void()> stuck)
      : late_(std::move(late)), stuck_(std::move(stuck)) {
    try {
      thread_ = std::thread([this, after, grace] { Watch(after, grace); });
    } catch (const std::system_error& error) {
      LOG(ERROR) << "the end of the run has no time limit: start a thread: "
                 << error.code().message();
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
