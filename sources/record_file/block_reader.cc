// SPDX-License-Identifier: Apache-2.0
#include "sources/record_file/block_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::sources {

BlockReader::BlockReader(int fd, int wake_fd, std::function<absl::Status()> before_wait)
    : fd_(fd), wake_fd_(wake_fd), before_wait_(std::move(before_wait)), block_(kBlockBytes) {}

absl::StatusOr<size_t> BlockReader::Read(void* to, size_t size) {
  if (next_ == end_) {
    if (absl::Status status = Fill(); !status.ok()) return status;
  }
  const size_t count = std::min(size, end_ - next_);
  std::memcpy(to, block_.data() + next_, count);
  next_ += count;
  return count;
}

absl::Status BlockReader::Fill() {
  next_ = end_ = 0;
  while (true) {
    if (absl::Status status = WaitForInput(); !status.ok() || interrupted_) return status;
    const ssize_t got = read(fd_, block_.data(), block_.size());
    if (got >= 0) {
      end_ = static_cast<size_t>(got);
      return absl::OkStatus();
    }
    // Another reader of the same pipe may have been faster.
    if (errno != EINTR && errno != EAGAIN) return absl::ErrnoToStatus(errno, "read");
  }
}

absl::Status BlockReader::WaitForInput() {
  pollfd sources[2] = {{fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  int timeout_ms = 0;
  while (true) {
    const int ready = poll(sources, 2, timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return absl::ErrnoToStatus(errno, "poll");
    if (ready > 0) {
      interrupted_ = sources[1].revents != 0;
      return absl::OkStatus();
    }
    if (absl::Status status = before_wait_(); !status.ok()) return status;
    timeout_ms = -1;
  }
}

}  // namespace weir::sources
