// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/write_all.h"

namespace weir::sinks {
namespace {

bool AreSameFile(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);
}

sdk::Status OutputFile::Failed(const char* what, int error) const {
  return sdk::FileErrnoStatus(absl::StrCat(what, " ", path_), error);
}

sdk::Status OutputFile::OpenNew(const std::string& path, mode_t mode) {
  if (sdk::Status status = OpenWith(path, O_CREAT | O_EXCL, mode); !status.ok()) return status;
  if (fchmod(fd_, mode) == 0) return sdk::OkStatus();  // whatever the umask is
  sdk::Status status = Failed("set the mode of", errno);
  close(std::exchange(fd_, -1));
  return status;
}

sdk::Status OutputFile::OpenExisting(const std::string& path) { return OpenWith(path, 0, 0); }

sdk::Status OutputFile::Open(const std::string& path, mode_t mode) {
  sdk::Status status = OpenNew(path, mode);
  return status.code() == WEIR_ALREADY_EXISTS ? OpenExisting(path) : status;
}

sdk::Status OutputFile::OpenWith(const std::string& path, int flags, mode_t mode) {
  path_ = path;
  whole_ = true;
  // Readable, to find the end of the last record. O_NONBLOCK: a pipe in its place is detected and
  // not waited for.
  fd_ = open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, mode);
  if (fd_ < 0 && errno == ELOOP) {
    return {WEIR_FAILED_PRECONDITION,
            absl::StrCat("open ", path, ": it is a symbolic link, which is not followed")};
  }
  if (fd_ < 0) return Failed("open", errno);
  sdk::Status status = CheckAndLock();
  if (!status.ok()) close(std::exchange(fd_, -1));
  return status;
}

sdk::Status OutputFile::CheckAndLock() {
  struct stat info;
  if (fstat(fd_, &info) != 0) return Failed("open", errno);
  if (!S_ISREG(info.st_mode)) {
    return {WEIR_FAILED_PRECONDITION, absl::StrCat("open ", path_, ": it is no regular file")};
  }
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Failed("lock", errno);
    return {WEIR_FAILED_PRECONDITION,
            absl::StrCat("open ", path_, ": another stage or process is writing to it")};
  }
  size_ = static_cast<uint64_t>(info.st_size);
  // Some network file systems return a different inode number at each call.
  struct stat at_path;
  is_known_by_number_ = lstat(path_.c_str(), &at_path) != 0 || AreSameFile(at_path, info);
  return sdk::OkStatus();
}

bool OutputFile::PathLeadsTo(const struct stat& file) const {
  struct stat at_path;
  if (lstat(path_.c_str(), &at_path) != 0) return errno != ENOENT && errno != ENOTDIR;
  return !is_known_by_number_ || AreSameFile(at_path, file);
}

sdk::Result<OutputFile::Place> OutputFile::Look() {
  struct stat info;
  if (fstat(fd_, &info) != 0) {
    if (errno == ESTALE)
      return Place::kDeleted;  // another client of a network file system deleted it
    return Failed("look at", errno);
  }
  size_ = static_cast<uint64_t>(info.st_size);
  if (info.st_nlink == 0) return Place::kDeleted;
  return PathLeadsTo(info) ? Place::kAtPath : Place::kElsewhere;
}

sdk::Status OutputFile::Append(std::string_view bytes, const std::function<size_t(size_t)>& whole,
                               size_t* stayed) {
  *stayed = 0;
  size_t written = 0;
  const int error = sdk::WriteAll(
      fd_, bytes, &written,
      [this](int fd, const void* from, size_t size) { return calls_->Write(fd, from, size); });
  if (error == 0) {
    size_ += written;
    *stayed = written;
    return sdk::OkStatus();
  }
  sdk::Status status = Failed("write", error);
  const size_t keep = whole(written);
  const uint64_t begin = size_;
  size_ += written;
  if (keep < written) {
    if (const sdk::Status cut = Truncate(begin + keep); !cut.ok()) {
      return {status.code(), absl::StrCat(status.message(), "; ", cut.message())};
    }
  }
  *stayed = keep;
  return status;
}

sdk::Status OutputFile::Truncate(uint64_t size) {
  if (calls_->Truncate(fd_, static_cast<off_t>(size)) != 0) {
    whole_ = false;
    return Failed("truncate", errno);
  }
  size_ = size;
  return sdk::OkStatus();
}

sdk::Status OutputFile::Sync() {
  return calls_->Sync(fd_) == 0 ? sdk::OkStatus() : Failed("fsync", errno);
}

sdk::Status OutputFile::Close() {
  // Some file systems report only here that written data was lost.
  return calls_->Close(std::exchange(fd_, -1)) == 0 ? sdk::OkStatus() : Failed("close", errno);
}

}  // namespace weir::sinks
