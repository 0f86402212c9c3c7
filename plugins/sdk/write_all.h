// SPDX-License-Identifier: Apache-2.0
// write(2) until all is written, on descriptors that block and on those that do not.
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

// 0 when `fd` can be written to, or when writing will say what is wrong with it.
inline int WaitUntilWritable(int fd) {
  pollfd target = {fd, POLLOUT, 0};
  while (poll(&target, 1, -1) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace internal

// 0, or the errno that ended it (EPIPE when the reader of a pipe has gone; SIGPIPE must
// be ignored). `written` says how many bytes were written in either case. Waits as long
// as the reader does. `write_some` is called as write(2) is.
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
