// SPDX-License-Identifier: Apache-2.0
// Reads a small file, such as a certificate, as a whole.
#ifndef WEIR_PLUGINS_SDK_READ_FILE_H_
#define WEIR_PLUGINS_SDK_READ_FILE_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::sdk {

// The largest file that ReadFile reads: more than a file of certificates needs.
inline constexpr size_t kMaxFileBytes = 4 << 20;

// Returns the contents of `path`. Errors name the path: those of open and read, and
// FAILED_PRECONDITION for a file that is not regular, is empty or has more than kMaxFileBytes.
// Never waits for a writer: a pipe is not a regular file. Thread-safe.
inline Result<std::string> ReadFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (fd.get() < 0 || fstat(fd.get(), &status) != 0) return FileErrnoStatus("read " + path, errno);
  // A folder passes here: read() fails with EISDIR, whose text says it best.
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    return Status(WEIR_FAILED_PRECONDITION, "read " + path + ": it is not a regular file");
  }
  std::string contents;
  char buffer[4096];
  while (true) {
    const ssize_t size = read(fd.get(), buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FileErrnoStatus("read " + path, errno);
    if (size == 0) break;
    contents.append(buffer, static_cast<size_t>(size));
    if (contents.size() > kMaxFileBytes) {
      return Status(WEIR_FAILED_PRECONDITION, "read " + path + ": it is too large");
    }
  }
  if (contents.empty()) return Status(WEIR_FAILED_PRECONDITION, "read " + path + ": it is empty");
  return contents;
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_READ_FILE_H_
