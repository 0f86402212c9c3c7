// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/clock.h"

#include <ctime>

#include "glog/logging.h"

namespace weir::pipeline {
namespace {

int64_t ReadClock(clockid_t id) {
  timespec now;
  PCHECK(clock_gettime(id, &now) == 0);  // fails only if the clock does not exist
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class KernelClock : public Clock {
 public:
  uint64_t MonotonicNs() const override {
    return static_cast<uint64_t>(ReadClock(CLOCK_MONOTONIC));
  }
  int64_t WallNs() const override { return ReadClock(CLOCK_REALTIME); }
};

}  // namespace

const Clock* SystemClock() {
  static const auto* const clock = new KernelClock();
  return clock;
}

}  // namespace weir::pipeline
