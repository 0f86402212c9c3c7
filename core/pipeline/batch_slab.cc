// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/batch_slab.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <new>
#include <utility>

#include "glog/logging.h"

namespace weir::pipeline {
namespace {

// The batch comes first, so that a slab and its batch have the same address. The rows
// follow the slab.
struct Slab {
  weir_batch batch;
  std::atomic<uint32_t> references;
  std::shared_ptr<InFlight> in_flight;  // null: delivery is not tracked
};
constexpr size_t kRowsOffset = (sizeof(Slab) + 63) / 64 * 64;

std::atomic<int64_t> live_batches{0};

Slab* SlabOf(const weir_batch* batch) {
  return reinterpret_cast<Slab*>(const_cast<weir_batch*>(batch));
}

}  // namespace

weir_batch* AllocateBatch(uint32_t rows, const weir_batch* like) {
  if (rows == 0 || rows > kMaxBatchRows) return nullptr;
  const uint32_t stride = like == nullptr ? sizeof(Record) : like->stride;
  // With calloc, the unused rows of a large batch take no memory.
  void* const memory = std::calloc(1, kRowsOffset + size_t{rows} * stride);
  if (memory == nullptr) return nullptr;
  Slab* const slab = new (memory) Slab{};
  slab->references.store(1, std::memory_order_relaxed);
  slab->batch.struct_size = sizeof(weir_batch);
  slab->batch.record_version = WEIR_RECORD_VERSION;
  slab->batch.stride = stride;
  slab->batch.capacity = rows;
  if (like != nullptr) {
    std::copy(std::begin(like->block_offset), std::end(like->block_offset),
              slab->batch.block_offset);
  }
  slab->batch.rows = static_cast<uint8_t*>(memory) + kRowsOffset;
  live_batches.fetch_add(1, std::memory_order_relaxed);
  return &slab->batch;
}

void RetainBatch(const weir_batch* batch) {
  SlabOf(batch)->references.fetch_add(1, std::memory_order_relaxed);
}

void ReleaseBatch(const weir_batch* batch) {
  Slab* const slab = SlabOf(batch);
  const uint32_t before = slab->references.fetch_sub(1, std::memory_order_acq_rel);
  CHECK_GT(before, 0u) << "a batch was released more often than it was retained";
  if (before > 1) return;
  const std::shared_ptr<InFlight> in_flight = std::move(slab->in_flight);
  slab->~Slab();
  std::free(slab);
  live_batches.fetch_sub(1, std::memory_order_relaxed);
  if (in_flight != nullptr) in_flight->Remove();
}

void TrackDelivery(const weir_batch* batch, std::shared_ptr<InFlight> in_flight) {
  in_flight->Add();
  SlabOf(batch)->in_flight = std::move(in_flight);
}

void InheritDelivery(const weir_batch* batch, const weir_batch* parent) {
  if (SlabOf(batch)->in_flight != nullptr || SlabOf(parent)->in_flight == nullptr) return;
  TrackDelivery(batch, SlabOf(parent)->in_flight);
}

void MarkLost(const weir_batch* batch) {
  if (SlabOf(batch)->in_flight != nullptr) SlabOf(batch)->in_flight->MarkLost();
}

uint32_t References(const weir_batch* batch) {
  return SlabOf(batch)->references.load(std::memory_order_acquire);
}

int64_t LiveBatches() { return live_batches.load(std::memory_order_relaxed); }

}  // namespace weir::pipeline
