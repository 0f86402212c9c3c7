// SPDX-License-Identifier: Apache-2.0
// Calls a function at a deadline, on a thread that exists from the beginning.
#ifndef WEIR_CORE_PIPELINE_ALARM_H_
#define WEIR_CORE_PIPELINE_ALARM_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace weir::pipeline {

// Thread-safe. Uses the monotonic clock, which the standard library can wait for and absl cannot.
class Alarm {
 public:
  // Makes the thread, which calls `begin` (if not null) before Create returns, and `ring` at each
  // deadline. RESOURCE_EXHAUSTED if there is no thread.
  static absl::StatusOr<std::unique_ptr<Alarm>> Create(std::function<void()> ring,
                                                       const std::function<void()>& begin);
  // Waits for a call that runs.
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Sets the deadline, in place of an earlier one.
  void Set(absl::Duration from_now);
  // Removes the deadline, and waits for a call that runs.
  void Cancel();

 private:
  using Time = std::chrono::steady_clock::time_point;

  explicit Alarm(std::function<void()> ring) : ring_(std::move(ring)) {}
  void Watch();

  const std::function<void()> ring_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Time> deadline_;  // guarded by mutex_
  bool rings_ = false;            // guarded by mutex_
  bool ended_ = false;            // guarded by mutex_
  std::thread thread_;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_ALARM_H_
