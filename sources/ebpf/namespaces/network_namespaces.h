// SPDX-License-Identifier: Apache-2.0
// Finds the network namespaces of this machine, and does things inside of one.
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

// The device and inode number of a namespace's file: its own as long as it exists, and
// another one's afterwards.
using NamespaceKey = std::pair<dev_t, ino_t>;

// Where namespaces are looked for.
struct NamespacePlaces {
  // Of files that are namespaces, as `ip netns` and container runtimes have them.
  std::vector<std::string> folders = {"/run/netns", "/run/docker/netns"};
  std::string processes = "/proc";
};

struct FoundNamespaces {
  std::map<NamespaceKey, std::string> paths;  // of a file of each, a named one if there is
  // A file was there that is not a namespace: it may be about to become one, since it is
  // made first and then mounted upon.
  bool unfinished = false;
  // A folder could not be read: there may be more.
  bool incomplete = false;
};

// Those that have a name in one of the folders or that a process is in (not counting one
// that only some of its threads are in). What cannot be looked at, for a missing privilege
// or because it goes away meanwhile, is left out. Any thread.
FoundNamespaces FindNamespaces(const NamespacePlaces& places);

// That of the calling thread.
sdk::Result<NamespaceKey> OwnNamespace();

// Keeps the namespace in existence as long as it is open. NOT_FOUND: the file is another
// namespace's by now.
sdk::Result<sdk::UniqueFd> OpenNamespace(const std::string& path, const NamespaceKey& key);

// A thread that does things in other namespaces, so that no other thread ever leaves its own.
// It sleeps between two tasks. One thread at a time.
class NamespaceWorker {
 public:
  using Task = std::function<sdk::Status()>;

  NamespaceWorker() = default;
  ~NamespaceWorker() { End(); }
  NamespaceWorker(const NamespaceWorker&) = delete;
  NamespaceWorker& operator=(const NamespaceWorker&) = delete;

  // Runs `task` in the namespace `fd` and waits for its end. PERMISSION_DENIED: it may not be
  // entered. RESOURCE_EXHAUSTED: there can be no thread.
  sdk::Status Run(int fd, const Task& task);

 private:
  sdk::Status Begin();
  void End();
  void Work();

  sdk::UniqueFd own_;
  std::thread thread_;  // not joinable: none is needed so far
  absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_) = -1;
  const Task* task_ ABSL_GUARDED_BY(mutex_) = nullptr;  // to be done
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;  // it could not go back, and has ended
  sdk::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_NETWORK_NAMESPACES_H_
