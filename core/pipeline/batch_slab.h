// SPDX-License-Identifier: Apache-2.0
// Allocates batches (weir_batch of the plugin interface) and counts their references.
#ifndef WEIR_CORE_PIPELINE_BATCH_SLAB_H_
#define WEIR_CORE_PIPELINE_BATCH_SLAB_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "core/pipeline/in_flight.h"
#include "core/record/record.h"

namespace weir::pipeline {

inline constexpr uint32_t kMaxBatchRows = 65536;

// Returns a zeroed batch of size 0 with room for `rows` rows and one reference. Its rows
// have the layout of `like`, or are plain records if `like` is null. Returns null if
// `rows` is 0 or above kMaxBatchRows, or if memory is short.
weir_batch* AllocateBatch(uint32_t rows, const weir_batch* like = nullptr);

// Thread-safe. The last release frees the batch.
void RetainBatch(const weir_batch* batch);
void ReleaseBatch(const weir_batch* batch);

// Makes `in_flight` count the batch until it is freed. Must precede every other reference.
void TrackDelivery(const weir_batch* batch, std::shared_ptr<InFlight> in_flight);
// Tracks `batch` together with `parent`. Does nothing if `parent` is not tracked or
// `batch` already is. Must precede every other reference to `batch`.
void InheritDelivery(const weir_batch* batch, const weir_batch* parent);
// Records that the batch was lost, if it is tracked. Thread-safe.
void MarkLost(const weir_batch* batch);

// Returns the current number of references. Shows which batches a plugin retains.
uint32_t References(const weir_batch* batch);

// Returns the number of allocated batches in the process. Tests expect 0 at their end.
int64_t LiveBatches();

// One reference to a batch. The reference is not thread-safe; the batch is.
class BatchRef {
 public:
  BatchRef() = default;
  // Takes over the caller's reference.
  static BatchRef Adopt(const weir_batch* batch) { return BatchRef(batch); }
  // Adds a reference.
  static BatchRef Retain(const weir_batch* batch) {
    RetainBatch(batch);
    return BatchRef(batch);
  }

  BatchRef(const BatchRef& other) : batch_(other.batch_) {
    if (batch_ != nullptr) RetainBatch(batch_);
  }
  BatchRef(BatchRef&& other) noexcept : batch_(std::exchange(other.batch_, nullptr)) {}
  BatchRef& operator=(BatchRef other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~BatchRef() {
    if (batch_ != nullptr) ReleaseBatch(batch_);
  }

  const weir_batch* get() const { return batch_; }
  const weir_batch* operator->() const { return batch_; }
  explicit operator bool() const { return batch_ != nullptr; }

 private:
  explicit BatchRef(const weir_batch* batch) : batch_(batch) {}

  const weir_batch* batch_ = nullptr;
};

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_BATCH_SLAB_H_
