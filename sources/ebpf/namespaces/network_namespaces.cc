// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/namespaces/network_namespaces.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/thread.h"

namespace weir::ebpf {

namespace {

constexpr char kOwnFile[] = "/proc/thread-self/ns/net";

struct CloseFolder {
  void operator()(DIR* folder) const { (void)closedir(folder); }
};

// Returns the names in a folder, or none if it does not exist.
std::vector<std::string> NamesIn(const std::string& path, FoundNamespaces* found) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseFolder> folder(opendir(path.c_str()));
  if (folder == nullptr) {
    if (errno != ENOENT) found->incomplete = true;
    return names;
  }
  while (const dirent* const entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

void FindNamed(const std::string& folder, FoundNamespaces* found) {
  for (const std::string& name : NamesIn(folder, found)) {
    const std::string path = absl::StrCat(folder, "/", name);
    struct stat file;
    struct statfs system;
    if (stat(path.c_str(), &file) != 0 || statfs(path.c_str(), &system) != 0) continue;
    if (system.f_type == NSFS_MAGIC) {
      found->paths.emplace(NamespaceKey(file.st_dev, file.st_ino), path);
    } else if (S_ISREG(file.st_mode)) {
      found->unfinished = true;
    }
  }
}

void FindOfProcesses(const std::string& folder, FoundNamespaces* found) {
  for (const std::string& name : NamesIn(folder, found)) {
    if (!std::all_of(name.begin(), name.end(), absl::ascii_isdigit)) continue;
    const std::string path = absl::StrCat(folder, "/", name, "/ns/net");
    struct stat file;
    if (stat(path.c_str(), &file) != 0) continue;
    found->paths.emplace(NamespaceKey(file.st_dev, file.st_ino), path);
  }
}

sdk::Status Enter(int fd) {
  if (setns(fd, CLONE_NEWNET) == 0) return sdk::OkStatus();
  if (errno != EPERM) return sdk::ErrnoStatus("enter a network namespace", errno);
  return {WEIR_PERMISSION_DENIED,
          "enter a network namespace: not permitted: this needs root or CAP_SYS_ADMIN"};
}

}  // namespace

FoundNamespaces FindNamespaces(const NamespacePlaces& places) {
  FoundNamespaces found;
  for (const std::string& folder : places.folders) FindNamed(folder, &found);
  FindOfProcesses(places.processes, &found);
  return found;
}

sdk::Result<NamespaceKey> OwnNamespace() {
  struct stat file;
  if (stat(kOwnFile, &file) != 0) return sdk::ErrnoStatus(kOwnFile, errno);
  return NamespaceKey(file.st_dev, file.st_ino);
}

sdk::Result<sdk::UniqueFd> OpenNamespace(const std::string& path, const NamespaceKey& key) {
  sdk::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return sdk::ErrnoStatus(path, errno);
  struct stat file;
  if (fstat(fd.get(), &file) != 0) return sdk::ErrnoStatus(path, errno);
  if (NamespaceKey(file.st_dev, file.st_ino) != key) {
    return sdk::Status(WEIR_NOT_FOUND,
                       absl::StrCat(path, ": it belongs to another namespace by now"));
  }
  return fd;
}

sdk::Status NamespaceWorker::Begin() {
  if (own_.get() < 0) {
    own_ = sdk::UniqueFd(open(kOwnFile, O_RDONLY | O_CLOEXEC));
    if (own_.get() < 0) return sdk::ErrnoStatus(kOwnFile, errno);
  }
  {
    absl::MutexLock lock(&mutex_);
    ending_ = false;
    lost_ = false;
  }
  return sdk::StartThread(&thread_, "for network namespaces", [this] { Work(); });
}

void NamespaceWorker::End() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  thread_.join();
}

sdk::Status NamespaceWorker::Run(int fd, const Task& task) {
  if (!thread_.joinable()) {
    if (sdk::Status status = Begin(); !status.ok()) return status;
  }
  sdk::Status status;
  bool lost = false;
  {
    absl::MutexLock lock(&mutex_);
    fd_ = fd;
    task_ = &task;
    done_ = false;
    mutex_.Await(absl::Condition(&done_));
    status = std::move(status_);
    lost = lost_;
  }
  if (lost) thread_.join();  // the next task starts another one
  return status;
}

void NamespaceWorker::Work() {
  for (;;) {
    const Task* task = nullptr;
    int fd = -1;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](NamespaceWorker* worker) ABSL_EXCLUSIVE_LOCKS_REQUIRED(worker->mutex_) {
            return worker->ending_ || worker->task_ != nullptr;
          },
          this));
      if (ending_) return;
      task = std::exchange(task_, nullptr);
      fd = fd_;
    }
    sdk::Status status = Enter(fd);
    if (status.ok()) {
      try {
        status = (*task)();
      } catch (const std::exception& error) {
        status = {WEIR_INTERNAL, absl::StrCat("run in a network namespace: ", error.what())};
      }
    }
    const bool lost = !Enter(own_.get()).ok();
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
    lost_ = lost;
    done_ = true;
    if (lost) return;
  }
}

}  // namespace weir::ebpf
