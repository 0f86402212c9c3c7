// SPDX-License-Identifier: Apache-2.0
// Counts the batches of one source that the pipeline has not yet delivered.
#ifndef WEIR_CORE_PIPELINE_IN_FLIGHT_H_
#define WEIR_CORE_PIPELINE_IN_FLIGHT_H_

#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace weir::pipeline {

// Thread-safe.
class InFlight {
 public:
  void Add() {
    absl::MutexLock lock(&mutex_);
    ++batches_;
  }
  void Remove() {
    absl::MutexLock lock(&mutex_);
    --batches_;
  }
  // Records that a batch was lost.
  void MarkLost() {
    absl::MutexLock lock(&mutex_);
    lost_ = true;
  }

  // Waits until the count is 0. Returns false if a batch was lost since the last call.
  bool WaitForDelivery() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &InFlight::None));
    return !std::exchange(lost_, false);
  }

 private:
  bool None() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return batches_ == 0; }

  absl::Mutex mutex_;
  int64_t batches_ ABSL_GUARDED_BY(mutex_) = 0;
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_IN_FLIGHT_H_
