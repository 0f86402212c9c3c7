// SPDX-License-Identifier: Apache-2.0
// Finds the network namespaces of this machine, and runs tasks inside them.
#ifndef WEIR_SOURCES_EBPF_NAMESPACES_NETWORK_NAMESPACES_H_
#define WEIR_SOURCES_EBPF_NAMESPACES_NETWORK_NAMESPACES_H_

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

// The device and inode number of a namespace's file. Unique while the namespace exists; reused
// afterwards.
using NamespaceKey = std::pair<dev_t, ino_t>;

// The folders in which namespaces are searched.
struct NamespacePlaces {
  // Folders of namespace files, which `ip netns` and container runtimes make.
  std::vector<std::string> folders = {"/run/netns", "/run/docker/netns"};
  std::string processes = "/proc";
};

struct FoundNamespaces {
  std::map<NamespaceKey, std::string> paths;  // a file of each, a named one if possible
  // True if a file is not a namespace yet: it is first created and then mounted upon.
  bool unfinished = false;
  // True if a folder could not be read: there may be more namespaces.
  bool incomplete = false;
};

// Returns the namespaces that have a name in one of the folders or that a process is in. A
// namespace that only some threads of a process are in is not found. Leaves out what it cannot
// inspect, because a privilege is missing or it disappears in the meantime. Any thread.
FoundNamespaces FindNamespaces(const NamespacePlaces& places);

// Returns the namespace of the calling thread.
sdk::Result<NamespaceKey> OwnNamespace();

// Opens the namespace, which then exists as long as it is open. Returns NOT_FOUND if the file
// belongs to another namespace by now.
sdk::Result<sdk::UniqueFd> OpenNamespace(const std::string& path, const NamespaceKey& key);

// A thread that runs tasks in other namespaces, so that no other thread leaves its own. It sleeps
// between tasks. For one thread at a time.
class NamespaceWorker {
 public:
  using Task = std::function<sdk::Status()>;

  NamespaceWorker() = default;
  ~NamespaceWorker() { End(); }
  NamespaceWorker(const NamespaceWorker&) = delete;
  NamespaceWorker& operator=(const NamespaceWorker&) = delete;

  // Runs `task` in the namespace `fd` and waits for its end. Returns PERMISSION_DENIED if the
  // namespace cannot be entered, RESOURCE_EXHAUSTED if the thread cannot be created.
  sdk::Status Run(int fd, const Task& task);

 private:
  sdk::Status Begin();
  void End();
  void Work();

  sdk::UniqueFd own_;
  std::thread thread_;  // not joinable: not started yet
  absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_) = -1;
  const Task* task_ ABSL_GUARDED_BY(mutex_) = nullptr;  // to be done
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;  // it could not return, and has ended
  sdk::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_NETWORK_NAMESPACES_H_
