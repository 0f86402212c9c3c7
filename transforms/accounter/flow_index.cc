// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/flow_index.h"

#include <algorithm>
#include <cstddef>
#include <memory>

namespace weir::transforms {

void FlowIndex::Empty(Segment* segment, uint32_t depth) {
  segment->slots.fill({0, kNone});
  segment->used = 0;
  segment->depth = depth;
}

void FlowIndex::Put(Segment* segment, Slot slot) {
  uint32_t at = HomeOf(slot.tag);
  while (segment->slots[at].number != kNone) at = (at + 1) % kSlots;
  segment->slots[at] = slot;
  ++segment->used;
}

bool FlowIndex::Begin() {
  std::unique_ptr<Segment> first = pool_->Take();
  if (first == nullptr) return false;
  Empty(first.get(), 0);
  directory_.assign(1, first.release());
  depth_ = 0;
  segments_ = 1;
  return true;
}

bool FlowIndex::Insert(uint64_t hash, uint32_t number) {
  if (directory_.empty() && !Begin()) return false;
  const uint32_t tag = TagOf(hash);
  Segment* segment = directory_[PlaceOf(tag)];
  // Once is enough, unless hashes are not random.
  while (segment->used >= kMostUsed && segment->depth < kMaxDepth) {
    if (!Split(tag)) return false;
    segment = directory_[PlaceOf(tag)];
  }
  // One slot stays free, so that searches end.
  if (segment->used >= kSlots - 1) return false;
  Put(segment, {tag, number});
  return true;
}

bool FlowIndex::Split(uint32_t tag) {
  std::unique_ptr<Segment> upper = pool_->Take();
  if (upper == nullptr) return false;
  Segment* const lower = directory_[PlaceOf(tag)];
  if (lower->depth == depth_) {
    std::vector<Segment*> twice(directory_.size() * 2);
    for (size_t i = 0; i < twice.size(); ++i) twice[i] = directory_[i / 2];
    directory_.swap(twice);
    ++depth_;
  }
  const uint32_t depth = lower->depth + 1;
  const uint32_t upper_bit = 1u << (32 - depth);
  const std::array<Slot, kSlots> slots = lower->slots;
  Empty(lower, depth);
  Empty(upper.get(), depth);
  for (const Slot& slot : slots) {
    if (slot.number != kNone) Put((slot.tag & upper_bit) != 0 ? upper.get() : lower, slot);
  }
  // The upper half of the segment's places.
  const size_t places = size_t{1} << (depth_ - depth);
  const size_t first = PlaceOf(tag) / (2 * places) * (2 * places) + places;
  std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>(first), places, upper.release());
  ++segments_;
  return true;
}

void FlowIndex::Erase(uint64_t hash, uint32_t number) {
  Segment* const segment = directory_[PlaceOf(TagOf(hash))];
  uint32_t hole = HomeOf(TagOf(hash));
  while (segment->slots[hole].number != number) hole = (hole + 1) % kSlots;
  --segment->used;
  // Later entries move up, except in front of their home slot. Slots are never marked as deleted,
  // so searches stay short.
  for (uint32_t at = (hole + 1) % kSlots; segment->slots[at].number != kNone;
       at = (at + 1) % kSlots) {
    const uint32_t home = HomeOf(segment->slots[at].tag);
    if ((at - home) % kSlots < (at - hole) % kSlots) continue;
    segment->slots[hole] = segment->slots[at];
    hole = at;
  }
  segment->slots[hole] = {0, kNone};
}

void FlowIndex::Clear() {
  for (size_t i = 0; i < directory_.size(); ++i) {
    // A segment that is in several places is returned at the last one.
    if (i + 1 < directory_.size() && directory_[i + 1] == directory_[i]) continue;
    pool_->Give(std::unique_ptr<Segment>(directory_[i]));
  }
  directory_.clear();
  depth_ = 0;
  segments_ = 0;
}

}  // namespace weir::transforms
