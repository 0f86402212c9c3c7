// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/interfaces/link_feed.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "plugins/sdk/errno_status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::ebpf {

namespace {

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
