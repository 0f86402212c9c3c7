// SPDX-License-Identifier: Apache-2.0
// The two clocks that a pipeline works by, as an interface that tests replace.
#ifndef WEIR_CORE_PIPELINE_CLOCK_H_
#define WEIR_CORE_PIPELINE_CLOCK_H_

#include <cstdint>

namespace weir::pipeline {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t MonotonicNs() const = 0;  // CLOCK_MONOTONIC: what BPF programs read too
  virtual int64_t WallNs() const = 0;        // since 1970-01-01T00:00:00Z
};

// The kernel's clocks. Lives as long as the process.
const Clock* SystemClock();

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_CLOCK_H_
