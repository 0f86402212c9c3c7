// SPDX-License-Identifier: Apache-2.0
// Bytes in the order in which they come: of a file, or of what a compressed one holds.
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

  // Up to `size` bytes, which is not 0: one at least, but at the end. 0 too when the
  // input was interrupted. After an error there is nothing more.
  virtual sdk::Result<size_t> Read(uint8_t* to, size_t size) = 0;

 protected:
  ByteStream() = default;
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_BYTE_STREAM_H_
