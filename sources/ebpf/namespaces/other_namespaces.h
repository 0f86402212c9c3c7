// SPDX-License-Identifier: Apache-2.0
// Measures the interfaces of all network namespaces except weir's own: follows namespaces that
// appear and disappear, and the interfaces in each of them.
#ifndef WEIR_SOURCES_EBPF_NAMESPACES_OTHER_NAMESPACES_H_
#define WEIR_SOURCES_EBPF_NAMESPACES_OTHER_NAMESPACES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/clocks/rate_limit.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"
#include "sources/ebpf/interfaces/attached_interfaces.h"
#include "sources/ebpf/interfaces/interface_settings.h"
#include "sources/ebpf/interfaces/link_feed.h"
#include "sources/ebpf/namespaces/namespace_registry.h"
#include "sources/ebpf/namespaces/network_namespaces.h"

namespace weir::ebpf {

// An open namespace continues to exist, with everything in it. So a namespace without a name and
// without a process is closed: at once if it had a name, else at the next search.
//
// For one thread at a time, which never leaves its own namespace. Detaches everything when it ends.
class OtherNamespaces {
 public:
  // All pointers must outlive it.
  OtherNamespaces(const sdk::Stage* stage, const InterfaceSettings* settings, FlowKernel* kernel,
                  NamespaceRegistry* registry, LinkFeedOpener open_links,
                  NamespacePlaces places = {});
  ~OtherNamespaces();

  // Returns PERMISSION_DENIED if namespaces cannot be entered. The present namespaces are added by
  // the first calls of Handle.
  sdk::Status Start();

  // Readable when Handle has something to do.
  int fd() const { return events_.get(); }
  // Does part of the work, so that the caller can continue with its own: adds at most one new
  // namespace, because attaching takes time. An error in one namespace is a warning, and the next
  // search tries it again.
  sdk::Status Handle();

  // See AttachedInterfaces.
  void Restore();
  // Detaches from all interfaces. Returns the first error.
  sdk::Status DetachAll();

  size_t size() const { return measured_.size(); }
  // Returns the number of interfaces that are measured in all of them.
  size_t interfaces() const;

 private:
  // In this order, because later members use earlier ones.
  struct Measured {
    std::string path;
    uint32_t id = 0;
    int missing = 0;  // searches in a row that have not found it
    sdk::UniqueFd fd;
    std::unique_ptr<ProgramAttacher> attacher;
    std::unique_ptr<LinkFeed> links;
    std::unique_ptr<AttachedInterfaces> attached;
  };

  sdk::Status WatchFolders();
  sdk::Status SetTimer(int64_t ns);
  sdk::Status WatchFd(int fd, uint64_t tag);
  // Handles one event of epoll.
  void HandleEvent(uint64_t tag);
  void Search();
  void AddOne();
  // `is_new`: the namespace has appeared during the run, with all its interfaces.
  sdk::Status Add(const NamespaceKey& key, const std::string& path, bool is_new);
  sdk::Status OpenLinks(Measured* measured, bool is_new);
  sdk::Status FollowLinks(Measured* measured);
  LinkEvents EventsIn(Measured* measured);
  sdk::Status Close(Measured* measured);
  void Remove(const NamespaceKey& key);
  void Warn(const std::string& message);

  const sdk::Stage* const stage_;
  const InterfaceSettings* const settings_;
  FlowKernel* const kernel_;
  NamespaceRegistry* const registry_;
  const LinkFeedOpener open_links_;
  const NamespacePlaces places_;

  NamespaceWorker worker_;
  NamespaceKey own_;
  sdk::UniqueFd events_;   // epoll of the descriptors below
  sdk::UniqueFd folders_;  // inotify
  sdk::UniqueFd timer_;
  std::map<NamespaceKey, std::unique_ptr<Measured>> measured_;
  std::vector<std::pair<NamespaceKey, std::string>> to_add_;
  // Present namespaces that existed at the start or could not be measured at first: packets in them
  // before they are measured are not counted as missed.
  std::set<NamespaceKey> not_new_;
  bool searched_ = false;  // at least one complete search was made
  bool search_wanted_ = false;
  int quick_searches_;  // quick searches left for a file that is not a namespace yet
  int64_t next_search_ns_;

  sdk::Metric namespaces_;
  sdk::Metric failures_;
  RateLimit warnings_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_OTHER_NAMESPACES_H_
