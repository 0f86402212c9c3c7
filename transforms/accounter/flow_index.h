// SPDX-License-Identifier: Apache-2.0
// From the hash of a flow to the number of its entry: open addressing with linear
// probing, in segments that split in two when they are full.
//
// Segments are what keeps growing cheap: no record waits for more than 2048 slots to be
// moved, however many flows there are, and there are never many more slots than flows.
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

  // `pool` outlives this.
  explicit FlowIndex(Pool* pool) : pool_(pool) {}
  ~FlowIndex() { Clear(); }
  FlowIndex(const FlowIndex&) = delete;
  FlowIndex& operator=(const FlowIndex&) = delete;

  // The entry of that hash for which `is_it(number)` is true, or kNone.
  template <typename IsIt>
  uint32_t Find(uint64_t hash, IsIt is_it) const;
  // The first entry that may be it, or kNone: for a look ahead of time.
  uint32_t Guess(uint64_t hash) const;
  // Asks the processor for the memory that Find will look at.
  [[gnu::always_inline]] void Prefetch(uint64_t hash) const;

  // Adds an entry that is not in. False when memory is short: it was not added.
  bool Insert(uint64_t hash, uint32_t number);
  // Removes one that is in.
  void Erase(uint64_t hash, uint32_t number);
  // Removes all; segments go to the pool.
  void Clear();

  size_t segments() const { return segments_; }
  // Beside the segments.
  size_t bytes() const { return directory_.capacity() * sizeof(void*); }

 private:
  // The tag is the upper half of the hash. Its first bits say the segment, its last ones
  // the place in it; all of them tell flows apart. A number of kNone: free.
  struct Slot {
    uint32_t tag;
    uint32_t number;
  };
  static constexpr uint32_t kSlotBits = 11;
  static constexpr uint32_t kSlots = 1u << kSlotBits;
  // With more of them in use, searches for flows that are not there get long.
  static constexpr uint32_t kMostUsed = kSlots / 16 * 13;
  // With more segments the two would overlap.
  static constexpr uint32_t kMaxDepth = 32 - kSlotBits;

  static uint32_t TagOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  // Where in the directory. In 64 bits: a shift by 32 is one of depth 0.
  size_t PlaceOf(uint32_t tag) const { return static_cast<size_t>(uint64_t{tag} >> (32 - depth_)); }
  static uint32_t HomeOf(uint32_t tag) { return tag % kSlots; }

  bool Begin();
  bool Split(uint32_t tag);
  static void Empty(Segment* segment, uint32_t depth);
  static void Put(Segment* segment, Slot slot);

  Pool* const pool_;
  // By the first depth_ bits of tags. A segment of a smaller depth stands there several
  // times, one after another; owned here.
  std::vector<Segment*> directory_;
  uint32_t depth_ = 0;
  size_t segments_ = 0;
};

struct FlowIndex::Segment {
  std::array<Slot, kSlots> slots;
  uint32_t used;
  uint32_t depth;  // all tags in it have that many first bits in common
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
