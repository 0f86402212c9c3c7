// SPDX-License-Identifier: Apache-2.0
// Whether other users can put something else in the place of a folder.
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

// Walks a path as the kernel does (path_resolution(7)), and looks at each folder on the way.
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
        // No symbolic links are in `folder_`.
        const size_t slash = folder_.rfind('/');
        status = Enter(slash == 0 ? "/" : folder_.substr(0, slash));
      } else {
        status = Enter(folder_ == "/" ? "/" + name : folder_ + "/" + name);
      }
    }
    return status;
  }

 private:
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
    // Nobody but its owner can rename it where there is a sticky bit.
    if (info.st_uid != 0 && info.st_uid != user_ && (!is_link || in_shared_)) {
      return refused("belongs to the user " + std::to_string(info.st_uid) +
                     ", who can change what is there");
    }
    if (is_link) return Follow(path);
    if (!S_ISDIR(info.st_mode)) return refused("is no folder");
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
  std::string folder_;             // that has been reached; no symbolic links in it
  bool in_shared_ = false;         // others can write to the folder that was looked at last
  std::vector<std::string> left_;  // components to go, the next one at the end
  int links_ = 0;
};

}  // namespace internal

// OK if nobody but root and `user` can put another folder in the place of the folder `path`, which
// is absolute: each folder on the way, with `path` itself and what symbolic links lead through,
// belongs to root or `user`, and others can write to it only if it has a sticky bit.
// FAILED_PRECONDITION with the folder if not, NOT_FOUND if there is none. Others' access control
// lists count as the group's permissions, as stat(2) shows them. Any thread.
inline Status CheckTrustedPath(const std::string& path, uid_t user) {
  return internal::TrustedWalk(user).Run(path);
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_TRUSTED_PATH_H_
