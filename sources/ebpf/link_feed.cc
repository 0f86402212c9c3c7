// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/link_feed.h"

#include <utility>

namespace weir::ebpf {

namespace {

class NetlinkFeed : public LinkFeed {
 public:
  explicit NetlinkFeed(std::unique_ptr<sdk::LinkMonitor> monitor) : monitor_(std::move(monitor)) {}

  int fd() const override { return monitor_->fd(); }
  sdk::Status ReadInitial(const Callback& on_present, const Callback& on_gone) override {
    return monitor_->ReadInitial(on_present, on_gone);
  }
  sdk::Status Read(const Callback& on_present, const Callback& on_gone) override {
    return monitor_->Read(on_present, on_gone);
  }

 private:
  std::unique_ptr<sdk::LinkMonitor> monitor_;
};

}  // namespace

sdk::Result<std::unique_ptr<LinkFeed>> OpenNetlinkFeed() {
  sdk::Result<std::unique_ptr<sdk::LinkMonitor>> monitor = sdk::LinkMonitor::Open();
  if (!monitor.ok()) return monitor.status();
  return std::unique_ptr<LinkFeed>(std::make_unique<NetlinkFeed>(*std::move(monitor)));
}

}  // namespace weir::ebpf
