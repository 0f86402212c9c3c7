// SPDX-License-Identifier: Apache-2.0
// The two clocks of a pipeline, behind an interface so that tests can set them.
#ifndef WEIR_CORE_PIPELINE_CLOCK_H_
#define WEIR_CORE_PIPELINE_CLOCK_H_

#include <cstdint>

namespace weir::pipeline {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t MonotonicNs() const = 0;  // CLOCK_MONOTONIC, as BPF programs read it
  virtual int64_t WallNs() const = 0;        // since 1970-01-01T00:00:00Z
};

// Returns the kernel's clocks. They live as long as the process.
const Clock* SystemClock();

}  // namespace weir::pipeline

#endif  // WEIR_CORE_PIPELINE_CLOCK_H_
