// SPDX-License-Identifier: Apache-2.0
// Reads a file or a pipe in large blocks, and can be interrupted while it waits.
#ifndef WEIR_SOURCES_RECORD_FILE_BLOCK_READER_H_
#define WEIR_SOURCES_RECORD_FILE_BLOCK_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir::sources {

// One thread. Owns neither of the two descriptors.
class BlockReader {
 public:
  static constexpr size_t kBlockBytes = 256 * 1024;

  // Reads from `fd`, until the eventfd `wake_fd` is readable. `before_wait` is called
  // when nothing has come yet and Read is about to wait: the time to hand on what is
  // there.
  BlockReader(int fd, int wake_fd, std::function<absl::Status()> before_wait);

  // Up to `size` bytes; 0 at the end of the input and when interrupted. What had been
  // read before an interruption is still handed out.
  absl::StatusOr<size_t> Read(void* to, size_t size);

  bool interrupted() const { return interrupted_; }

 private:
  // Fills the block. Leaves it empty at the end of the input and when interrupted.
  absl::Status Fill();
  absl::Status WaitForInput();

  const int fd_;
  const int wake_fd_;
  const std::function<absl::Status()> before_wait_;
  std::vector<uint8_t> block_;
  size_t next_ = 0;  // first byte of block_ that was not handed out
  size_t end_ = 0;   // end of what block_ holds
  bool interrupted_ = false;
};

}  // namespace weir::sources

#endif  // WEIR_SOURCES_RECORD_FILE_BLOCK_READER_H_
