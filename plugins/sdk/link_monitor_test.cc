// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/link_monitor.h"

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/network_namespace.h"

namespace weir::sdk {
namespace {

using testing::RunCommand;
using testing::ScopedNetworkNamespace;

// A monitor in a namespace of its own, and what it has reported.
class LinkMonitorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!network_.ok()) GTEST_SKIP() << "SKIPPED: " << network_.why_not();
  }

  void OpenMonitor() {
    auto monitor = LinkMonitor::Open();
    ASSERT_TRUE(monitor.ok()) << monitor.status().message();
    monitor_ = *std::move(monitor);
    const Status status = monitor_->ReadInitial(Present(), Gone());
    ASSERT_TRUE(status.ok()) << status.message();
  }

  LinkMonitor::Callback Present() {
    return [this](const Link& link) {
      links_[link.if_index] = link;
      ++presents_;
    };
  }
  LinkMonitor::Callback Gone() {
    return [this](const Link& link) {
      EXPECT_EQ(links_.erase(link.if_index), 1u) << link.name;
      gone_.push_back(link.name);
    };
  }

  // Reads until `condition` holds; the kernel's reports come with the change itself,
  // but some changes go on behind the back of the `ip` that asked for them.
  bool ReadUntil(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      const Status status = monitor_->Read(Present(), Gone());
      EXPECT_TRUE(status.ok()) << status.message();
      if (!status.ok() || condition()) return status.ok();
      pollfd readable = {monitor_->fd(), POLLIN, 0};
      EXPECT_GE(poll(&readable, 1, 1000), 0);
    }
    return false;
  }

  const Link* Find(const std::string& name) const {
    for (const auto& [index, link] : links_) {
      if (link.name == name) return &link;
    }
    return nullptr;
  }

  static void Ip(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {"ip"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    ASSERT_EQ(RunCommand(command), "");
  }
  static void AddVeth(const std::string& name, const std::string& peer) {
    Ip({"link", "add", name, "type", "veth", "peer", "name", peer});
  }
  static void RenameBackAndForth(const std::string& name, const std::string& other) {
    for (int i = 0; i < 20; ++i) {
      Ip({"link", "set", name, "name", other});
      Ip({"link", "set", other, "name", name});
    }
  }

  ScopedNetworkNamespace network_;
  std::unique_ptr<LinkMonitor> monitor_;
  std::map<uint32_t, Link> links_;
  std::vector<std::string> gone_;
  int presents_ = 0;
};

TEST_F(LinkMonitorTest, ReportsTheLinksThatAreThere) {
  AddVeth("wa", "wb");
  OpenMonitor();
  ASSERT_NE(Find("lo"), nullptr);
  EXPECT_EQ(Find("lo")->hardware_type, ARPHRD_LOOPBACK);
  EXPECT_TRUE(Find("lo")->up);
  ASSERT_NE(Find("wa"), nullptr);
  EXPECT_EQ(Find("wa")->hardware_type, ARPHRD_ETHER);
  EXPECT_FALSE(Find("wa")->up);
  EXPECT_NE(Find("wb"), nullptr);
}

TEST_F(LinkMonitorTest, FollowsAddRenameUpAndDelete) {
  OpenMonitor();
  AddVeth("wa", "wb");
  ASSERT_TRUE(ReadUntil([&] { return Find("wa") && Find("wb"); }));
  const uint32_t index = Find("wa")->if_index;

  Ip({"link", "set", "wa", "name", "wc"});
  ASSERT_TRUE(ReadUntil([&] { return Find("wc") != nullptr; }));
  EXPECT_EQ(Find("wc")->if_index, index);
  EXPECT_EQ(Find("wa"), nullptr);

  Ip({"link", "set", "wc", "up"});
  ASSERT_TRUE(ReadUntil([&] { return Find("wc")->up; }));

  Ip({"link", "del", "wc"});
  ASSERT_TRUE(ReadUntil([&] { return gone_.size() == 2; }));
  EXPECT_EQ(links_.size(), 1u);  // lo
}

// A list of all links says nothing of packets, and a change does.
TEST_F(LinkMonitorTest, ReportsOfChangesHaveCounters) {
  AddVeth("wa", "wb");
  OpenMonitor();
  EXPECT_FALSE(Find("wa")->counters);
  Ip({"link", "set", "wa", "name", "wc"});
  ASSERT_TRUE(ReadUntil([&] { return Find("wc") != nullptr; }));
  ASSERT_TRUE(Find("wc")->counters);
  EXPECT_EQ(Find("wc")->counters->rx_packets, 0u);
  EXPECT_EQ(Find("wc")->counters->tx_packets, 0u);
}

TEST(ParseLinkTest, ReadsCountersAndNothingBehindTheEnd) {
  struct {
    ifinfomsg info;
    rtattr header;
    rtnl_link_stats64 statistics;
  } __attribute__((packed)) body{};
  body.info.ifi_index = 3;
  body.header.rta_type = IFLA_STATS64;
  body.header.rta_len = RTA_LENGTH(sizeof(body.statistics));
  body.statistics.rx_packets = 0x100000001;
  body.statistics.tx_packets = 0x200000002;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&body);
  Link link;
  ASSERT_TRUE(LinkMonitor::ParseLink(bytes, sizeof(body), &link));
  ASSERT_TRUE(link.counters);
  EXPECT_EQ(link.counters->rx_packets, 0x100000001u);
  EXPECT_EQ(link.counters->tx_packets, 0x200000002u);
  for (size_t size = 0; size < sizeof(body); ++size) {
    const std::vector<uint8_t> cut(bytes, bytes + size);
    Link cut_link;
    EXPECT_EQ(LinkMonitor::ParseLink(cut.data(), size, &cut_link), size >= sizeof(ifinfomsg));
    EXPECT_FALSE(cut_link.counters) << size;
  }
  body.header.rta_len = RTA_LENGTH(sizeof(uint64_t));  // of another kernel: no tx_packets
  Link short_link;
  ASSERT_TRUE(LinkMonitor::ParseLink(bytes, sizeof(body), &short_link));
  EXPECT_FALSE(short_link.counters);
}

// A bridge sends messages of the same types about its ports.
TEST_F(LinkMonitorTest, LeavingABridgeIsNotGoingAway) {
  AddVeth("wa", "wb");
  Ip({"link", "add", "wbr", "type", "bridge"});
  OpenMonitor();
  Ip({"link", "set", "wa", "master", "wbr"});
  Ip({"link", "set", "wa", "nomaster"});
  Ip({"link", "set", "wb", "name", "wend"});
  ASSERT_TRUE(ReadUntil([&] { return Find("wend") != nullptr; }));
  EXPECT_NE(Find("wa"), nullptr);
  EXPECT_TRUE(gone_.empty());
}

TEST_F(LinkMonitorTest, ReportsOnlyDifferences) {
  OpenMonitor();
  AddVeth("wa", "wb");
  ASSERT_TRUE(ReadUntil([&] { return Find("wa") && Find("wb"); }));
  const int before = presents_;
  Ip({"link", "set", "wa", "mtu", "1400"});  // a message about nothing we tell
  Ip({"link", "set", "wa", "name", "wc"});
  ASSERT_TRUE(ReadUntil([&] { return Find("wc") != nullptr; }));
  EXPECT_EQ(presents_, before + 1);
}

// More messages than the queue holds: the kernel drops, and all links are asked for
// again.
TEST_F(LinkMonitorTest, MakesGoodWhatTheKernelDropped) {
  AddVeth("wa", "wb");
  OpenMonitor();
  const int tiny = 1;  // the kernel makes it its minimum
  ASSERT_EQ(setsockopt(monitor_->fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
  AddVeth("wc", "wd");
  Ip({"link", "del", "wa"});
  RenameBackAndForth("wc", "we");
  Ip({"link", "set", "wd", "name", "wz"});
  presents_ = 0;
  ASSERT_TRUE(ReadUntil([&] { return monitor_->Synchronized() && Find("wz") && Find("wc"); }));
  EXPECT_EQ(Find("wa"), nullptr);
  EXPECT_EQ(Find("wb"), nullptr);
  EXPECT_EQ(links_.size(), 3u);
  EXPECT_EQ(gone_.size(), 2u);
  EXPECT_LT(presents_, 40) << "nothing was lost: this test shows nothing";
}

// Anyone may send to a netlink socket.
TEST_F(LinkMonitorTest, BelievesOnlyTheKernel) {
  OpenMonitor();
  sockaddr_nl address{};
  socklen_t size = sizeof(address);
  ASSERT_EQ(getsockname(monitor_->fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const int forger = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  ASSERT_GE(forger, 0);
  struct {
    nlmsghdr header;
    ifinfomsg link;
  } message{};
  message.header.nlmsg_len = sizeof(message);
  message.header.nlmsg_type = RTM_DELLINK;
  message.link.ifi_index = static_cast<int>(Find("lo")->if_index);
  address.nl_groups = 0;
  ASSERT_EQ(sendto(forger, &message, sizeof(message), 0, reinterpret_cast<sockaddr*>(&address),
                   sizeof(address)),
            static_cast<ssize_t>(sizeof(message)));
  close(forger);
  AddVeth("wa", "wb");
  ASSERT_TRUE(ReadUntil([&] { return Find("wa") != nullptr; }));
  EXPECT_NE(Find("lo"), nullptr);
}

}  // namespace
}  // namespace weir::sdk
