// SPDX-License-Identifier: Apache-2.0
// Reads a file or a pipe in large blocks, and hands out small pieces of them.
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

  // Up to `size` bytes; 0 at the end of the input and when interrupted. What had been
  // read before an interruption is still handed out.
  absl::StatusOr<size_t> Read(void* to, size_t size);

  bool interrupted() const { return input_.interrupted(); }

 private:
  sdk::InterruptibleReader input_;
  std::vector<uint8_t> block_;
  size_t next_ = 0;  // first byte of block_ that was not handed out
  size_t end_ = 0;   // end of what block_ holds
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_RECORD_FILE_BLOCK_READER_H_
