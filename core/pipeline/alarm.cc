// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/alarm.h"

#include <algorithm>
#include <utility>

#include "absl/synchronization/notification.h"
#include "core/pipeline/host_status.h"
#include "plugins/sdk/thread.h"

namespace weir::pipeline {
namespace {

// A longer time would overflow the clock.
constexpr absl::Duration kForever = absl::Hours(100 * 365 * 24);

}  // namespace

absl::StatusOr<std::unique_ptr<Alarm>> Alarm::Create(std::function<void()> ring,
                                                     const std::function<void()>& begin) {
  std::unique_ptr<Alarm> alarm(new Alarm(std::move(ring)));
  absl::Notification begun;
  const sdk::Status started = sdk::StartThread(&alarm->thread_, "that watches the time",
                                               [&begun, &begin, it = alarm.get()] {
                                                 if (begin) begin();
                                                 begun.Notify();
                                                 it->Watch();
                                               });
  if (!started.ok()) return HostStatus(started);
  begun.WaitForNotification();
  return alarm;
}

Alarm::~Alarm() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Alarm::Set(absl::Duration from_now) {
  const auto wait = absl::ToChronoNanoseconds(std::min(from_now, kForever));
  const std::lock_guard<std::mutex> lock(mutex_);
  deadline_ = std::chrono::steady_clock::now() + wait;
  changed_.notify_all();
}

void Alarm::Cancel() {
  std::unique_lock<std::mutex> lock(mutex_);
  deadline_.reset();
  while (rings_) changed_.wait(lock);
}

void Alarm::Watch() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ended_) {
    if (!deadline_.has_value()) {
      changed_.wait(lock);
    } else if (std::chrono::steady_clock::now() < *deadline_) {
      changed_.wait_until(lock, *deadline_);
    } else {
      deadline_.reset();
      rings_ = true;
      lock.unlock();
      ring_();
      lock.lock();
      rings_ = false;
      changed_.notify_all();
    }
  }
}

}  // namespace weir::pipeline
