// SPDX-License-Identifier: Apache-2.0
// Allocation and reference counts of batches (weir_batch of the plugin boundary).
#ifndef WEIR_CORE_PIPELINE_BATCH_SLAB_H_
#define WEIR_CORE_PIPELINE_BATCH_SLAB_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "core/pipeline/in_flight.h"
#include "core/record/record.h"

namespace weir::pipeline {

inline constexpr uint32_t kMaxBatchRows = 65536;

// A batch with room for `rows` rows, zeroed, of size 0 and with one reference; its
// rows are records, or laid out as those of `like` if that is not null. Null for 0 or
// more than kMaxBatchRows rows, or when memory is short.
weir_batch* AllocateBatch(uint32_t rows, const weir_batch* like = nullptr);

// Thread-safe. The last release frees.
void RetainBatch(const weir_batch* batch);
void ReleaseBatch(const weir_batch* batch);

// Has `in_flight` count the batch until it is freed. Before anybody else has the batch.
void TrackDelivery(const weir_batch* batch, std::shared_ptr<InFlight> in_flight);
// The same with what counts `other`, if anything does, and nothing counts `batch`.
void InheritDelivery(const weir_batch* batch, const weir_batch* other);
// Says that the batch does not get where it was to go, if it is traced. Thread-safe.
void MarkLost(const weir_batch* batch);

// How many references it has now: for whoever wants to know what a plugin keeps.
uint32_t References(const weir_batch* batch);

// Batches that are allocated now, in the whole process: what tests hold to zero.
int64_t LiveBatches();

// One reference of a batch. Not thread-safe itself; the batch it holds is.
class BatchRef {
 public:
  BatchRef() = default;
  // Takes over the reference that the caller has.
  static BatchRef Adopt(const weir_batch* batch) { return BatchRef(batch); }
  // A reference of its own.
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
