// SPDX-License-Identifier: Apache-2.0
// Calls a function if something has not ended by a deadline.
#ifndef WEIR_CORE_PIPELINE_WATCHDOG_H_
#define WEIR_CORE_PIPELINE_WATCHDOG_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace weir::pipeline {

// Runs `late` on a thread of its own if the watchdog is still alive after `after`,
// then `stuck` after `grace` more. The destructor waits for a call that has begun.
class Watchdog {
 public:
  Watchdog(absl::Duration after, std::function<void()> late, absl::Duration grace,
           std::function<void()> stuck)
      : thread_([this, after, late = std::move(late), grace, stuck = std::move(stuck)] {
          if (ended_.WaitForNotificationWithTimeout(after)) return;
          late();
          if (!ended_.WaitForNotificationWithTimeout(grace)) stuck();
        }) {}
  ~Watchdog() {
    ended_.Notify();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  absl::Notification ended_;
  std::thread thread_;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_WATCHDOG_H_
