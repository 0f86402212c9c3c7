// SPDX-License-Identifier: Apache-2.0
// A file descriptor with an owner.
#ifndef WEIR_SOURCES_EBPF_UNIQUE_FD_H_
#define WEIR_SOURCES_EBPF_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace weir::ebpf {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  // The close of a map, an event or a socket has nothing to report.
  ~UniqueFd() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_UNIQUE_FD_H_
