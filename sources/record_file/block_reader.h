// SPDX-License-Identifier: Apache-2.0
// Reads a file or a pipe in large blocks, and returns small pieces of them.
#ifndef WEIR_SOURCES_RECORD_FILE_BLOCK_READER_H_
#define WEIR_SOURCES_RECORD_FILE_BLOCK_READER_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/sdk/interruptible_reader.h"

namespace weir::sources {

// One thread.
class BlockReader {
 public:
  static constexpr size_t kBlockBytes = 256 * 1024;

  explicit BlockReader(sdk::InterruptibleReader input)
      : input_(std::move(input)), block_(kBlockBytes) {}

  // Reads up to `size` bytes. Returns 0 at the end of the input, and after an interruption once the
  // bytes that were read before are used up.
  absl::StatusOr<size_t> Read(void* to, size_t size);

  bool interrupted() const { return input_.interrupted(); }

 private:
  sdk::InterruptibleReader input_;
  std::vector<uint8_t> block_;
  size_t next_ = 0;  // the first byte of block_ that Read has not returned
  size_t end_ = 0;   // the end of the bytes in block_
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_RECORD_FILE_BLOCK_READER_H_
