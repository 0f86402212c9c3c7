// SPDX-License-Identifier: Apache-2.0
// Reports when the wall clock was set or the machine has resumed from a suspend.
#ifndef WEIR_SOURCES_EBPF_CLOCKS_CLOCK_WATCH_H_
#define WEIR_SOURCES_EBPF_CLOCKS_CLOCK_WATCH_H_

#include <functional>
#include <utility>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

// A timer of the wall clock that never expires. The kernel cancels it at each jump of that clock
// (timerfd_clock_was_set, fs/timerfd.c). For one thread at a time.
class ClockWatch {
 public:
  explicit ClockWatch(sdk::UniqueFd timer) : timer_(std::move(timer)) {}

  // Readable after the clock has jumped. Owned by this object.
  int fd() const { return timer_.get(); }
  // Makes it unreadable until the next jump.
  sdk::Status Clear() const;

 private:
  sdk::UniqueFd timer_;
};

using ClockWatchOpener = std::function<sdk::Result<ClockWatch>()>;

sdk::Result<ClockWatch> OpenClockWatch();

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_CLOCKS_CLOCK_WATCH_H_
