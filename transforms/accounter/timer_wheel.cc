// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/timer_wheel.h"

namespace weir::transforms {

TimerWheel::TimerWheel(uint64_t span_ns)
    // One bucket is being checked, and one more has only begun.
    : span_ns_(span_ns / (kBuckets - 2) + 1), heads_(kBuckets, kNone) {}

void TimerWheel::Link(EntryStore* entries, uint32_t number, size_t bucket) {
  FlowEntry& entry = (*entries)[number];
  entry.previous = kFirst | static_cast<uint32_t>(bucket);
  entry.next = heads_[bucket];
  if (entry.next != kNone) (*entries)[entry.next].previous = number;
  heads_[bucket] = number;
}

void TimerWheel::Cancel(EntryStore* entries, uint32_t number) {
  const FlowEntry& entry = (*entries)[number];
  if ((entry.previous & kFirst) != 0) {
    heads_[entry.previous & ~kFirst] = entry.next;
  } else {
    (*entries)[entry.previous].next = entry.next;
  }
  if (entry.next != kNone) (*entries)[entry.next].previous = entry.previous;
}

}  // namespace weir::transforms
