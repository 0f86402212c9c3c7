// SPDX-License-Identifier: Apache-2.0
// Turns the times that the programs take, which are those of CLOCK_MONOTONIC, into
// wall times, whatever has been done to the clocks since.
#ifndef WEIR_SOURCES_EBPF_CLOCKS_WALL_CLOCK_H_
#define WEIR_SOURCES_EBPF_CLOCKS_WALL_CLOCK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/record/record.h"
#include "plugins/sdk/stage.h"

namespace weir::ebpf {

// What the time is, in ns.
struct ClockFunctions {
  std::function<uint64_t()> monotonic;  // CLOCK_MONOTONIC: stands still in a suspend
  std::function<int64_t()> wall;        // CLOCK_REALTIME, since 1970-01-01T00:00:00Z
  std::function<uint64_t()> suspended;  // all suspends: CLOCK_BOOTTIME - CLOCK_MONOTONIC
};

// Of the kernel. Thread-safe.
uint64_t SuspendedNs();

// The host's clocks, and that which the host does not have. `stage` must outlive them.
ClockFunctions ClocksOf(const sdk::Stage* stage, std::function<uint64_t()> suspended = SuspendedNs);

// A time is counted back from the clocks as they were last read. So
// - a step of the wall clock, in either direction, is right for times before it as well:
//   what it says now is taken for better than what it said then;
// - slewing it changes nothing: the kernel makes CLOCK_MONOTONIC as much faster or slower;
// - no time is after the moment at which the clocks were read.
//
// A suspend is dated to the reading that finds it. What was counted after the kernel had
// resumed and before that reading is therefore dated before the suspend.
//
// One thread.
class WallClock {
 public:
  // Of more suspends the oldest become one: what was counted between these is dated that
  // much too early, what was counted before and after them is not.
  static constexpr size_t kMaxSuspends = 64;

  // Reads the clocks.
  explicit WallClock(ClockFunctions clocks);

  void Read();

  // CLOCK_MONOTONIC as it was last read.
  uint64_t monotonic_ns() const { return now_.monotonic_ns; }
  // The wall time of a time of CLOCK_MONOTONIC; times after monotonic_ns() count as that.
  int64_t TimeOf(uint64_t monotonic_ns) const;

 private:
  // `ns` that CLOCK_MONOTONIC did not see, before it stood at `monotonic_ns`.
  struct Suspend {
    uint64_t monotonic_ns;
    uint64_t ns;
  };

  void NoteSuspend(uint64_t ns);

  const ClockFunctions clocks_;
  ClockPair now_;
  uint64_t suspended_ns_;          // what is known of
  std::vector<Suspend> suspends_;  // oldest first
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_CLOCKS_WALL_CLOCK_H_
