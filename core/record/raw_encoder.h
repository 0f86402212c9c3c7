// SPDX-License-Identifier: Apache-2.0
// Writes flow records as a recording: packed records of 84 bytes (raw_record.h), which the source
// `record_file` reads.
#ifndef WEIR_CORE_RECORD_RAW_ENCODER_H_
#define WEIR_CORE_RECORD_RAW_ENCODER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/record/raw_record.h"
#include "core/record/record.h"
#include "plugins/abi/weir_interfaces.h"

namespace weir {

// Writes the key, the counts and the monotonic times. Everything else is lost, also the wall times
// and the interface name. A count of packets beyond 32 bits becomes 2^32 - 1. Stateless, so
// thread-safe.
class RawEncoder {
 public:
  // The size of every record.
  static constexpr size_t kMaxRecordBytes = sizeof(RawRecord);

  // Writes one record. Returns the end.
  static char* Write(const Record& record, const weir_other_interfaces* /*others*/, char* to) {
    return Write(record, to);
  }
  static char* Write(const Record& record, char* to) {
    constexpr uint64_t kMost = std::numeric_limits<uint32_t>::max();
    RawRecord raw;
    raw.key = KeyOf(record);
    raw.metrics.packets = static_cast<uint32_t>(std::min(record.packets, kMost));
    raw.metrics.bytes = record.bytes;
    raw.metrics.start_mono_time_ns = record.start_mono_time_ns;
    raw.metrics.end_mono_time_ns = record.end_mono_time_ns;
    std::memcpy(to, &raw, sizeof(raw));
    return to + sizeof(raw);
  }
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_RAW_ENCODER_H_
