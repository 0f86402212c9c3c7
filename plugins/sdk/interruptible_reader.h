// SPDX-License-Identifier: Apache-2.0
// Reads from a file or a pipe until another thread interrupts it: for Run of a source, which
// Interrupt must end.
#ifndef WEIR_PLUGINS_SDK_INTERRUPTIBLE_READER_H_
#define WEIR_PLUGINS_SDK_INTERRUPTIBLE_READER_H_

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <utility>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// One thread. Does not own the descriptors.
class InterruptibleReader {
 public:
  // Reads from `fd` until `wake_fd` (Wakeup::fd) is readable. Read calls `before_wait` when no
  // input is there and it is about to wait: emit then what was read so far.
  InterruptibleReader(int fd, int wake_fd, std::function<Status()> before_wait)
      : fd_(fd), wake_fd_(wake_fd), before_wait_(std::move(before_wait)) {}

  // Waits for input. Reads up to `size` bytes into `to` and returns their number; returns 0 at the
  // end of the input and after an interrupt.
  Result<size_t> Read(void* to, size_t size) {
    while (true) {
      if (Status status = WaitForInput(); !status.ok()) return status;
      if (interrupted_) return size_t{0};
      const ssize_t got = read(fd_, to, size);
      if (got >= 0) return static_cast<size_t>(got);
      // EAGAIN: another reader of the same pipe was faster.
      if (errno != EINTR && errno != EAGAIN) return FileErrnoStatus("read", errno);
    }
  }

  bool interrupted() const { return interrupted_; }

 private:
  Status WaitForInput() {
    pollfd sources[2] = {{fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    int timeout_ms = 0;
    while (true) {
      const int ready = poll(sources, 2, timeout_ms);
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return ErrnoStatus("poll", errno);
      if (ready > 0) {
        interrupted_ = sources[1].revents != 0;
        return OkStatus();
      }
      if (Status status = before_wait_(); !status.ok()) return status;
      timeout_ms = -1;
    }
  }

  const int fd_;
  const int wake_fd_;
  const std::function<Status()> before_wait_;
  bool interrupted_ = false;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_INTERRUPTIBLE_READER_H_
