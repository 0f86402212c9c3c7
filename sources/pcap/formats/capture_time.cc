// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/capture_time.h"

namespace weir::pcap {

namespace {

constexpr uint8_t kBinary = 0x80;
constexpr uint8_t kNano = 9;
// With ticks of 10^-29 seconds or less, 64 bits of ticks are less than a nanosecond.
constexpr uint8_t kFinest = kNano + 19;

uint64_t PowerOf10(int exponent) {
  uint64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

}  // namespace

CaptureTime::CaptureTime(uint8_t resolution, int64_t offset) : offset_(offset) {
  if ((resolution & kBinary) != 0) {
    multiplier_ = kSecond;
    shift_ = resolution & ~kBinary & 0x7f;
  } else if (resolution <= kNano) {
    multiplier_ = PowerOf10(kNano - resolution);
  } else if (resolution <= kFinest) {
    divisor_ = PowerOf10(resolution - kNano);
  } else {
    multiplier_ = 0;
  }
}

}  // namespace weir::pcap
