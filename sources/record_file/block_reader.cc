// SPDX-License-Identifier: Apache-2.0
#include "sources/record_file/block_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"

namespace weir::sources {

absl::StatusOr<size_t> BlockReader::Read(void* to, size_t size) {
  if (next_ == end_) {
    next_ = end_ = 0;
    sdk::Result<size_t> got = input_.Read(block_.data(), block_.size());
    if (!got.ok()) {
      return absl::Status(static_cast<absl::StatusCode>(got.status().code()),
                          got.status().message());
    }
    end_ = *got;
  }
  const size_t count = std::min(size, end_ - next_);
  std::memcpy(to, block_.data() + next_, count);
  next_ += count;
  return count;
}

}  // namespace weir::sources
