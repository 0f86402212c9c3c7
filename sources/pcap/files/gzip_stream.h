// SPDX-License-Identifier: Apache-2.0
// Decompresses gzip.
#ifndef WEIR_SOURCES_PCAP_FILES_GZIP_STREAM_H_
#define WEIR_SOURCES_PCAP_FILES_GZIP_STREAM_H_

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// Reads all members of a file as one stream. Skips zeros after the last member, which backup
// programs add to fill a block, as gzip(1) does. One thread.
class GzipStream : public ByteStream {
 public:
  // `input` must outlive it.
  explicit GzipStream(ByteStream* input);
  ~GzipStream() override;

  sdk::Status Open();
  sdk::Result<size_t> Read(uint8_t* to, size_t size) override;

 private:
  // Inflates to the output that z_ points to. OK also if that produced no byte.
  sdk::Status Inflate();
  // Skips zeros of the input. An error if other bytes follow them.
  sdk::Status SkipPadding();
  // Returns false at the end of the input.
  sdk::Result<bool> Refill();

  ByteStream* const input_;
  std::vector<uint8_t> block_;
  z_stream z_{};
  bool open_ = false;
  bool in_member_ = false;  // inside a gzip member
  bool in_padding_ = false;
  sdk::Status failed_;  // reported after the bytes that were inflated before it
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_GZIP_STREAM_H_
