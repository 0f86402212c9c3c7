// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/write_all.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace weir::sinks {
namespace {

// 0 when `fd` can be written to, or when writing will say what is wrong with it.
int WaitUntilWritable(int fd) {
  pollfd target = {fd, POLLOUT, 0};
  while (poll(&target, 1, -1) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace

int WriteAll(int fd, std::string_view text, size_t* written) {
  *written = 0;
  while (*written < text.size()) {
    const ssize_t count = write(fd, text.data() + *written, text.size() - *written);
    if (count >= 0) {
      *written += static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      if (const int error = WaitUntilWritable(fd); error != 0) return error;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace weir::sinks
