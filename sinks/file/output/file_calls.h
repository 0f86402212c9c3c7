// SPDX-License-Identifier: Apache-2.0
// The system calls that fail on a full or broken disk, so that tests can make them fail.
#ifndef WEIR_SINKS_FILE_OUTPUT_FILE_CALLS_H_
#define WEIR_SINKS_FILE_OUTPUT_FILE_CALLS_H_

#include <fcntl.h>  // keep: AT_FDCWD
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>  // keep: renameat2

namespace weir::sinks {

// Each function behaves like the system call of the same name, errno included. Thread-safe.
class FileCalls {
 public:
  virtual ~FileCalls() = default;

  virtual ssize_t Write(int fd, const void* from, size_t size) { return write(fd, from, size); }
  virtual int Truncate(int fd, off_t size) { return ftruncate(fd, size); }
  virtual int Sync(int fd) { return fsync(fd); }
  virtual int Close(int fd) { return close(fd); }

  // Like rename(2), but never replaces a file: EEXIST.
  virtual int Rename(const char* from, const char* to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL) return -1;
    // For file systems without RENAME_NOREPLACE, such as NFS. For a moment the file has both names.
    return link(from, to) == 0 ? unlink(from) : -1;
  }
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_FILE_CALLS_H_
