// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/link_feed.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

namespace {

// More than the kernel says of one link that is not asked for virtual functions.
constexpr size_t kReplyBytes = 32 * 1024;

constexpr char kCountersContext[] = "read the counters of an interface";

sdk::Status AskForLink(int fd, uint32_t if_index) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  // Then messages of other processes do not come in.
  if (connect(fd, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) != 0) {
    return sdk::ErrnoStatus(kCountersContext, errno);
  }
  struct {
    nlmsghdr header;
    ifinfomsg link;
  } request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.link.ifi_family = AF_UNSPEC;
  request.link.ifi_index = static_cast<int>(if_index);
  ssize_t sent;
  do {
    sent = send(fd, &request, sizeof(request), 0);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return sdk::ErrnoStatus(kCountersContext, errno);
  return sdk::OkStatus();
}

// Of an answer of `size` bytes.
sdk::Result<sdk::LinkCounters> CountersOf(const uint8_t* answer, size_t size) {
  nlmsghdr header{};
  if (size >= sizeof(header)) std::memcpy(&header, answer, sizeof(header));
  const sdk::Status malformed(WEIR_INTERNAL,
                              absl::StrCat(kCountersContext, ": malformed answer of the kernel"));
  if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > size) return malformed;
  const uint8_t* const body = answer + NLMSG_HDRLEN;
  const size_t body_size = header.nlmsg_len - NLMSG_HDRLEN;
  if (header.nlmsg_type == NLMSG_ERROR) {
    int32_t error = 0;
    if (body_size < sizeof(error)) return malformed;
    std::memcpy(&error, body, sizeof(error));
    if (error != -ENODEV) return sdk::ErrnoStatus(kCountersContext, -error);
    return sdk::Status(WEIR_NOT_FOUND, absl::StrCat(kCountersContext, ": it has gone"));
  }
  sdk::Link link;
  if (header.nlmsg_type != RTM_NEWLINK || !sdk::LinkMonitor::ParseLink(body, body_size, &link)) {
    return malformed;
  }
  if (link.counters) return *link.counters;
  return sdk::Status(WEIR_UNIMPLEMENTED,
                     absl::StrCat(kCountersContext, ": the kernel tells of none"));
}

sdk::Result<sdk::LinkCounters> AskForCounters(uint32_t if_index) {
  // The kernel answers before send returns.
  const sdk::UniqueFd fd(
      socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (fd.get() < 0) return sdk::ErrnoStatus(kCountersContext, errno);
  if (const sdk::Status asked = AskForLink(fd.get(), if_index); !asked.ok()) return asked;
  std::array<uint8_t, kReplyBytes> answer;
  ssize_t size;
  do {
    size = recv(fd.get(), answer.data(), answer.size(), 0);
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
  std::unique_ptr<AddressFeed> addresses_;  // null: nobody asked for them
  sdk::UniqueFd both_;
};

}  // namespace

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
