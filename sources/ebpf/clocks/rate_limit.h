// SPDX-License-Identifier: Apache-2.0
// Limits the rate of log lines.
#ifndef WEIR_SOURCES_EBPF_CLOCKS_RATE_LIMIT_H_
#define WEIR_SOURCES_EBPF_CLOCKS_RATE_LIMIT_H_

#include <cstdint>

namespace weir::ebpf {

// Allows `burst` lines in each interval. For one thread at a time.
class RateLimit {
 public:
  RateLimit(uint32_t burst, uint64_t interval_ns) : burst_(burst), interval_ns_(interval_ns) {}

  // Returns true if a line may be written at `now_ns` of the monotonic clock.
  bool Allow(uint64_t now_ns) {
    if (!begun_ || now_ns - interval_start_ns_ >= interval_ns_) {
      begun_ = true;
      interval_start_ns_ = now_ns;
      written_ = 0;
    }
    if (written_ >= burst_) return false;
    ++written_;
    return true;
  }

 private:
  const uint32_t burst_;
  const uint64_t interval_ns_;
  bool begun_ = false;
  uint64_t interval_start_ns_ = 0;
  uint32_t written_ = 0;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_CLOCKS_RATE_LIMIT_H_
