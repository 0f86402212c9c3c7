// SPDX-License-Identifier: Apache-2.0
// Blocks of bytes, each compressed for itself: as a gzip member (RFC 1952) or a zstd frame
// (RFC 8878). One after another they are a file that gzip and zstd read, and whatever is
// torn off its end, all blocks before it can be read.
#ifndef WEIR_SINKS_FILE_COMPRESSOR_H_
#define WEIR_SINKS_FILE_COMPRESSOR_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "plugins/sdk/status.h"

namespace weir::sinks {

// One thread.
class Compressor {
 public:
  virtual ~Compressor() = default;
  // The block of `bytes`; valid until the next call.
  virtual sdk::Result<std::string_view> Compress(std::string_view bytes) = 0;
};

std::unique_ptr<Compressor> MakeGzipCompressor();
std::unique_ptr<Compressor> MakeZstdCompressor();

// The most that a block of `bytes` bytes takes, by either of them.
constexpr size_t MaxCompressedBytes(size_t bytes) { return bytes + bytes / 128 + 1024; }

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_COMPRESSOR_H_
