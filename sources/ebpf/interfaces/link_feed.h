// SPDX-License-Identifier: Apache-2.0
// Where a map source learns of interfaces and their addresses: netlink, or what a test put
// in its place.
#ifndef WEIR_SOURCES_EBPF_INTERFACES_LINK_FEED_H_
#define WEIR_SOURCES_EBPF_INTERFACES_LINK_FEED_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "plugins/sdk/link_monitor.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/interfaces/address_feed.h"

namespace weir::ebpf {

// What is called from within the feed's functions.
struct LinkEvents {
  sdk::LinkMonitor::Callback on_present;
  sdk::LinkMonitor::Callback on_gone;
  AddressFeed::Callback on_addresses;  // of a feed that was opened with addresses
};

// One thread at a time.
class LinkFeed {
 public:
  virtual ~LinkFeed() = default;
  // Readable when Read has something to do.
  virtual int fd() const = 0;
  // As those of sdk::LinkMonitor; addresses come after the interfaces that have them.
  virtual sdk::Status ReadInitial(const LinkEvents& events) = 0;
  virtual sdk::Status Read(const LinkEvents& events) = 0;
  // What the interface of that index in the network namespace of the calling thread has counted
  // until now. NOT_FOUND: it has gone.
  virtual sdk::Result<sdk::LinkCounters> ReadCounters(uint32_t if_index) = 0;
};

using LinkFeedOpener = std::function<sdk::Result<std::unique_ptr<LinkFeed>>(bool with_addresses)>;

// Of the network namespace of the calling thread.
sdk::Result<std::unique_ptr<LinkFeed>> OpenNetlinkFeed(bool with_addresses);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_LINK_FEED_H_
