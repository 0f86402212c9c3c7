// SPDX-License-Identifier: Apache-2.0
// The bounded queues in front of a stage that has a thread of its own: one per
// edge, so that no producer takes another's room, behind one lock.
//
// Batches may come every few microseconds, which is what it takes to wake a thread. So
// neither side is woken for each: a producer that found the queue full goes on when half
// of it is free, and a consumer that found it empty sleeps for some 0.2 ms unless a quarter
// of it has been filled meanwhile. Only then does the next batch wake it.
#ifndef WEIR_CORE_PIPELINE_INPUT_QUEUE_H_
#define WEIR_CORE_PIPELINE_INPUT_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/pipeline/batch_slab.h"

namespace weir::pipeline {

// Thread-safe.
class InputQueue {
 public:
  // Room for `batches_per_edge` (at least 1) batches on each of `edges` edges.
  InputQueue(size_t edges, size_t batches_per_edge);

  // Waits for room on that edge if there is none. False: the queue takes no more, and `batch` was
  // not put in.
  bool Push(size_t edge, BatchRef batch);

  // No more will be pushed; what is in can still be popped.
  void Close();

  // Lets a Pop that waits for a batch, or the next one that would, return kTimeout at once.
  void Wake();

  // Takes no more, gives no more, wakes everybody; returns what was still in.
  std::vector<BatchRef> Abort();

  enum class Outcome { kBatch, kTimeout, kClosed };
  struct Popped {
    Outcome outcome;
    BatchRef batch;  // with kBatch
  };
  // The next batch, the edges in turn. kTimeout after `timeout` or a Wake; kClosed once
  // the queue is closed and empty, or aborted.
  Popped Pop(absl::Duration timeout);

 private:
  bool PopReady() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || woken_ || batches_ > 0;
  }
  bool PopWorthWaking() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || woken_ || batches_ >= std::max<size_t>(batches_per_edge_ / 4, 1);
  }
  BatchRef TakeNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t batches_per_edge_;
  absl::Mutex mutex_;
  std::vector<std::deque<BatchRef>> edges_ ABSL_GUARDED_BY(mutex_);
  size_t batches_ ABSL_GUARDED_BY(mutex_) = 0;    // in all edges
  size_t next_edge_ ABSL_GUARDED_BY(mutex_) = 0;  // whose turn it is
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;  // and no Pop has told yet
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_INPUT_QUEUE_H_
