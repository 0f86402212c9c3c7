// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/memory_floor.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "tools/benchmarks/comparison.h"

namespace weir::benchmarks {

namespace {

// Has the compiler believe that somebody looks at it.
void Keep(uint64_t value) { asm volatile("" : : "r"(value) : "memory"); }

}  // namespace

double SlotFloor::Sample(const std::vector<uint32_t>& numbers) {
  const int64_t begin = ThreadCpuNs();
  for (const uint32_t number : numbers) {
    Slot& slot = slots_[number];
    slot.packets += 1;
    slot.bytes += number;
    slot.end_ns = std::max<uint64_t>(slot.end_ns, number);
  }
  Keep(slots_[0].packets);
  return static_cast<double>(ThreadCpuNs() - begin) / static_cast<double>(numbers.size());
}

double SampleStreaming(const TestRows& rows) {
  const int64_t begin = ThreadCpuNs();
  uint64_t sum = 0;
  for (const pipeline::BatchRef& batch : rows.all()) {
    const size_t words = size_t{batch->size} * batch->stride / sizeof(uint64_t);
    for (size_t i = 0; i < words; ++i) {
      uint64_t word;
      std::memcpy(&word, batch->rows + i * sizeof(word), sizeof(word));
      sum += word;
    }
  }
  Keep(sum);
  return static_cast<double>(ThreadCpuNs() - begin) / rows.records();
}

}  // namespace weir::benchmarks
