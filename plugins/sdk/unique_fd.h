// SPDX-License-Identifier: Apache-2.0
// Owns a file descriptor and closes it.
#ifndef WEIR_PLUGINS_SDK_UNIQUE_FD_H_
#define WEIR_PLUGINS_SDK_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace weir::sdk {

// Ignores errors of close, so it is for descriptors where these mean nothing: BPF maps, events,
// sockets, and files that are only read. One thread at a time.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) close(fd_);
  }

  // The descriptor, or -1 if there is none.
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_UNIQUE_FD_H_
