// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/report_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "plugins/sdk/unique_fd.h"
#include "plugins/sdk/write_all.h"

namespace weir {
namespace {

absl::Status Error(std::string_view what, const std::string& path, int error = errno) {
  return absl::ErrnoToStatus(error, absl::StrCat("report '", path, "': ", what));
}

// Each thread has its own, so two that write at the same time do not mix their reports.
std::string TemporaryPath(const std::string& path) {
  return absl::StrCat(path, ".", gettid(), ".tmp");
}

// Replaces a file that a killed thread with the same number has left.
absl::StatusOr<sdk::UniqueFd> MakeTemporaryFile(const std::string& path) {
  const std::string temporary = TemporaryPath(path);
  for (const bool again : {false, true}) {
    sdk::UniqueFd fd(
        open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (fd.get() >= 0) return fd;
    if (errno != EEXIST || again || unlink(temporary.c_str()) != 0) break;
  }
  return Error("make a file beside it", path);
}

absl::Status WriteAndRename(int fd, std::string_view text, const std::string& path) {
  size_t written = 0;
  if (const int error = sdk::WriteAll(fd, text, &written); error != 0) {
    return Error("write", path, error);
  }
  // A network file system tells only now that its disk is full.
  if (fsync(fd) != 0) return Error("write", path);
  if (std::rename(TemporaryPath(path).c_str(), path.c_str()) != 0) return Error("rename", path);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckReportFile(const std::string& path) {
  struct stat info;
  // A rename replaces whatever has this name: a device, a FIFO, or a link such as /dev/stdout.
  if (lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("report '", path, "': is not a regular file"));
  }
  const absl::StatusOr<sdk::UniqueFd> fd = MakeTemporaryFile(path);
  if (!fd.ok()) return fd.status();
  return unlink(TemporaryPath(path).c_str()) == 0 ? absl::OkStatus()
                                                  : Error("remove the file beside it", path);
}

absl::Status WriteReportFile(const std::string& path, std::string_view text) {
  const absl::StatusOr<sdk::UniqueFd> fd = MakeTemporaryFile(path);
  if (!fd.ok()) return fd.status();
  absl::Status status = WriteAndRename(fd->get(), text, path);
  if (!status.ok()) (void)unlink(TemporaryPath(path).c_str());
  return status;
}

}  // namespace weir
