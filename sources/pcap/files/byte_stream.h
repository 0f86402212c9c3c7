// SPDX-License-Identifier: Apache-2.0
// A sequence of bytes: a file, or the content of a compressed file.
#ifndef WEIR_SOURCES_PCAP_FILES_BYTE_STREAM_H_
#define WEIR_SOURCES_PCAP_FILES_BYTE_STREAM_H_

#include <cstddef>
#include <cstdint>

#include "plugins/sdk/status.h"

namespace weir::pcap {

// One thread.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Reads up to `size` bytes; `size` is not 0. Returns at least 1, or 0 at the end of the input and
  // when the input was interrupted. After an error there is nothing more to read.
  virtual sdk::Result<size_t> Read(uint8_t* to, size_t size) = 0;

 protected:
  ByteStream() = default;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_BYTE_STREAM_H_
