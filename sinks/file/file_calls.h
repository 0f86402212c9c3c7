// SPDX-License-Identifier: Apache-2.0
// The system calls that a full or broken disk makes fail, so that a test can fail them.
#ifndef WEIR_SINKS_FILE_FILE_CALLS_H_
#define WEIR_SINKS_FILE_FILE_CALLS_H_

#include <fcntl.h>  // keep: AT_FDCWD
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>  // keep: renameat2

namespace weir::sinks {

// Each returns what the call of its name does, and sets errno as it does. Thread-safe.
class FileCalls {
 public:
  virtual ~FileCalls() = default;

  virtual ssize_t Write(int fd, const void* from, size_t size) { return write(fd, from, size); }
  virtual int Truncate(int fd, off_t size) { return ftruncate(fd, size); }
  virtual int Sync(int fd) { return fsync(fd); }
  virtual int Close(int fd) { return close(fd); }

  // rename(2) that never takes the place of a file: EEXIST.
  virtual int Rename(const char* from, const char* to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL) return -1;
    // A file system that cannot, NFS for one. For a moment the file has both names.
    return link(from, to) == 0 ? unlink(from) : -1;
  }
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_FILE_CALLS_H_
