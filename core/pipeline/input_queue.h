// SPDX-License-Identifier: Apache-2.0
// The bounded input queues of a stage that has its own thread: one queue per edge, so that
// no producer uses another producer's room. One lock guards them all.
//
// Batches can arrive every few microseconds, and waking a thread takes as long. So the
// queue does not wake a thread for each batch. A producer that finds its queue full waits
// until half of it is free. A consumer that finds all queues empty naps for up to 0.2 ms,
// and wakes earlier only if a quarter of one queue's room has filled. After the nap it
// sleeps until the next batch.
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
  // Has room for `batches_per_edge` batches on each of `edges` edges; both at least 1.
  InputQueue(size_t edges, size_t batches_per_edge);

  // Adds `batch` to the queue of `edge`; waits while that queue is full. Returns false,
  // without adding it, if the queue is closed or aborted.
  bool Push(size_t edge, BatchRef batch);

  // Ends the input. Batches in the queue can still be popped.
  void Close();

  // Makes the Pop that waits now, or else the next Pop that would wait, return kTimeout.
  void Wake();

  // Ends input and output, wakes all waiting threads, and returns the batches that were
  // left in the queue.
  std::vector<BatchRef> Abort();

  enum class Outcome { kBatch, kTimeout, kClosed };
  struct Popped {
    Outcome outcome;
    BatchRef batch;  // with kBatch
  };
  // Returns the next batch and serves the edges in turn. Returns kTimeout after `timeout`
  // or a Wake, and kClosed once the queue is closed and empty, or aborted.
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
  size_t batches_ ABSL_GUARDED_BY(mutex_) = 0;    // on all edges
  size_t next_edge_ ABSL_GUARDED_BY(mutex_) = 0;  // the edge to serve next
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;  // Wake was called and no Pop returned since
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_INPUT_QUEUE_H_
