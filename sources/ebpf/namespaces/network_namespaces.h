// SPDX-License-Identifier: Apache-2.0
// Finds the network namespaces of this machine, and does things inside of one.
#ifndef WEIR_SOURCES_EBPF_NAMESPACES_NETWORK_NAMESPACES_H_
#define WEIR_SOURCES_EBPF_NAMESPACES_NETWORK_NAMESPACES_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

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

// Runs `task` on a thread of its own in the namespace `fd`, and waits for its end: no
// other thread is ever elsewhere than where it was. PERMISSION_DENIED: it may not be
// entered.
sdk::Status InNamespace(int fd, const std::function<sdk::Status()>& task);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_NETWORK_NAMESPACES_H_
