// SPDX-License-Identifier: Apache-2.0
// The memory of the records that dedup holds.
#ifndef WEIR_TRANSFORMS_DEDUP_HELD_RECORDS_H_
#define WEIR_TRANSFORMS_DEDUP_HELD_RECORDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/record/other_interfaces.h"
#include "core/record/record.h"

namespace weir::transforms {

// A held record. Rows of batches are more than twice as long, mostly because of an empty list, so
// records become rows only when they are emitted.
struct HeldRecord {
  static constexpr uint32_t kNoList = UINT32_MAX;

  Record record;
  size_t hash;      // of its flow
  uint32_t list;    // of other interfaces, in InterfaceLists; kNoList if there is none
  bool counts;      // the record is from the counting place of its flow
  bool is_indexed;  // the record is the newest of its flow
};

// Records that came one after another and are emitted together.
struct HeldChunk {
  static constexpr uint32_t kRecords = 256;

  std::array<HeldRecord, kRecords> records;
};

// Free chunks. Keeps all chunks that were ever in use at the same time, so that later records need
// no new memory. One thread.
class HeldChunks {
 public:
  // Returns an uninitialised chunk; null if there is no memory.
  std::unique_ptr<HeldChunk> Take() {
    if (free_.empty()) return std::unique_ptr<HeldChunk>(new (std::nothrow) HeldChunk);
    std::unique_ptr<HeldChunk> chunk = std::move(free_.back());
    free_.pop_back();
    return chunk;
  }
  void Give(std::unique_ptr<HeldChunk> chunk) { free_.push_back(std::move(chunk)); }

 private:
  std::vector<std::unique_ptr<HeldChunk>> free_;
};

// Numbered lists of interfaces. Keeps the memory of all lists that were ever in use at the same
// time. One thread.
class InterfaceLists {
 public:
  weir_other_interfaces& operator[](uint32_t number) {
    return (*blocks_[number / kBlockLists])[number % kBlockLists];
  }

  // Returns the number of an empty list.
  uint32_t Take() {
    if (free_.empty()) AddBlock();
    const uint32_t number = free_.back();
    free_.pop_back();
    (*this)[number].count = 0;
    return number;
  }
  void Give(uint32_t number) { free_.push_back(number); }

 private:
  static constexpr uint32_t kBlockLists = 64;
  using Block = std::array<weir_other_interfaces, kBlockLists>;

  void AddBlock() {
    const auto first = static_cast<uint32_t>(blocks_.size()) * kBlockLists;
    blocks_.push_back(std::make_unique<Block>());
    // In reverse, so that lists are taken in the order of their addresses.
    for (uint32_t i = kBlockLists; i > 0; --i) free_.push_back(first + i - 1);
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<uint32_t> free_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_DEDUP_HELD_RECORDS_H_
