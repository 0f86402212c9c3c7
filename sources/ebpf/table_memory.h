// SPDX-License-Identifier: Apache-2.0
// The two ways to keep flows in the kernel, and the memory that each takes there.
#ifndef WEIR_SOURCES_EBPF_TABLE_MEMORY_H_
#define WEIR_SOURCES_EBPF_TABLE_MEMORY_H_

#include <cstdint>

namespace weir::ebpf {

enum class FlowTableTier {
  // A table of weir's own in an array that user space maps; needs such arrays and the
  // BPF instruction compare-and-swap.
  kMapped,
  // Two preallocated hash maps in an array of maps.
  kHash,
};

// Whether the programs of this version can use the mapped tier where the kernel can.
inline constexpr bool kHasMappedTier = false;

// Of both epochs together, for `max_flows` in each.
constexpr uint64_t TableBytes(FlowTableTier tier, uint32_t max_flows) {
  constexpr uint64_t kEpochs = 2;
  if (tier == FlowTableTier::kMapped) {
    // One slot and a half for a flow, rounded up, of two cache lines.
    constexpr uint64_t kSlotBytes = 128;
    return kEpochs * ((uint64_t{max_flows} * 3 + 1) / 2) * kSlotBytes;
  }
  // Entry with the kernel's own part, and its share of the buckets.
  constexpr uint64_t kEntryBytes = 170;
  return kEpochs * max_flows * kEntryBytes;
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLE_MEMORY_H_
