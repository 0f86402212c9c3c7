// SPDX-License-Identifier: Apache-2.0
// A small file, such as a certificate, whole.
#ifndef WEIR_PLUGINS_SDK_READ_FILE_H_
#define WEIR_PLUGINS_SDK_READ_FILE_H_

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::sdk {

// More than anybody keeps in a file of certificates.
inline constexpr size_t kMaxFileBytes = 4 << 20;

// What is in `path`. Errors name it: those of open and read, and FAILED_PRECONDITION for one
// that is empty or has more than kMaxFileBytes. Thread-safe.
inline Result<std::string> ReadFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return FileErrnoStatus("read " + path, errno);
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
