// SPDX-License-Identifier: Apache-2.0
// The entries of a table, in the order in which their flows came. Entries are numbered. They are in
// chunks, so that there are few spare entries and none is ever moved.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_ENTRY_STORE_H_
#define WEIR_TRANSFORMS_ACCOUNTER_ENTRY_STORE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "transforms/accounter/block_pool.h"
#include "transforms/accounter/flow_entry.h"

namespace weir::transforms {

// One thread at a time.
class EntryStore {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};
  // Numbers are less than this, which leaves a bit for other uses.
  static constexpr uint32_t kMaxEntries = uint32_t{1} << 31;

  struct Chunk;
  using Pool = BlockPool<Chunk>;

  // `pool` must outlive it.
  explicit EntryStore(Pool* pool) : pool_(pool) {}
  ~EntryStore() { Clear(); }
  EntryStore(const EntryStore&) = delete;
  EntryStore& operator=(const EntryStore&) = delete;

  // Adds an uninitialised entry, the youngest. Returns kNone if there is no memory.
  uint32_t Add();
  void Remove(uint32_t number);
  // Removes all entries. The chunks go to the pool.
  void Clear();
  // Removes the oldest entry of a table to which nothing is added. Empty chunks go to the pool.
  void RemoveOldestForGood();
  // Makes an entry the youngest.
  void Renew(uint32_t number);

  FlowEntry& operator[](uint32_t number);
  const FlowEntry& operator[](uint32_t number) const;

  uint32_t oldest() const { return oldest_; }
  size_t size() const { return size_; }
  size_t chunks() const { return chunks_.size(); }
  // The memory in addition to the chunks.
  size_t bytes() const {
    return chunks_.capacity() * sizeof(chunks_[0]) + taken_.capacity() * sizeof(taken_[0]);
  }

 private:
  // Few, so that little memory is reserved for flows that may not come.
  static constexpr uint32_t kChunkEntries = 32;

  struct Order {
    uint32_t older;
    uint32_t younger;
  };

  Order& OrderOf(uint32_t number);
  void Append(uint32_t number);
  void Unlink(uint32_t number);
  uint32_t TakeNumber();

  Pool* const pool_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<uint8_t> taken_;  // number of used entries of each chunk
  uint32_t begun_ = 0;          // all lower numbers are or were used
  uint32_t free_ = kNone;       // list of removed entries, linked by FlowEntry::next
  uint32_t oldest_ = kNone;
  uint32_t youngest_ = kNone;
  size_t size_ = 0;
};

struct EntryStore::Chunk {
  std::array<FlowEntry, kChunkEntries> entries;
  std::array<Order, kChunkEntries> order;
};

inline FlowEntry& EntryStore::operator[](uint32_t number) {
  return chunks_[number / kChunkEntries]->entries[number % kChunkEntries];
}

inline const FlowEntry& EntryStore::operator[](uint32_t number) const {
  return chunks_[number / kChunkEntries]->entries[number % kChunkEntries];
}

inline EntryStore::Order& EntryStore::OrderOf(uint32_t number) {
  return chunks_[number / kChunkEntries]->order[number % kChunkEntries];
}

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_ENTRY_STORE_H_
