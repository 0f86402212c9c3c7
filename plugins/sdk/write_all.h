// SPDX-License-Identifier: Apache-2.0
// Writes all bytes with write(2), to blocking and non-blocking descriptors.
#ifndef WEIR_PLUGINS_SDK_WRITE_ALL_H_
#define WEIR_PLUGINS_SDK_WRITE_ALL_H_

#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace weir::sdk {

namespace internal {

// Waits until a write to `fd` will not block. Returns 0, or the errno of poll. A broken descriptor
// counts as writable: the write then reports the error.
inline int WaitUntilWritable(int fd) {
  pollfd target = {fd, POLLOUT, 0};
  while (poll(&target, 1, -1) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace internal

// Writes `text` to `fd`. Returns 0, or the errno of the write that failed (EPIPE if the reader of a
// pipe has gone; weir ignores SIGPIPE). Sets `written` to the number of bytes written, also after
// an error. Blocks while the reader does not read. `write_some` takes the place of write(2).
template <typename WriteSome>
int WriteAll(int fd, std::string_view text, size_t* written, WriteSome write_some) {
  *written = 0;
  while (*written < text.size()) {
    const ssize_t count = write_some(fd, text.data() + *written, text.size() - *written);
    if (count >= 0) {
      *written += static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      if (const int error = internal::WaitUntilWritable(fd); error != 0) return error;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

inline int WriteAll(int fd, std::string_view text, size_t* written) {
  return WriteAll(fd, text, written, write);
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_WRITE_ALL_H_
