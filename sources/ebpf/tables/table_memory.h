// SPDX-License-Identifier: Apache-2.0
// The kernel memory that flows need.
#ifndef WEIR_SOURCES_EBPF_TABLES_TABLE_MEMORY_H_
#define WEIR_SOURCES_EBPF_TABLES_TABLE_MEMORY_H_

#include <cstdint>

#include "sources/ebpf/kernel/kernel_options.h"

namespace weir::ebpf {

// Returns the bytes of both epochs together, with `max_flows` in each. `tier` is kMapped or kHash.
constexpr uint64_t TableBytes(TableTier tier, uint32_t max_flows) {
  constexpr uint64_t kEpochs = 2;
  if (tier == TableTier::kMapped) {
    // 1.5 slots for a flow, rounded up. A slot has two cache lines.
    constexpr uint64_t kSlotBytes = 128;
    return kEpochs * ((uint64_t{max_flows} * 3 + 1) / 2) * kSlotBytes;
  }
  // The entry, with the kernel's own part and its share of the buckets.
  constexpr uint64_t kEntryBytes = 185;
  return kEpochs * max_flows * kEntryBytes;
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_TABLE_MEMORY_H_
