// SPDX-License-Identifier: Apache-2.0
// Where a map source learns of interfaces: netlink, or what a test put in its place.
#ifndef WEIR_SOURCES_EBPF_LINK_FEED_H_
#define WEIR_SOURCES_EBPF_LINK_FEED_H_

#include <functional>
#include <memory>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"

namespace weir::ebpf {

// The functions of sdk::LinkMonitor that are used. One thread at a time.
class LinkFeed {
 public:
  using Callback = sdk::LinkMonitor::Callback;

  virtual ~LinkFeed() = default;
  virtual int fd() const = 0;
  virtual sdk::Status ReadInitial(const Callback& on_present, const Callback& on_gone) = 0;
  virtual sdk::Status Read(const Callback& on_present, const Callback& on_gone) = 0;
};

using LinkFeedOpener = std::function<sdk::Result<std::unique_ptr<LinkFeed>>()>;

// Of the network namespace of the calling thread.
sdk::Result<std::unique_ptr<LinkFeed>> OpenNetlinkFeed();

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_LINK_FEED_H_
