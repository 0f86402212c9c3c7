// SPDX-License-Identifier: Apache-2.0
// Finds the flows that are due: a wheel of buckets, each for a span of time, with the flows whose
// deadlines may be in that span.
//
// If a deadline moves, as an idle timeout does with each record, the wheel is not updated. When the
// bucket's time comes, the flow is checked, and moved to the right bucket if it is not due.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_TIMER_WHEEL_H_
#define WEIR_TRANSFORMS_ACCOUNTER_TIMER_WHEEL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "transforms/accounter/entry_store.h"

namespace weir::transforms {

// Links the entries of one EntryStore. Times are ns of a clock that never goes back. One thread at
// a time.
class TimerWheel {
 public:
  // For deadlines at most `span_ns` ahead (at least 1 ns); later ones are checked more often.
  explicit TimerWheel(uint64_t span_ns);

  // Adds an entry. It is checked by `deadline_ns`, or at the next Expire.
  void Arm(EntryStore* entries, uint32_t number, uint64_t deadline_ns) {
    Link(entries, number, BucketFor(deadline_ns));
  }
  // Removes an entry.
  void Cancel(EntryStore* entries, uint32_t number);
  // Removes all entries, and sets the time to now_ns.
  void Reset(uint64_t now_ns) {
    std::fill(heads_.begin(), heads_.end(), kNone);
    cursor_ = now_ns / span_ns_;
  }

  // Calls on_due(number) for each entry with deadline_of(number) <= now_ns. on_due removes the
  // entry, or returns false to stop. Returns false if it was stopped; the other entries are checked
  // next time.
  template <typename DeadlineOf, typename OnDue>
  bool Expire(EntryStore* entries, uint64_t now_ns, DeadlineOf deadline_of, OnDue on_due);

  size_t bytes() const { return heads_.size() * sizeof(uint32_t); }

 private:
  static constexpr uint32_t kNone = EntryStore::kNone;
  static constexpr size_t kBuckets = 1024;
  // In `previous`: the entry is the first of the bucket in the other bits.
  static constexpr uint32_t kFirst = EntryStore::kMaxEntries;

  size_t BucketFor(uint64_t deadline_ns) const {
    const uint64_t span = std::clamp(deadline_ns / span_ns_, cursor_, cursor_ + kBuckets - 1);
    return span % kBuckets;
  }
  void Link(EntryStore* entries, uint32_t number, size_t bucket);

  const uint64_t span_ns_;  // of a bucket
  uint64_t cursor_ = 0;     // all earlier spans are past
  std::vector<uint32_t> heads_;
};

template <typename DeadlineOf, typename OnDue>
bool TimerWheel::Expire(EntryStore* entries, uint64_t now_ns, DeadlineOf deadline_of,
                        OnDue on_due) {
  const uint64_t last = std::max(now_ns / span_ns_, cursor_);
  // After one turn all entries were checked.
  if (last - cursor_ >= kBuckets) cursor_ = last - (kBuckets - 1);
  for (;; ++cursor_) {
    const size_t bucket = cursor_ % kBuckets;
    for (uint32_t number = heads_[bucket], next; number != kNone; number = next) {
      next = (*entries)[number].next;
      const uint64_t deadline_ns = deadline_of(number);
      if (deadline_ns <= now_ns) {
        if (!on_due(number)) return false;
      } else if (const size_t to = BucketFor(deadline_ns); to != bucket) {
        Cancel(entries, number);
        Link(entries, number, to);
      }
    }
    if (cursor_ == last) return true;
  }
}

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_TIMER_WHEEL_H_
