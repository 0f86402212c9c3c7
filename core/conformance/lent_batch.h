// SPDX-License-Identifier: Apache-2.0
// The batches that a component under test gets, and checks that it treats them as lent.
#ifndef WEIR_CORE_CONFORMANCE_LENT_BATCH_H_
#define WEIR_CORE_CONFORMANCE_LENT_BATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/pipeline/batch_slab.h"

namespace weir::conformance {

// The bytes that a newer host would add behind the record in each row.
inline constexpr uint32_t kUnknownBytes = 72;

// An input batch. Not thread-safe.
class LentBatch {
 public:
  // Makes `rows` (0 to pipeline::kMaxBatchRows) records of different flows, numbered from
  // `first`. Every eighth record has extreme values in all fields. `unknown_bytes` bytes
  // that are not zero follow each record.
  LentBatch(uint32_t rows, uint32_t first, uint32_t unknown_bytes);
  // A reference that the component still has is never released.
  ~LentBatch() = default;
  LentBatch(LentBatch&&) = default;

  const pipeline::BatchRef& batch() const { return batch_; }

  // Returns how the component misused the batch since the last call; empty if it did not.
  std::string TakeViolation();
  // True if the component has a reference.
  bool IsRetained() const;

 private:
  pipeline::BatchRef batch_;
  // A second reference: if the component releases one that it does not own, the batch stays
  // valid and the violation can be reported.
  pipeline::BatchRef spare_;
  std::vector<uint8_t> rows_;
};

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_LENT_BATCH_H_
