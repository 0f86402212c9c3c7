// SPDX-License-Identifier: Apache-2.0
// What the memory traffic alone of accounting costs: the least that it can.
#ifndef WEIR_TOOLS_BENCHMARKS_MEMORY_FLOOR_H_
#define WEIR_TOOLS_BENCHMARKS_MEMORY_FLOOR_H_

#include <cstdint>
#include <vector>

#include "tools/benchmarks/test_rows.h"

namespace weir::benchmarks {

// One slot of 96 bytes for each flow, which are found by their numbers: nothing is hashed
// and nothing compared. Used by one thread.
class SlotFloor {
 public:
  explicit SlotFloor(uint32_t flows) : slots_(flows) {}

  // Adds to the slots of these flows, one after another. Returns ns per flow named.
  double Sample(const std::vector<uint32_t>& numbers);

 private:
  struct alignas(32) Slot {
    uint64_t packets = 0;
    uint64_t bytes = 0;
    uint64_t end_ns = 0;
    uint8_t rest[72] = {};
  };
  static_assert(sizeof(Slot) == 96);

  std::vector<Slot> slots_;
};

// Reads each byte of all rows, one after another. Returns ns per row.
double SampleStreaming(const TestRows& rows);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_MEMORY_FLOOR_H_
