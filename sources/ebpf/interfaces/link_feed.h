// SPDX-License-Identifier: Apache-2.0
// Reports interfaces and their addresses to a map source: from netlink, or from a test.
#ifndef WEIR_SOURCES_EBPF_INTERFACES_LINK_FEED_H_
#define WEIR_SOURCES_EBPF_INTERFACES_LINK_FEED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/interfaces/address_feed.h"

namespace weir::ebpf {

// Callbacks of the feed's functions.
struct LinkEvents {
  sdk::LinkMonitor::Callback on_present;
  sdk::LinkMonitor::Callback on_gone;
  AddressFeed::Callback on_addresses;  // only of a feed that was opened with addresses
};

// One thread at a time.
class LinkFeed {
 public:
  virtual ~LinkFeed() = default;
  // Readable when Read has something to do.
  virtual int fd() const = 0;
  // As in sdk::LinkMonitor. Addresses come after the interfaces that have them.
  virtual sdk::Status ReadInitial(const LinkEvents& events) = 0;
  virtual sdk::Status Read(const LinkEvents& events) = 0;
  // Returns the counters of the interface `if_index` in the network namespace of the calling
  // thread. Returns NOT_FOUND if the interface is gone.
  virtual sdk::Result<sdk::LinkCounters> ReadCounters(uint32_t if_index) = 0;
};

using LinkFeedOpener = std::function<sdk::Result<std::unique_ptr<LinkFeed>>(bool with_addresses)>;

// Opens the feed of the calling thread's network namespace.
sdk::Result<std::unique_ptr<LinkFeed>> OpenNetlinkFeed(bool with_addresses);

// The interfaces of one network namespace at one moment.
struct PresentInterfaces {
  std::vector<sdk::Link> links;
  std::vector<InterfaceAddress> addresses;  // empty if they were not asked for
};

// Lists the interfaces that a feed reports first.
sdk::Result<PresentInterfaces> ListInterfaces(const LinkFeedOpener& open, bool with_addresses);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_LINK_FEED_H_
