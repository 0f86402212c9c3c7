// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/entry_store.h"

#include <utility>

namespace weir::transforms {

uint32_t EntryStore::TakeNumber() {
  if (free_ != kNone) {
    const uint32_t number = free_;
    free_ = (*this)[number].next;
    return number;
  }
  if (begun_ == kMaxEntries) return kNone;
  if (begun_ == chunks_.size() * kChunkEntries) {
    std::unique_ptr<Chunk> chunk = pool_->Take();
    if (chunk == nullptr) return kNone;
    chunks_.push_back(std::move(chunk));
    taken_.push_back(0);
  }
  return begun_++;
}

uint32_t EntryStore::Add() {
  const uint32_t number = TakeNumber();
  if (number == kNone) return kNone;
  Append(number);
  ++taken_[number / kChunkEntries];
  ++size_;
  return number;
}

void EntryStore::Remove(uint32_t number) {
  Unlink(number);
  --taken_[number / kChunkEntries];
  if (--size_ == 0) return Clear();
  (*this)[number].next = free_;
  free_ = number;
}

void EntryStore::RemoveOldestForGood() {
  const uint32_t number = oldest_;
  Unlink(number);
  // The entry behind it in the next chunk is usually read soon; the processor cannot predict that.
  if (const uint32_t soon = number / kChunkEntries + 1;
      soon < chunks_.size() && chunks_[soon] != nullptr) {
    __builtin_prefetch(&chunks_[soon]->entries[number % kChunkEntries].previous);
    __builtin_prefetch(&chunks_[soon]->entries[number % kChunkEntries]);
  }
  const uint32_t chunk = number / kChunkEntries;
  if (--taken_[chunk] == 0) pool_->Give(std::move(chunks_[chunk]));
  if (--size_ == 0) Clear();
}

void EntryStore::Renew(uint32_t number) {
  Unlink(number);
  Append(number);
}

void EntryStore::Append(uint32_t number) {
  OrderOf(number) = {youngest_, kNone};
  if (youngest_ == kNone) {
    oldest_ = number;
  } else {
    OrderOf(youngest_).younger = number;
  }
  youngest_ = number;
}

void EntryStore::Unlink(uint32_t number) {
  const Order order = OrderOf(number);
  (order.older == kNone ? oldest_ : OrderOf(order.older).younger) = order.younger;
  (order.younger == kNone ? youngest_ : OrderOf(order.younger).older) = order.older;
}

void EntryStore::Clear() {
  for (std::unique_ptr<Chunk>& chunk : chunks_) {
    if (chunk != nullptr) pool_->Give(std::move(chunk));
  }
  chunks_.clear();
  taken_.clear();
  begun_ = 0;
  free_ = kNone;
  oldest_ = kNone;
  youngest_ = kNone;
  size_ = 0;
}

}  // namespace weir::transforms
