// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/clocks/wall_clock.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <utility>

namespace weir::ebpf {

namespace {

// A smaller difference is noise of the readings, or a suspend too short to matter.
constexpr int64_t kShortestSuspendNs = 1'000'000;

struct TwoClocks {
  uint64_t monotonic_ns = 0;
  int64_t other_ns = 0;
};

// Two clocks cannot be read at once. Whatever happens in between (another thread, the hypervisor)
// makes `monotonic` before and after differ. Of a few tries, takes the one with the smallest
// difference.
template <typename Monotonic, typename Other>
TwoClocks ReadTogether(const Monotonic& monotonic, const Other& other) {
  constexpr int kTimes = 4;
  TwoClocks closest;
  uint64_t least = std::numeric_limits<uint64_t>::max();
  for (int i = 0; i < kTimes; ++i) {
    const uint64_t before = monotonic();
    const int64_t read = other();
    const uint64_t between = monotonic() - before;
    if (between >= least) continue;
    least = between;
    closest = {before + between / 2, read};
  }
  return closest;
}

// Returns 0 for a clock that the kernel does not have.
int64_t KernelClock(clockid_t id) {
  timespec now{};
  if (clock_gettime(id, &now) != 0) return 0;
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

uint64_t SuspendedNs() {
  const TwoClocks clocks =
      ReadTogether([] { return static_cast<uint64_t>(KernelClock(CLOCK_MONOTONIC)); },
                   [] { return KernelClock(CLOCK_BOOTTIME); });
  return static_cast<uint64_t>(clocks.other_ns) - clocks.monotonic_ns;
}

ClockFunctions ClocksOf(const sdk::Stage* stage, std::function<uint64_t()> suspended) {
  return {[stage] { return stage->MonotonicNs(); }, [stage] { return stage->WallNs(); },
          std::move(suspended)};
}

WallClock::WallClock(ClockFunctions clocks)
    : clocks_(std::move(clocks)), suspended_ns_(clocks_.suspended()) {
  Read();
}

void WallClock::Read() {
  const TwoClocks clocks = ReadTogether(clocks_.monotonic, clocks_.wall);
  now_ = {clocks.other_ns, clocks.monotonic_ns};
  const uint64_t suspended_ns = clocks_.suspended();
  const auto grown = static_cast<int64_t>(suspended_ns - suspended_ns_);
  // Ignore noise: otherwise the noise of many readings would add up.
  if (std::abs(grown) < kShortestSuspendNs) return;
  suspended_ns_ = suspended_ns;
  if (grown > 0) NoteSuspend(static_cast<uint64_t>(grown));
}

void WallClock::NoteSuspend(uint64_t ns) {
  if (suspends_.size() == kMaxSuspends) {
    suspends_[1].ns += suspends_[0].ns;
    suspends_.erase(suspends_.begin());
  }
  suspends_.push_back({now_.monotonic_ns, ns});
}

int64_t WallClock::TimeOf(uint64_t monotonic_ns) const {
  monotonic_ns = std::min(monotonic_ns, now_.monotonic_ns);
  uint64_t suspended_since = 0;
  for (auto suspend = suspends_.rbegin(); suspend != suspends_.rend(); ++suspend) {
    if (suspend->monotonic_ns <= monotonic_ns) break;
    suspended_since += suspend->ns;
  }
  return static_cast<int64_t>(static_cast<uint64_t>(now_.WallTime(monotonic_ns)) - suspended_since);
}

}  // namespace weir::ebpf
