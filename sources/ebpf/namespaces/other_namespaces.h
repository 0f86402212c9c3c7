// SPDX-License-Identifier: Apache-2.0
// The interfaces of all network namespaces but weir's own: follows namespaces that come
// and go, and in each of them its interfaces.
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

// Whoever has a namespace open keeps it in existence, with all that is in it. So one that
// has no name and no process any more is let go of: at once if it had a name, else at the
// next search.
//
// One thread at a time, which never leaves its own namespace. What is attached is detached
// when it ends.
class OtherNamespaces {
 public:
  // All pointers must outlive it.
  OtherNamespaces(const sdk::Stage* stage, const InterfaceSettings* settings, FlowKernel* kernel,
                  NamespaceRegistry* registry, LinkFeedOpener open_links,
                  NamespacePlaces places = {});
  ~OtherNamespaces();

  // PERMISSION_DENIED if namespaces may not be entered. Those that there are follow with
  // the first calls of Handle.
  sdk::Status Start();

  // Readable when Handle has something to do.
  int fd() const { return events_.get(); }
  // Does a part of it, so that the caller can look after its own: of the namespaces that
  // are new one at most, since attaching to its interfaces takes time. What goes wrong in one of
  // them is a warning, and it is tried again with the next search.
  sdk::Status Handle();

  // As AttachedInterfaces does.
  void Restore();
  // Lets go of all; the first error.
  sdk::Status DetachAll();

  size_t size() const { return measured_.size(); }
  // That are measured in all of them.
  size_t interfaces() const;

 private:
  // In the order of what needs what.
  struct Measured {
    std::string path;
    uint32_t id = 0;
    int missing = 0;  // searches that have not found it, one after the other
    sdk::UniqueFd fd;
    std::unique_ptr<ProgramAttacher> attacher;
    std::unique_ptr<LinkFeed> links;
    std::unique_ptr<AttachedInterfaces> attached;
  };

  sdk::Status WatchFolders();
  sdk::Status SetTimer(int64_t ns);
  sdk::Status WatchFd(int fd, uint64_t tag);
  // What epoll reports.
  void HandleEvent(uint64_t tag);
  void Search();
  void AddOne();
  // `is_new`: it has come during the run, and all of its interfaces with it.
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
  sdk::UniqueFd events_;   // epoll of all that follow
  sdk::UniqueFd folders_;  // inotify
  sdk::UniqueFd timer_;
  std::map<NamespaceKey, std::unique_ptr<Measured>> measured_;
  std::vector<std::pair<NamespaceKey, std::string>> to_add_;
  // Those that were there at the start, or that could not be measured at first: packets in them
  // before they are measured are of another account. Of namespaces that are there still.
  std::set<NamespaceKey> not_new_;
  bool searched_ = false;  // once, and nothing was left out
  bool search_wanted_ = false;
  int quick_searches_;  // so many may follow each other for a file that is no namespace yet
  int64_t next_search_ns_;

  sdk::Metric namespaces_;
  sdk::Metric failures_;
  RateLimit warnings_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_NAMESPACES_OTHER_NAMESPACES_H_
