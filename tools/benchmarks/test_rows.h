// SPDX-License-Identifier: Apache-2.0
// Batches of records as a source would emit them, made before anything is measured.
#ifndef WEIR_TOOLS_BENCHMARKS_TEST_ROWS_H_
#define WEIR_TOOLS_BENCHMARKS_TEST_ROWS_H_

#include <cstdint>
#include <vector>

#include "core/pipeline/batch_slab.h"
#include "core/record/record.h"

namespace weir::benchmarks {

using Batches = std::vector<pipeline::BatchRef>;

inline constexpr uint32_t kRowsPerBatch = 256;  // what the SDK's writer makes of them

// A record of one packet of flow `number`, the same one each time: IPv4 and IPv6 in turns.
Record PacketOf(uint32_t number);

// Thread-safe, because constant.
class TestRows {
 public:
  // As many rounds through all of `flows` flows, each in a random order of its own, as it
  // takes for `records` records or more.
  TestRows(uint32_t flows, uint32_t records);

  uint32_t flows() const { return flows_; }
  uint32_t records() const { return records_; }
  // Which flow each record is of, in the order of the batches.
  const std::vector<uint32_t>& numbers() const { return numbers_; }
  const Batches& all() const { return all_; }
  // The first round: each flow once.
  const Batches& first() const { return first_; }

 private:
  uint32_t flows_;
  uint32_t records_;
  std::vector<uint32_t> numbers_;
  Batches all_;
  Batches first_;
};

// A batch of one record.
pipeline::BatchRef BatchOfOne(const Record& record);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_TEST_ROWS_H_
