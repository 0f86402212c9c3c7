// SPDX-License-Identifier: Apache-2.0
// Maps the hash of a flow to the number of its entry. Open addressing with linear probing, in
// segments that split in two when they are full.
//
// Segments make growth cheap: a record waits for at most 2048 slots to be moved, whatever the
// number of flows, and there are never many more slots than flows.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_FLOW_INDEX_H_
#define WEIR_TRANSFORMS_ACCOUNTER_FLOW_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "transforms/accounter/block_pool.h"

namespace weir::transforms {

// One thread at a time.
class FlowIndex {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  struct Segment;
  using Pool = BlockPool<Segment>;

  // `pool` must outlive it.
  explicit FlowIndex(Pool* pool) : pool_(pool) {}
  ~FlowIndex() { Clear(); }
  FlowIndex(const FlowIndex&) = delete;
  FlowIndex& operator=(const FlowIndex&) = delete;

  // Returns the entry with this hash for which `is_it(number)` is true, or kNone.
  template <typename IsIt>
  uint32_t Find(uint64_t hash, IsIt is_it) const;
  // Returns the first entry with this hash, or kNone, for prefetching.
  uint32_t Guess(uint64_t hash) const;
  // Prefetches the memory that Find reads.
  [[gnu::always_inline]] void Prefetch(uint64_t hash) const;

  // Adds an entry, which must not be in the index. Returns false, and does nothing, if there is no
  // memory.
  bool Insert(uint64_t hash, uint32_t number);
  // Removes an entry, which must be in the index.
  void Erase(uint64_t hash, uint32_t number);
  // Removes all entries. The segments go to the pool.
  void Clear();

  size_t segments() const { return segments_; }
  // The memory in addition to the segments.
  size_t bytes() const { return directory_.capacity() * sizeof(void*); }

 private:
  // The tag is the upper half of the hash. Its first bits select the segment, its last bits the
  // slot, and all bits distinguish flows. A slot with the number kNone is free.
  struct Slot {
    uint32_t tag;
    uint32_t number;
  };
  static constexpr uint32_t kSlotBits = 11;
  static constexpr uint32_t kSlots = 1u << kSlotBits;
  // If more slots are used, failing searches take long.
  static constexpr uint32_t kMostUsed = kSlots / 16 * 13;
  // With more segments the bits for segment and slot would overlap.
  static constexpr uint32_t kMaxDepth = 32 - kSlotBits;

  static uint32_t TagOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  // The index in the directory. In 64 bits, because depth 0 is a shift by 32.
  size_t PlaceOf(uint32_t tag) const { return static_cast<size_t>(uint64_t{tag} >> (32 - depth_)); }
  static uint32_t HomeOf(uint32_t tag) { return tag % kSlots; }

  bool Begin();
  bool Split(uint32_t tag);
  static void Empty(Segment* segment, uint32_t depth);
  static void Put(Segment* segment, Slot slot);

  Pool* const pool_;
  // Indexed by the first depth_ bits of tags. A segment with a smaller depth is in several
  // consecutive places. Owns the segments.
  std::vector<Segment*> directory_;
  uint32_t depth_ = 0;
  size_t segments_ = 0;
};

struct FlowIndex::Segment {
  std::array<Slot, kSlots> slots;
  uint32_t used;
  uint32_t depth;  // the number of first bits that all its tags have in common
};

template <typename IsIt>
uint32_t FlowIndex::Find(uint64_t hash, IsIt is_it) const {
  if (directory_.empty()) return kNone;
  const uint32_t tag = TagOf(hash);
  const Segment& segment = *directory_[PlaceOf(tag)];
  for (uint32_t at = HomeOf(tag);; at = (at + 1) % kSlots) {
    const Slot slot = segment.slots[at];
    if (slot.number == kNone) return kNone;
    if (slot.tag == tag && is_it(slot.number)) return slot.number;
  }
}

inline uint32_t FlowIndex::Guess(uint64_t hash) const {
  return Find(hash, [](uint32_t /*number*/) { return true; });
}

inline void FlowIndex::Prefetch(uint64_t hash) const {
  if (directory_.empty()) return;
  const uint32_t tag = TagOf(hash);
  __builtin_prefetch(&directory_[PlaceOf(tag)]->slots[HomeOf(tag)]);
}

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_FLOW_INDEX_H_
