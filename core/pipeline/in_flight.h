// SPDX-License-Identifier: Apache-2.0
// The batches of one source that are still under way in the pipeline.
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
  // One of them did not get where it was to go.
  void MarkLost() {
    absl::MutexLock lock(&mutex_);
    lost_ = true;
  }

  // Waits until there is none. False if one was lost since the last time.
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
