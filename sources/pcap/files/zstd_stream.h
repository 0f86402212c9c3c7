// SPDX-License-Identifier: Apache-2.0
// Decompresses zstd.
#ifndef WEIR_SOURCES_PCAP_FILES_ZSTD_STREAM_H_
#define WEIR_SOURCES_PCAP_FILES_ZSTD_STREAM_H_

#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// One thread.
class ZstdStream : public ByteStream {
 public:
  // `input` must outlive it.
  explicit ZstdStream(ByteStream* input);

  sdk::Status Open();
  sdk::Result<size_t> Read(uint8_t* to, size_t size) override;

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  // Returns the number of bytes that were decompressed; 0 if more input is needed.
  sdk::Result<size_t> Unpack(uint8_t* to, size_t size);
  // Returns false at the end of the input.
  sdk::Result<bool> Refill();

  ByteStream* const input_;
  std::vector<uint8_t> block_;
  ZSTD_inBuffer in_{};
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool in_frame_ = false;  // inside a frame
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_ZSTD_STREAM_H_
