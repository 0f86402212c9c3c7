// SPDX-License-Identifier: Apache-2.0
// A stream of bytes in memory. Tests, fuzzers and benchmarks only.
#ifndef WEIR_SOURCES_PCAP_TESTING_MEMORY_STREAM_H_
#define WEIR_SOURCES_PCAP_TESTING_MEMORY_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// One thread. The bytes must outlive it.
class MemoryStream : public ByteStream {
 public:
  // Each Read returns at most `at_once` bytes.
  explicit MemoryStream(std::string_view bytes, size_t at_once = SIZE_MAX)
      : rest_(bytes), at_once_(at_once) {}

  sdk::Result<size_t> Read(uint8_t* to, size_t size) override {
    const size_t count = rest_.copy(reinterpret_cast<char*>(to), std::min(size, at_once_));
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
  const size_t at_once_;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_TESTING_MEMORY_STREAM_H_
