// SPDX-License-Identifier: Apache-2.0
// Batches that a component on trial is given, and whether it treats them as lent.
#ifndef WEIR_CORE_CONFORMANCE_LENT_BATCH_H_
#define WEIR_CORE_CONFORMANCE_LENT_BATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/pipeline/batch_slab.h"

namespace weir::conformance {

// Bytes behind the record in each row of a batch as of a newer host.
inline constexpr uint32_t kUnknownBytes = 72;

// A batch with rows. One thread.
class LentBatch {
 public:
  // `rows` (0 to pipeline::kMaxBatchRows) records of different flows, beginning with the
  // number `first`; every eighth has all fields at their edges. With `unknown_bytes` so
  // many, that are not zero, follow each record.
  LentBatch(uint32_t rows, uint32_t first, uint32_t unknown_bytes);
  // What a component still keeps of it then, it has for ever.
  ~LentBatch() = default;
  LentBatch(LentBatch&&) = default;

  const pipeline::BatchRef& batch() const { return batch_; }

  // After a call: what the component did to it that nobody may; empty: nothing. Told once.
  std::string WhatWasDone();
  // Whether somebody else has a reference.
  bool IsKept() const;

 private:
  pipeline::BatchRef batch_;
  // One that is never given away: a reference that a component takes away without having
  // it does not free the batch, so that it can be named.
  pipeline::BatchRef spare_;
  std::vector<uint8_t> rows_;
};

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_LENT_BATCH_H_
