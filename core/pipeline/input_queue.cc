// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/input_queue.h"

#include <algorithm>
#include <utility>

#include "glog/logging.h"

namespace weir::pipeline {
namespace {

// How long a consumer that found the queue empty lets batches gather before it wakes.
// To sleep and wake costs as much as the work on one batch.
constexpr absl::Duration kNap = absl::Microseconds(200);

}  // namespace

InputQueue::InputQueue(size_t edges, size_t batches_per_edge)
    : batches_per_edge_(batches_per_edge), edges_(edges) {
  CHECK_GE(edges, 1u);
  CHECK_GE(batches_per_edge, 1u);
}

bool InputQueue::Push(size_t edge, BatchRef batch) {
  absl::MutexLock lock(&mutex_);
  if (edges_[edge].size() >= batches_per_edge_) {
    // Wait until half is free; otherwise the producer blocks again after one push.
    const auto has_room = [this, edge]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return closed_ || edges_[edge].size() <= batches_per_edge_ / 2;
    };
    mutex_.Await(absl::Condition(&has_room));
  }
  if (closed_) return false;
  edges_[edge].push_back(std::move(batch));
  ++batches_;
  return true;
}

void InputQueue::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

void InputQueue::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

std::vector<BatchRef> InputQueue::Abort() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  std::vector<BatchRef> left;
  while (batches_ > 0) left.push_back(TakeNext());
  return left;
}

InputQueue::Popped InputQueue::Pop(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  if (!PopReady()) {
    const absl::Duration nap = std::min(timeout, kNap);
    mutex_.AwaitWithTimeout(absl::Condition(this, &InputQueue::PopWorthWaking), nap);
    timeout -= nap;
  }
  mutex_.AwaitWithTimeout(absl::Condition(this, &InputQueue::PopReady), timeout);
  woken_ = false;
  if (batches_ > 0) return {Outcome::kBatch, TakeNext()};
  return {closed_ ? Outcome::kClosed : Outcome::kTimeout, BatchRef()};
}

BatchRef InputQueue::TakeNext() {
  while (edges_[next_edge_].empty()) next_edge_ = (next_edge_ + 1) % edges_.size();
  BatchRef batch = std::move(edges_[next_edge_].front());
  edges_[next_edge_].pop_front();
  --batches_;
  next_edge_ = (next_edge_ + 1) % edges_.size();
  return batch;
}

}  // namespace weir::pipeline
