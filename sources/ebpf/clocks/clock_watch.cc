// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/clocks/clock_watch.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <limits>
#include <utility>

#include "plugins/sdk/errno_status.h"

namespace weir::ebpf {

sdk::Result<ClockWatch> OpenClockWatch() {
  sdk::UniqueFd timer(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (timer.get() < 0) return sdk::ErrnoStatus("watch the wall clock: timerfd_create", errno);
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<time_t>::max();
  int result;
  do {
    result =
        timerfd_settime(timer.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
  } while (result != 0 && errno == ECANCELED);  // the clock has just been set
  if (result != 0) return sdk::ErrnoStatus("watch the wall clock: timerfd_settime", errno);
  return ClockWatch(std::move(timer));
}

sdk::Status ClockWatch::Clear() const {
  uint64_t expirations = 0;
  const ssize_t size = read(timer_.get(), &expirations, sizeof(expirations));
  // EAGAIN: a false alarm.
  if (size >= 0 || errno == ECANCELED || errno == EAGAIN || errno == EINTR) {
    return sdk::OkStatus();
  }
  return sdk::ErrnoStatus("watch the wall clock: read", errno);
}

}  // namespace weir::ebpf
