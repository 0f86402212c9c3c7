// SPDX-License-Identifier: Apache-2.0
// Converts the programs' times (CLOCK_MONOTONIC) into wall times, also after jumps of the wall
// clock and suspends.
#ifndef WEIR_SOURCES_EBPF_CLOCKS_WALL_CLOCK_H_
#define WEIR_SOURCES_EBPF_CLOCKS_WALL_CLOCK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/record/record.h"
#include "plugins/sdk/stage.h"

namespace weir::ebpf {

// Functions that return a time in ns.
struct ClockFunctions {
  std::function<uint64_t()> monotonic;  // CLOCK_MONOTONIC: stands still in a suspend
  std::function<int64_t()> wall;        // CLOCK_REALTIME, since 1970-01-01T00:00:00Z
  std::function<uint64_t()> suspended;  // sum of all suspends: CLOCK_BOOTTIME - CLOCK_MONOTONIC
};

// Asks the kernel. Any thread.
uint64_t SuspendedNs();

// Returns the host's clocks, and `suspended`, which the host does not have. `stage` must outlive
// them.
ClockFunctions ClocksOf(const sdk::Stage* stage, std::function<uint64_t()> suspended = SuspendedNs);

// Computes a time backwards from the last reading of the clocks. So
// - a step of the wall clock, in either direction, also corrects times before it: the new setting
//   is taken to be better than the old one;
// - slewing it changes nothing: the kernel makes CLOCK_MONOTONIC faster or slower by the same
//   amount;
// - no time is later than the last reading.
//
// A suspend is dated to the reading that finds it. Packets that were counted after the kernel had
// resumed but before that reading are therefore dated before the suspend.
//
// For one thread.
class WallClock {
 public:
  // If there are more, the oldest ones become one: packets counted between these are dated that
  // much too early. Packets before and after them are not affected.
  static constexpr size_t kMaxSuspends = 64;

  // Reads the clocks.
  explicit WallClock(ClockFunctions clocks);

  void Read();

  // CLOCK_MONOTONIC at the last reading.
  uint64_t monotonic_ns() const { return now_.monotonic_ns; }
  // Returns the wall time of a time of CLOCK_MONOTONIC. Later times than monotonic_ns() are taken
  // as monotonic_ns().
  int64_t TimeOf(uint64_t monotonic_ns) const;

 private:
  // A suspend of `ns`, which CLOCK_MONOTONIC did not count, when it was at `monotonic_ns`.
  struct Suspend {
    uint64_t monotonic_ns;
    uint64_t ns;
  };

  void NoteSuspend(uint64_t ns);

  const ClockFunctions clocks_;
  ClockPair now_;
  uint64_t suspended_ns_;          // sum of all known suspends
  std::vector<Suspend> suspends_;  // oldest first
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_CLOCKS_WALL_CLOCK_H_
