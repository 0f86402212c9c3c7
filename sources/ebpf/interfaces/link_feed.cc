// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/link_feed.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/netlink.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

namespace {

// Larger than the kernel's message about one link without virtual functions.
constexpr size_t kReplyBytes = 32 * 1024;

constexpr char kCountersContext[] = "read the counters of an interface";

// Returns the counters in an answer of `size` bytes.
sdk::Result<sdk::LinkCounters> CountersOf(const uint8_t* answer, size_t size) {
  const sdk::Status malformed(WEIR_INTERNAL,
                              absl::StrCat(kCountersContext, ": malformed kernel message"));
  size_t offset = 0;
  sdk::NetlinkMessage message;
  if (!sdk::NextNetlinkMessage(answer, size, &offset, &message)) return malformed;
  if (message.header.nlmsg_type == NLMSG_ERROR) {
    const int error = sdk::NetlinkErrorOf(message);
    if (error == 0) return malformed;
    if (error != ENODEV) return sdk::ErrnoStatus(kCountersContext, error);
    return sdk::Status(WEIR_NOT_FOUND, absl::StrCat(kCountersContext, ": the interface is gone"));
  }
  sdk::Link link;
  if (message.header.nlmsg_type != RTM_NEWLINK ||
      !sdk::LinkMonitor::ParseLink(message.body, message.size, &link)) {
    return malformed;
  }
  if (link.counters) return *link.counters;
  return sdk::Status(WEIR_UNIMPLEMENTED,
                     absl::StrCat(kCountersContext, ": the kernel reports none"));
}

sdk::Result<sdk::LinkCounters> AskForCounters(uint32_t if_index) {
  // The kernel answers before send returns.
  sdk::Result<sdk::UniqueFd> fd = sdk::OpenNetlink(SOCK_NONBLOCK, kCountersContext);
  if (!fd.ok()) return fd.status();
  ifinfomsg request{};
  request.ifi_family = AF_UNSPEC;
  request.ifi_index = static_cast<int>(if_index);
  const sdk::Status sent = sdk::SendNetlink(fd->get(), {RTM_GETLINK}, request, kCountersContext);
  if (!sent.ok()) return sent;
  std::array<uint8_t, kReplyBytes> answer;
  ssize_t size;
  do {
    size = recv(fd->get(), answer.data(), answer.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return sdk::ErrnoStatus(kCountersContext, errno);
  return CountersOf(answer.data(), static_cast<size_t>(size));
}

class NetlinkFeed : public LinkFeed {
 public:
  explicit NetlinkFeed(std::unique_ptr<sdk::LinkMonitor> links) : links_(std::move(links)) {}

  sdk::Status AddAddresses() {
    sdk::Result<std::unique_ptr<AddressFeed>> addresses = AddressFeed::Open();
    if (!addresses.ok()) return addresses.status();
    addresses_ = *std::move(addresses);
    both_ = sdk::UniqueFd(epoll_create1(EPOLL_CLOEXEC));
    if (both_.get() < 0) return sdk::ErrnoStatus("watch network interfaces: epoll", errno);
    for (const int fd : {links_->fd(), addresses_->fd()}) {
      epoll_event event{};
      event.events = EPOLLIN;
      if (epoll_ctl(both_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return sdk::ErrnoStatus("watch network interfaces: epoll", errno);
      }
    }
    return sdk::OkStatus();
  }

  int fd() const override { return addresses_ == nullptr ? links_->fd() : both_.get(); }
  sdk::Status ReadInitial(const LinkEvents& events) override {
    const sdk::Status status = links_->ReadInitial(events.on_present, events.on_gone);
    if (!status.ok() || addresses_ == nullptr) return status;
    return addresses_->ReadInitial(events.on_addresses);
  }
  sdk::Status Read(const LinkEvents& events) override {
    const sdk::Status status = links_->Read(events.on_present, events.on_gone);
    return status.ok() ? ReadAddresses(events) : status;
  }
  sdk::Result<sdk::LinkCounters> ReadCounters(uint32_t if_index) override {
    return AskForCounters(if_index);
  }

 private:
  sdk::Status ReadAddresses(const LinkEvents& events) {
    return addresses_ == nullptr ? sdk::OkStatus() : addresses_->Read(events.on_addresses);
  }

  const std::unique_ptr<sdk::LinkMonitor> links_;
  std::unique_ptr<AddressFeed> addresses_;  // null: opened without addresses
  sdk::UniqueFd both_;
};

}  // namespace

sdk::Result<PresentInterfaces> ListInterfaces(const LinkFeedOpener& open, bool with_addresses) {
  sdk::Result<std::unique_ptr<LinkFeed>> feed = open(with_addresses);
  if (!feed.ok()) return feed.status();
  PresentInterfaces present;
  LinkEvents events;
  events.on_present = [&](const sdk::Link& link) { present.links.push_back(link); };
  events.on_gone = [](const sdk::Link&) {};
  events.on_addresses = [&](const auto& all) { present.addresses = all; };
  const sdk::Status status = (*feed)->ReadInitial(events);
  if (!status.ok()) return status;
  return present;
}

sdk::Result<std::unique_ptr<LinkFeed>> OpenNetlinkFeed(bool with_addresses) {
  sdk::Result<std::unique_ptr<sdk::LinkMonitor>> monitor = sdk::LinkMonitor::Open();
  if (!monitor.ok()) return monitor.status();
  auto feed = std::make_unique<NetlinkFeed>(*std::move(monitor));
  if (with_addresses) {
    if (sdk::Status status = feed->AddAddresses(); !status.ok()) return status;
  }
  return std::unique_ptr<LinkFeed>(std::move(feed));
}

}  // namespace weir::ebpf
