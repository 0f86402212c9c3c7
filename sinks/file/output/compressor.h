// SPDX-License-Identifier: Apache-2.0
// Compresses blocks of bytes separately, each to a gzip member (RFC 1952) or a zstd frame (RFC
// 8878). Together they form a file that gzip and zstd can read. If the end of the file is lost, all
// blocks before it can still be read.
#ifndef WEIR_SINKS_FILE_OUTPUT_COMPRESSOR_H_
#define WEIR_SINKS_FILE_OUTPUT_COMPRESSOR_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "plugins/sdk/status.h"

namespace weir::sinks {

// One thread.
class Compressor {
 public:
  virtual ~Compressor() = default;
  // Returns the compressed block; valid until the next call.
  virtual sdk::Result<std::string_view> Compress(std::string_view bytes) = 0;
};

std::unique_ptr<Compressor> MakeGzipCompressor();
std::unique_ptr<Compressor> MakeZstdCompressor();

// The largest compressed size of a block of `bytes` bytes, for both compressors.
constexpr size_t MaxCompressedBytes(size_t bytes) { return bytes + bytes / 128 + 1024; }

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_COMPRESSOR_H_
