// SPDX-License-Identifier: Apache-2.0
// Which flows are due: a wheel of buckets, each for a span of time, with the flows of
// which the deadline may be in it.
//
// A deadline that moves away, as an idle timeout does with each record, is not followed:
// a flow is looked at when its bucket comes, and put where it belongs by then.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_TIMER_WHEEL_H_
#define WEIR_TRANSFORMS_ACCOUNTER_TIMER_WHEEL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "transforms/accounter/entry_store.h"

namespace weir::transforms {

// Threads the entries of one EntryStore. Times are ns of a clock that never goes back. One
// thread at a time.
class TimerWheel {
 public:
  // For deadlines at most `span_ns` ahead; later ones cost more looks. At least 1 ns.
  explicit TimerWheel(uint64_t span_ns);

  // Puts in an entry that is not in. It is looked at by `deadline_ns`, or at the next Expire.
  void Arm(EntryStore* entries, uint32_t number, uint64_t deadline_ns) {
    Link(entries, number, BucketFor(deadline_ns));
  }
  // Takes out an entry that is in.
  void Cancel(EntryStore* entries, uint32_t number);
  // Forgets all, and goes on from now_ns.
  void Reset(uint64_t now_ns) {
    std::fill(heads_.begin(), heads_.end(), kNone);
    cursor_ = now_ns / span_ns_;
  }

  // Calls on_due(number), which takes the entry out or says false to end here, for each
  // entry for which deadline_of(number) <= now_ns. False if it was ended: what is left is
  // looked at next time.
  template <typename DeadlineOf, typename OnDue>
  bool Expire(EntryStore* entries, uint64_t now_ns, DeadlineOf deadline_of, OnDue on_due);

  size_t bytes() const { return heads_.size() * sizeof(uint32_t); }

 private:
  static constexpr uint32_t kNone = EntryStore::kNone;
  static constexpr size_t kBuckets = 1024;
  // In `previous`: this is the first entry of the bucket that the other bits say.
  static constexpr uint32_t kFirst = EntryStore::kMaxEntries;

  size_t BucketFor(uint64_t deadline_ns) const {
    const uint64_t span = std::clamp(deadline_ns / span_ns_, cursor_, cursor_ + kBuckets - 1);
    return span % kBuckets;
  }
  void Link(EntryStore* entries, uint32_t number, size_t bucket);

  const uint64_t span_ns_;  // of a bucket
  uint64_t cursor_ = 0;     // all deadlines before that many spans are past
  std::vector<uint32_t> heads_;
};

template <typename DeadlineOf, typename OnDue>
bool TimerWheel::Expire(EntryStore* entries, uint64_t now_ns, DeadlineOf deadline_of,
                        OnDue on_due) {
  const uint64_t last = std::max(now_ns / span_ns_, cursor_);
  // After one turn all entries have been looked at.
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
