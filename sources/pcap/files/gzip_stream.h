// SPDX-License-Identifier: Apache-2.0
// What a gzip stream holds.
#ifndef WEIR_SOURCES_PCAP_FILES_GZIP_STREAM_H_
#define WEIR_SOURCES_PCAP_FILES_GZIP_STREAM_H_

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plugins/sdk/status.h"
#include "sources/pcap/files/byte_stream.h"

namespace weir::pcap {

// Members behind one another are one stream. Zeros behind the last one, with which backups fill a
// block, are skipped, as gzip(1) does. One thread.
class GzipStream : public ByteStream {
 public:
  // `input` must outlive this.
  explicit GzipStream(ByteStream* input);
  ~GzipStream() override;

  sdk::Status Open();
  sdk::Result<size_t> Read(uint8_t* to, size_t size) override;

 private:
  // Inflates into what z_ points to; OK also if nothing came of it.
  sdk::Status Inflate();
  // Skips zeros of the input. An error if it has other bytes behind them.
  sdk::Status SkipPadding();
  // False at the end of the input.
  sdk::Result<bool> Refill();

  ByteStream* const input_;
  std::vector<uint8_t> block_;
  z_stream z_{};
  bool open_ = false;
  bool in_member_ = false;  // a gzip stream has begun and not ended
  bool in_padding_ = false;
  sdk::Status failed_;  // to be told once what was inflated before is handed out
};

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_GZIP_STREAM_H_
