// SPDX-License-Identifier: Apache-2.0
// Turns what the programs wrote down as the end of a flow into nanoseconds.
#ifndef WEIR_SOURCES_EBPF_CLOCKS_END_CLOCK_H_
#define WEIR_SOURCES_EBPF_CLOCKS_END_CLOCK_H_

#include <algorithm>
#include <cstdint>

#include "bpf/flow.h"

namespace weir::ebpf {

// Immutable.
class EndClock {
 public:
  // Of programs that take nanoseconds.
  EndClock() = default;
  // Of programs that take jiffies: at one instant these were `jiffies`, and
  // CLOCK_MONOTONIC `monotonic_ns`. A jiffy lasts `tick_ns` of CLOCK_MONOTONIC exactly
  // (TICK_NSEC, kernel/time/tick-sched.c) and none begins while that clock stands still in
  // a suspend, so that this never has to be asked again.
  EndClock(uint64_t jiffies, uint64_t monotonic_ns, uint64_t tick_ns)
      : jiffies_(jiffies), monotonic_ns_(monotonic_ns), tick_ns_(tick_ns) {}

  // No flow ends before it starts, though a jiffy may have begun before.
  void ToNanoseconds(flow_value_t* value) const {
    if (tick_ns_ == 0) return;
    // Wraps as the difference does.
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
