// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/pins/pin_folder.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/trusted_path.h"

namespace weir::ebpf {

namespace {

constexpr mode_t kOwnerOnly = 0700;

sdk::Status Unfit(const std::string& path, std::string_view why) {
  return {WEIR_FAILED_PRECONDITION, absl::StrCat("pin_path ", path, ": ", why)};
}

sdk::Status Failed(const std::string& path, std::string_view what, int error) {
  return sdk::ErrnoStatus(absl::StrCat("pin_path ", path, ": ", what), error);
}

std::string WithoutSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Returns an error unless `path`, which must exist, is in a BPF file system.
sdk::Status CheckFileSystem(const std::string& pin_path, const std::string& path) {
  struct statfs info;
  if (statfs(path.c_str(), &info) != 0) return Failed(pin_path, path, errno);
  if (static_cast<uint64_t>(info.f_type) == BPF_FS_MAGIC) return sdk::OkStatus();
  return Unfit(pin_path, "not in a BPF file system: mount one with 'mount -t bpf bpf /sys/fs/bpf'");
}

// A user who can change a folder can replace weir's maps and programs.
sdk::Status CheckOwner(const std::string& path, const struct stat& info) {
  if (S_ISLNK(info.st_mode)) return Unfit(path, "is a symbolic link: name the folder itself");
  if (!S_ISDIR(info.st_mode)) return Unfit(path, "is not a folder");
  if (info.st_uid != geteuid()) {
    return Unfit(path, absl::StrCat("it belongs to the user ", info.st_uid, ", and weir runs as ",
                                    geteuid(), ": name a folder that only weir's user can change"));
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Unfit(path, "other users can write to it: remove that permission (chmod go-w)");
  }
  return sdk::OkStatus();
}

// Checks the parent folders, where a sticky bit keeps other users from renaming the folder.
sdk::Status CheckParents(const std::string& path, const std::string& parent) {
  const sdk::Status status = sdk::CheckTrustedPath(parent, geteuid());
  if (status.ok()) return status;
  return {status.code(), absl::StrCat("pin_path ", path, ": ", status.message())};
}

// Sets *there if a usable folder exists. If none exists, returns an error if it could not be made.
sdk::Status CheckFolder(const std::string& path, bool* there) {
  const std::string parent = ParentOf(path);
  struct stat info;
  *there = lstat(path.c_str(), &info) == 0;
  if (*there) {
    sdk::Status status = CheckOwner(path, info);
    if (status.ok()) status = CheckParents(path, parent);
    return status.ok() ? CheckFileSystem(path, path) : status;
  }
  const int error = errno;
  if (error != ENOENT && error != EPERM) return Failed(path, "stat", error);
  sdk::Status status = CheckFileSystem(path, parent);
  if (status.ok()) status = CheckParents(path, parent);
  if (!status.ok()) return status;
  // The kernel answers EPERM for such names, as for missing permissions.
  if (path.find('.', parent.size()) != std::string::npos) {
    return Unfit(path, "a name in a BPF file system cannot contain a dot");
  }
  return sdk::OkStatus();
}

}  // namespace

sdk::Result<std::unique_ptr<PinFolder>> PinFolder::Look(const std::string& given) {
  const std::string path = WithoutSlashes(given);
  bool there = false;
  const sdk::Status status = CheckFolder(path, &there);
  if (!status.ok()) return status;
  if (!there) return std::unique_ptr<PinFolder>();
  return std::unique_ptr<PinFolder>(new PinFolder(path, sdk::UniqueFd()));
}

sdk::Result<std::unique_ptr<PinFolder>> PinFolder::Open(const std::string& given) {
  const std::string path = WithoutSlashes(given);
  bool there = false;
  const sdk::Status status = CheckFolder(path, &there);
  if (!status.ok()) return status;
  if (!there && mkdir(path.c_str(), kOwnerOnly) != 0 && errno != EEXIST) {
    return Failed(path, "make the folder", errno);
  }
  sdk::UniqueFd lock(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (lock.get() < 0) return Failed(path, "open", errno);
  // Check again: somebody may have made or replaced it in the meantime.
  struct stat info;
  if (fstat(lock.get(), &info) != 0) return Failed(path, "fstat", errno);
  if (sdk::Status owned = CheckOwner(path, info); !owned.ok()) return owned;
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) return Unfit(path, "another process uses it");
    return Failed(path, "lock", error);
  }
  return std::unique_ptr<PinFolder>(new PinFolder(path, std::move(lock)));
}

std::string PinFolder::PathOf(std::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

sdk::Result<std::vector<std::string>> PinFolder::Names() const {
  DIR* const folder = opendir(path_.c_str());
  if (folder == nullptr) return Failed(path_, "list", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = readdir(folder)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  const int error = errno;
  (void)closedir(folder);
  if (error != 0) return Failed(path_, "list", error);
  return names;
}

sdk::Result<sdk::UniqueFd> PinFolder::Get(std::string_view name) const {
  const int fd = bpf_obj_get(PathOf(name).c_str());
  if (fd < 0) return Failed(path_, name, -fd);
  return sdk::UniqueFd(fd);
}

sdk::Status PinFolder::Pin(int fd, std::string_view name) const {
  const int error = -bpf_obj_pin(fd, PathOf(name).c_str());
  if (error != 0) return Failed(path_, absl::StrCat("pin ", name), error);
  return sdk::OkStatus();
}

sdk::Status PinFolder::Remove(std::string_view name) const {
  if (unlink(PathOf(name).c_str()) == 0 || errno == ENOENT) return sdk::OkStatus();
  return Failed(path_, absl::StrCat("remove ", name), errno);
}

}  // namespace weir::ebpf
