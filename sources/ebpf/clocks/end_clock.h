// SPDX-License-Identifier: Apache-2.0
// Converts the end time that the programs wrote into nanoseconds.
#ifndef WEIR_SOURCES_EBPF_CLOCKS_END_CLOCK_H_
#define WEIR_SOURCES_EBPF_CLOCKS_END_CLOCK_H_

#include <algorithm>
#include <cstdint>

#include "bpf/flow.h"

namespace weir::ebpf {

// Immutable.
class EndClock {
 public:
  // For programs that write nanoseconds.
  EndClock() = default;
  // For programs that write jiffies. At one instant the kernel's count was `jiffies` and
  // CLOCK_MONOTONIC was `monotonic_ns`. A jiffy lasts exactly `tick_ns` of CLOCK_MONOTONIC
  // (TICK_NSEC, kernel/time/tick-sched.c). No jiffy begins while that clock stands still in a
  // suspend. So one reading is enough.
  EndClock(uint64_t jiffies, uint64_t monotonic_ns, uint64_t tick_ns)
      : jiffies_(jiffies), monotonic_ns_(monotonic_ns), tick_ns_(tick_ns) {}

  // Limits the end to the start of the flow: the jiffy may have begun before it.
  void ToNanoseconds(flow_value_t* value) const {
    if (tick_ns_ == 0) return;
    // Wraps around as the difference does.
    value->end_time = std::max(monotonic_ns_ + (value->end_time - jiffies_) * tick_ns_,
                               value->start_mono_time_ns);
  }

 private:
  uint64_t jiffies_ = 0;
  uint64_t monotonic_ns_ = 0;
  uint64_t tick_ns_ = 0;  // 0: nothing to do
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_CLOCKS_END_CLOCK_H_
