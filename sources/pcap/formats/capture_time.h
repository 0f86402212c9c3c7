// SPDX-License-Identifier: Apache-2.0
// Converts the times of pcapng, which are ticks of a resolution that each interface chooses.
#ifndef WEIR_SOURCES_PCAP_FORMATS_CAPTURE_TIME_H_
#define WEIR_SOURCES_PCAP_FORMATS_CAPTURE_TIME_H_

#include <cstdint>
#include <optional>

namespace weir::pcap {

// Implements if_tsresol and if_tsoffset (draft-ietf-opsawg-pcapng, section 4.2). Immutable.
class CaptureTime {
 public:
  static constexpr uint8_t kMicroseconds = 6;

  // A tick is 10^-n seconds if `resolution` is n, or 2^-n seconds if its highest bit is set and the
  // other bits are n. `offset` is added to each time, in seconds.
  explicit CaptureTime(uint8_t resolution = kMicroseconds, int64_t offset = 0);

  // Returns nanoseconds since 1970, at most INT64_MAX; none for a time before 1970 or after 2262.
  std::optional<uint64_t> Nanoseconds(uint64_t ticks) const {
    __extension__ using Wide = __int128;  // has room for ticks * 10^9 plus an offset in ns
    Wide ns = static_cast<Wide>(ticks) * multiplier_;
    if (divisor_ != 1) {
      ns = static_cast<Wide>(ticks / divisor_);
    } else {
      ns >>= shift_;
    }
    ns += static_cast<Wide>(offset_) * kSecond;
    if (ns < 0 || ns > INT64_MAX) return std::nullopt;
    return static_cast<uint64_t>(ns);
  }

 private:
  static constexpr int64_t kSecond = 1'000'000'000;

  uint64_t multiplier_ = 1;
  uint64_t divisor_ = 1;
  uint32_t shift_ = 0;
  int64_t offset_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FORMATS_CAPTURE_TIME_H_
