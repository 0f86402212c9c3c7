// SPDX-License-Identifier: Apache-2.0
// Interfaces that are made again, renamed, moved and robbed of weir's programs while they are
// measured, with TCX and with clsact.
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "bpf/testing/test_packets.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/map_source.h"
#include "sources/ebpf/testing/live_network.h"

namespace weir::ebpf {
namespace {

using sdk::testing::FakeHost;

constexpr char kMakeCable[] =
    "link add near index 100 type veth peer name far index 101\n"
    "link set near up\nlink set far up\n";

// A cable from "far" to "near" with chosen indexes, and a source that measures packets coming into
// every interface except "far".
class ChurnTest : public ::testing::TestWithParam<sources::EbpfMap::Attach> {
 protected:
  void SetUp() override {
    if (!network_.ok()) GTEST_SKIP() << "SKIPPED: " << network_.why_not();
    if (const std::string error = MakeInterfaces(InBatch(kMakeCable)); !error.empty()) {
      GTEST_SKIP() << "SKIPPED: " << error;
    }
    sources::EbpfMap config;
    config.add_interfaces("/./");
    config.add_exclude_interfaces("/^(lo|far|out.*)$/");
    config.set_direction(sources::EbpfMap::INGRESS);
    config.set_attach(GetParam());
    config.set_cache_active_timeout("10ms");
    auto map = sdk::testing::MakeComponent<MapSource>(&host_, config);
    ASSERT_TRUE(map.ok()) << map.status().message();
    const sdk::Status started = (*map)->Start();
    if (started.code() == WEIR_UNIMPLEMENTED || started.code() == WEIR_PERMISSION_DENIED) {
      GTEST_SKIP() << "SKIPPED: " << started.message();
    }
    ASSERT_TRUE(started.ok()) << started.message();
    map_ = *std::move(map);
    thread_ = std::thread([this] { EXPECT_TRUE(map_->Run().ok()); });
  }

  void TearDown() override {
    if (map_ == nullptr) return;
    map_->Interrupt();
    thread_.join();
    EXPECT_TRUE(map_->Stop().ok());
    host_.ExpectBalanced();
    EXPECT_FALSE(HasClsact("near"));
    EXPECT_EQ(host_.metric("weir_interface_attach_failures_total"), 0);
  }

  static std::string InBatch(const std::string& commands) {
    return "ip -batch - <<'END'\n" + commands + "END";
  }
  static std::string Batch(const std::string& commands) { return Shell(InBatch(commands)); }

  // Returns when the source has read all reports of interfaces so far. They come in order, so the
  // last one suffices.
  void WaitForLinkEvents() {
    const std::string name = "mark" + std::to_string(++marks_);
    ASSERT_EQ(Batch("link add " + name + " type bridge\n"), "");
    ASSERT_TRUE(host_.WaitFor([&] { return host_.HasLog("interface '" + name + "' ("); }));
    ASSERT_EQ(Batch("link del " + name + "\n"), "");
  }

  uint64_t Received(uint32_t if_index) const {
    uint64_t packets = 0;
    for (const Record& record : host_.records()) {
      if (record.if_index == if_index) packets += record.packets;
    }
    return packets;
  }

  // Sends packets into `sender`, then one into its own new cable, which arrives after all others
  // would have.
  uint64_t CountedOf(uint64_t packets, uint32_t if_index, const std::string& sender = "far") {
    const uint64_t before = Received(if_index);
    PacketSocket socket(sender);
    for (uint64_t i = 0; i < packets; ++i) socket.Send(AllPackets()[0].bytes);
    const std::string end = "end" + std::to_string(++marks_);
    EXPECT_EQ(Batch("link add " + end + " type veth peer name out" + end + "\nlink set " + end +
                    " up\nlink set out" + end + " up\n"),
              "");
    EXPECT_TRUE(host_.WaitFor([&] { return host_.HasLog("interface '" + end + "' ("); }));
    PacketSocket("out" + end).Send(AllPackets()[0].bytes);
    const uint32_t end_index = if_nametoindex(end.c_str());
    EXPECT_TRUE(host_.WaitFor([&] { return Received(end_index) == 1; }));
    EXPECT_EQ(Batch("link del " + end + "\n"), "");
    return Received(if_index) - before;
  }

  sdk::testing::ScopedNetworkNamespace network_;
  FakeHost host_{"flows"};
  std::unique_ptr<MapSource> map_;
  std::thread thread_;
  int marks_ = 0;
};

// The kernel's messages report interfaces that are already gone and whose index belongs to another
// one.
TEST_P(ChurnTest, AnInterfaceThatFollowsAtTheSameIndexIsCountedOnce) {
  std::string commands;
  for (int i = 0; i < 15; ++i) commands += std::string("link del near\n") + kMakeCable;
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(Batch(commands), "");
    WaitForLinkEvents();
    EXPECT_EQ(CountedOf(100, 100), 100u);
  }
  EXPECT_TRUE(host_.WaitFor([&] { return host_.metric("weir_interfaces_attached") == 1; }));
}

// Kernels before 6.2 do not rename an interface that is up.
TEST_P(ChurnTest, RenamedIntoTheSelectionAndOutOfIt) {
  EXPECT_EQ(CountedOf(10, 100), 10u);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(Batch("link set near down\nlink set near name outside\nlink set outside up\n"), "");
    WaitForLinkEvents();
    EXPECT_FALSE(HasClsact("outside"));
    EXPECT_EQ(CountedOf(10, 100), 0u);
    ASSERT_EQ(Batch("link set outside down\nlink set outside name near\nlink set near up\n"), "");
    WaitForLinkEvents();
    EXPECT_EQ(CountedOf(10, 100), 10u);
  }
}

// The interface stays selected under each of its names.
TEST_P(ChurnTest, RenamedUnderTrafficNothingIsLost) {
  constexpr int kRenames = 20;
  std::atomic<bool> end{false};
  std::atomic<uint64_t> sent{0};
  std::thread sender([&] {
    PacketSocket socket("far");
    for (; !end.load(); ++sent) socket.Send(AllPackets()[0].bytes);
  });
  std::string error;
  for (int i = 0; i < kRenames && error.empty(); ++i) {
    const uint64_t before = sent.load();
    EXPECT_TRUE(host_.WaitFor([&] { return sent.load() > before + 100; }));
    error = Batch(i % 2 == 0 ? "link set near name near1\n" : "link set near1 name near\n");
  }
  end.store(true);
  sender.join();
  if (!error.empty()) GTEST_SKIP() << "SKIPPED: rename an interface that is up: " << error;
  EXPECT_TRUE(host_.WaitFor([&] { return Received(100) == sent.load(); }));
}

// The kernel leaves a TCX link on an interface that goes to another namespace.
TEST_P(ChurnTest, MovedToAnotherNamespaceAndBack) {
  const std::string other = "weir-churn-" + std::to_string(getpid());
  ASSERT_EQ(Shell("ip netns add " + other), "");
  const auto end = [&other] { EXPECT_EQ(Shell("ip netns del " + other), ""); };
  const std::unique_ptr<int, std::function<void(int*)>> cleanup(&marks_, [&](int*) { end(); });
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(Shell("ip link set near netns " + other), "");
    ASSERT_EQ(Shell("ip netns exec " + other + " ip link set near up"), "");
    WaitForLinkEvents();
    EXPECT_EQ(CountedOf(10, 100), 0u);
    ASSERT_EQ(Shell("ip netns exec " + other + " ip link set near netns " +
                    std::to_string(getpid()) + " && ip link set near up"),
              "");
    WaitForLinkEvents();
    EXPECT_EQ(CountedOf(10, 100), 10u);
  }
}

// A sink that holds back blocks the thread that emits.
TEST_P(ChurnTest, AnInterfaceThatComesAndGoesWhileConsumersHoldBackIsCounted) {
  constexpr uint64_t kPackets = 1006;
  host_.BlockEmits();
  PacketSocket("far").Send(AllPackets()[0].bytes);
  host_.WaitUntilEmitBlocks();
  ASSERT_EQ(Batch("link add late index 200 type veth peer name outlate\n"
                  "link set late up\nlink set outlate up\n"),
            "");
  ASSERT_TRUE(host_.WaitFor([&] { return host_.HasLog("interface 'late' ("); }));
  {
    PacketSocket socket("outlate");
    for (uint64_t i = 0; i < kPackets; ++i) socket.Send(AllPackets()[0].bytes);
  }
  const auto arrived = [] {
    std::ifstream devices("/proc/thread-self/net/dev");
    std::string word;
    while (devices >> word && word != "late:") continue;
    uint64_t bytes = 0;
    uint64_t packets = 0;
    devices >> bytes >> packets;
    return packets;
  };
  ASSERT_TRUE(host_.WaitFor([&] { return arrived() == kPackets; }));
  ASSERT_EQ(Batch("link del late\n"), "");
  EXPECT_EQ(Received(200), 0u) << "nothing has been emitted";
  host_.UnblockEmits();
  EXPECT_TRUE(host_.WaitFor([&] { return Received(200) == kPackets; }));
}

// Detaches the only program at the ingress of "near", if it is attached by a TCX link.
bool DetachTcx() {
  uint32_t program = 0;
  uint32_t link = 0;
  LibbpfOptions<struct bpf_prog_query_opts> query;
  query->prog_ids = &program;
  query->link_ids = &link;
  query->prog_cnt = 1;
  const int if_index = static_cast<int>(if_nametoindex("near"));
  if (bpf_prog_query_opts(if_index, BPF_TCX_INGRESS, query.get()) != 0 || link == 0) return false;
  const int opened = bpf_link_get_fd_by_id(link);
  if (opened < 0) return false;
  const sdk::UniqueFd fd(opened);
  return bpf_link_detach(fd.get()) == 0;
}

TEST_P(ChurnTest, AProgramThatSomebodyRemovesIsAttachedAgain) {
  const bool taken_off = GetParam() == sources::EbpfMap::TCX
                             ? DetachTcx()
                             : Shell("tc qdisc del dev near clsact").empty();
  ASSERT_TRUE(taken_off);
  ASSERT_TRUE(host_.WaitFor([&] {
    return host_.HasLog("interface 'near': somebody removed weir's program: attached it again");
  }));
  EXPECT_EQ(CountedOf(10, 100), 10u);
}

INSTANTIATE_TEST_SUITE_P(, ChurnTest,
                         ::testing::Values(sources::EbpfMap::TCX, sources::EbpfMap::CLSACT),
                         [](const auto& tested) {
                           return tested.param == sources::EbpfMap::TCX ? "Tcx" : "Clsact";
                         });

}  // namespace
}  // namespace weir::ebpf
