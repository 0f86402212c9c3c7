// SPDX-License-Identifier: Apache-2.0
// Checks that no other user can replace a folder by another one.
#ifndef WEIR_PLUGINS_SDK_TRUSTED_PATH_H_
#define WEIR_PLUGINS_SDK_TRUSTED_PATH_H_

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string>
#include <vector>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

namespace internal {

inline constexpr int kMaxSymbolicLinks = 40;  // MAXSYMLINKS of Linux

// Walks a path as the kernel does (path_resolution(7)) and checks each folder on the way.
class TrustedWalk {
 public:
  explicit TrustedWalk(uid_t user) : user_(user) {}

  Status Run(const std::string& path) {
    PutInFront(path);
    Status status = Enter("/");
    while (status.ok() && !left_.empty()) {
      const std::string name = left_.back();
      left_.pop_back();
      if (name == "..") {
        // `folder_` has no symbolic links, so the parent is its text without the last component.
        const size_t slash = folder_.rfind('/');
        status = Enter(slash == 0 ? "/" : folder_.substr(0, slash));
      } else {
        status = Enter(folder_ == "/" ? "/" + name : folder_ + "/" + name);
      }
    }
    return status;
  }

 private:
  // Adds the components of `path` in front of those that are left.
  void PutInFront(const std::string& path) {
    size_t end = path.size();
    while (end > 0) {
      const size_t slash = path.rfind('/', end - 1);
      const size_t begin = slash == std::string::npos ? 0 : slash + 1;
      const std::string name = path.substr(begin, end - begin);
      if (!name.empty() && name != ".") left_.push_back(name);
      end = begin == 0 ? 0 : begin - 1;
    }
  }

  Status Enter(const std::string& path) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) return FileErrnoStatus(path, errno);
    const auto refused = [&path](const std::string& why) {
      return Status(WEIR_FAILED_PRECONDITION, path + " " + why);
    };
    const bool is_link = S_ISLNK(info.st_mode);
    // In a folder with a sticky bit only the owner of an entry can rename it, so a link there must
    // belong to a trusted user too.
    if (info.st_uid != 0 && info.st_uid != user_ && (!is_link || in_shared_)) {
      return refused("belongs to user " + std::to_string(info.st_uid) + ", who can replace it");
    }
    if (is_link) return Follow(path);
    if (!S_ISDIR(info.st_mode)) return refused("is not a folder");
    in_shared_ = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (in_shared_ && (info.st_mode & S_ISVTX) == 0) {
      return {WEIR_FAILED_PRECONDITION,
              "other users can write to " + path + ", which has no sticky bit"};
    }
    folder_ = path;
    return OkStatus();
  }

  Status Follow(const std::string& path) {
    if (++links_ > kMaxSymbolicLinks) return FileErrnoStatus(path, ELOOP);
    std::array<char, PATH_MAX> target;
    const ssize_t size = readlink(path.c_str(), target.data(), target.size());
    if (size < 0) return FileErrnoStatus(path, errno);
    if (static_cast<size_t>(size) == target.size()) return FileErrnoStatus(path, ENAMETOOLONG);
    const std::string text(target.data(), static_cast<size_t>(size));
    PutInFront(text);
    return text.rfind('/', 0) == 0 ? Enter("/") : OkStatus();
  }

  const uid_t user_;
  std::string folder_;             // reached so far; has no symbolic links
  bool in_shared_ = false;         // other users can write to folder_
  std::vector<std::string> left_;  // components that are left, the next one at the end
  int links_ = 0;
};

}  // namespace internal

// Returns OK if only root and `user` can replace the folder `path`, which is absolute. This is
// checked for each folder on the way, `path` itself, and the folders behind symbolic links: it must
// belong to root or `user`. Other users may have write access only if it has a sticky bit.
// Otherwise returns FAILED_PRECONDITION with the folder, or NOT_FOUND. Access control lists count
// as far as stat(2) shows them, in the permissions of the group. Thread-safe.
inline Status CheckTrustedPath(const std::string& path, uid_t user) {
  return internal::TrustedWalk(user).Run(path);
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_TRUSTED_PATH_H_
