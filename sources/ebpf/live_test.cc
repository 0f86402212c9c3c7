// SPDX-License-Identifier: Apache-2.0
// The programs on real interfaces, in the test's own network namespace.
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "bpf/testing/reference_parser.h"
#include "bpf/testing/test_packets.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/flow_kernel/kernel_flows.h"
#include "sources/ebpf/kernel/libbpf_options.h"
#include "sources/ebpf/map_source.h"
#include "sources/ebpf/ring_source.h"
#include "sources/ebpf/testing/live_network.h"
#include "sources/ebpf/testing/test_flows.h"

namespace weir::ebpf {
namespace {

using sdk::testing::FakeHost;

constexpr size_t kEthernetLength = 14;
// Longer than a page: only the Ethernet header of such a packet is linear.
constexpr size_t kPagedLength = 6000;

// Two ends of a cable, "left" and "right", without other traffic.
class LiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!network_.ok()) GTEST_SKIP() << "SKIPPED: " << network_.why_not();
    const std::string error = MakeInterfaces(
        "ip link add left mtu 9000 type veth peer name right mtu 9000 && "
        "ip link set left up && ip link set right up");
    if (!error.empty()) GTEST_SKIP() << "SKIPPED: " << error;
    Load({/*max_flows=*/1000, 0, 0});
  }

  void Load(const KernelOptions& options) {
    sdk::Result<std::unique_ptr<KernelFlows>> loaded =
        KernelFlows::Load(options, host_.MakeStage());
    if (!loaded.ok()) GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
    kernel_ = *std::move(loaded);
  }

  std::unique_ptr<Attachment> Attach(const sdk::Link& link, uint8_t direction,
                                     AttachMode mode = AttachMode::kAuto) {
    sdk::Result<std::unique_ptr<Attachment>> attached = kernel_->Attach(link, direction, By(mode));
    EXPECT_TRUE(attached.ok()) << attached.status().message();
    return attached.ok() ? *std::move(attached) : nullptr;
  }

  Flows Evict() {
    Flows flows;
    EXPECT_TRUE(kernel_->Flip().ok());
    DrainInto(kernel_.get(), &flows);
    return flows;
  }
  DatapathCounters Counters() { return *kernel_->Counters(); }
  // Returns the packets in flows, including flows that were not read yet.
  uint64_t Counted() {
    (void)Evict();
    return Counters().packets();
  }

  // Checks that the packet was counted once, under `id`, with `bytes` and with the details of
  // `whole`, which begins with an Ethernet header and contains all its tags.
  void ExpectFlow(flow_id_t id, uint8_t direction, const std::string& interface, size_t bytes,
                  const Bytes& whole) {
    id.direction = direction;
    id.if_index = if_nametoindex(interface.c_str());
    const Flows flows = Evict();
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(Hex(flows.begin()->first), Hex(id));
    EXPECT_EQ(flows.begin()->second.packets, 1u);
    EXPECT_EQ(flows.begin()->second.bytes, bytes);
    const flow_details_t details =
        ReferenceParser::Ethernet({reinterpret_cast<const char*>(whole.data()), whole.size()})
            .details;
    EXPECT_EQ(Hex(flows.begin()->second.details), Hex(details));
  }

  sdk::testing::ScopedNetworkNamespace network_;
  FakeHost host_;
  std::unique_ptr<KernelFlows> kernel_;
};

// True if each field is that of the whole packet, or empty. EtherType and protocol must be those of
// the innermost header that is not cut off, as in `reference`.
bool IsWholeOrEmpty(const flow_id_t& seen, const flow_id_t& whole, const flow_id_t& reference) {
  const flow_id_t empty{};
  const auto same = [&](size_t offset, size_t size) {
    const auto* const field = reinterpret_cast<const uint8_t*>(&seen) + offset;
    return std::memcmp(field, reinterpret_cast<const uint8_t*>(&whole) + offset, size) == 0 ||
           std::memcmp(field, reinterpret_cast<const uint8_t*>(&empty) + offset, size) == 0;
  };
  return seen.eth_protocol == reference.eth_protocol && seen.direction == whole.direction &&
         seen.if_index == whole.if_index && same(offsetof(flow_id_t, src_mac), 12) &&
         same(offsetof(flow_id_t, src_ip), 32) && same(offsetof(flow_id_t, src_port), 4) &&
         seen.transport_protocol == reference.transport_protocol;
}

TEST_F(LiveTest, CountsPacketsCutAtAnyLengthAndNeverSeesAWrongField) {
  const auto attached = Attach(LinkOf("left"), WEIR_DIRECTION_EGRESS);
  PacketSocket left("left");
  DatapathCounters before{};
  uint64_t sent = 0;
  for (const TestPacket& packet : AllPackets()) {
    if (packet.bytes.size() > 1000) continue;  // a kernel round for each byte
    flow_id_t whole = packet.id;
    whole.direction = WEIR_DIRECTION_EGRESS;
    whole.if_index = LinkOf("left").if_index;
    for (size_t size = kEthernetLength; size < packet.bytes.size(); ++size) {
      SCOPED_TRACE(packet.name + " cut at " + std::to_string(size));
      left.Send({packet.bytes.begin(), packet.bytes.begin() + static_cast<long>(size)});
      ++sent;
      const Flows flows = Evict();
      ASSERT_EQ(flows.size(), 1u);
      const auto& [seen, value] = *flows.begin();
      EXPECT_EQ(value.packets, 1u);
      EXPECT_EQ(value.bytes, size);
      const DatapathCounters after = Counters();
      const ReferenceResult expected =
          ReferenceParser::Ethernet({reinterpret_cast<const char*>(packet.bytes.data()), size});
      EXPECT_TRUE(IsWholeOrEmpty(seen, whole, expected.id)) << Hex(seen) << "\n" << Hex(whole);
      EXPECT_EQ(after.kernel.truncated - before.kernel.truncated, expected.truncated ? 1u : 0u);
      EXPECT_EQ(Hex(value.details), Hex(expected.details));
      before = after;
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(sent, 1500u);
  EXPECT_EQ(before.packets(), sent);
  EXPECT_EQ(before.table_packets, sent);
}

TEST_F(LiveTest, ReadsHeadersThatAreNotInTheLinearPart) {
  const auto attached = Attach(LinkOf("left"), WEIR_DIRECTION_EGRESS);
  PacketSocket left("left");
  for (const TestPacket& packet : AllPackets()) {
    SCOPED_TRACE(packet.name);
    Bytes padded = packet.bytes;
    padded.resize(kPagedLength, 0x33);
    left.Send(padded);
    ExpectFlow(packet.id, WEIR_DIRECTION_EGRESS, "left", padded.size(), padded);
  }
}

// The kernel takes the outermost tag out before the hook and leaves it in skb->vlan_tci.
TEST_F(LiveTest, SeesTheSameFlowWhereTheKernelTookTheTagOut) {
  const auto attached = Attach(LinkOf("right"), WEIR_DIRECTION_INGRESS);
  PacketSocket left("left");
  for (const TestPacket& packet : AllPackets()) {
    SCOPED_TRACE(packet.name);
    if (packet.name == "17 tags") continue;  // 16 of them remain
    left.Send(packet.bytes);
    ExpectFlow(packet.id, WEIR_DIRECTION_INGRESS, "right", packet.bytes.size(), packet.bytes);
  }
}

TEST_F(LiveTest, MeasuresLinksWithoutALinkLayer) {
  const sdk::UniqueFd tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (tun.get() < 0) GTEST_SKIP() << "SKIPPED: /dev/net/tun: " << std::strerror(errno);
  ifreq request{};
  std::strcpy(request.ifr_name, "tunnel");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun.get(), TUNSETIFF, &request) != 0) {
    GTEST_SKIP() << "SKIPPED: make a tun device: " << std::strerror(errno);
  }
  ASSERT_EQ(Shell("ip link set tunnel up"), "");
  const auto in = Attach(LinkOf("tunnel", ARPHRD_NONE), WEIR_DIRECTION_INGRESS);
  const auto out = Attach(LinkOf("tunnel", ARPHRD_NONE), WEIR_DIRECTION_EGRESS);
  PacketSocket socket("tunnel");
  for (const TestPacket& packet : AllPackets()) {
    const bool ipv4 = packet.id.eth_protocol == 0x0800;
    const bool ipv6 = packet.id.eth_protocol == 0x86dd;
    // A tun device accepts only IP, and tells the kind by the version.
    const uint16_t type = static_cast<uint16_t>(packet.bytes[12] << 8 | packet.bytes[13]);
    if ((!ipv4 && !ipv6) || type != packet.id.eth_protocol) continue;
    if (packet.name.find("version") != std::string::npos) continue;
    SCOPED_TRACE(packet.name);
    const Bytes bytes(packet.bytes.begin() + kEthernetLength, packet.bytes.end());
    flow_id_t id = packet.id;
    std::memset(id.src_mac, 0, sizeof(id.src_mac));
    std::memset(id.dst_mac, 0, sizeof(id.dst_mac));
    ASSERT_EQ(write(tun.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ExpectFlow(id, WEIR_DIRECTION_INGRESS, "tunnel", bytes.size(), packet.bytes);
  }
}

TEST_F(LiveTest, AttachesAndDetachesByTcxAndByClsact) {
  PacketSocket left("left");
  const Bytes packet = AllPackets().front().bytes;
  for (const AttachMode mode : {AttachMode::kTcx, AttachMode::kClsact}) {
    SCOPED_TRACE(mode == AttachMode::kTcx ? "tcx" : "clsact");
    sdk::Result<std::unique_ptr<Attachment>> in =
        kernel_->Attach(LinkOf("right"), WEIR_DIRECTION_INGRESS, By(mode));
    if (mode == AttachMode::kTcx && in.status().code() == WEIR_UNIMPLEMENTED) continue;
    ASSERT_TRUE(in.ok()) << in.status().message();
    const auto out = Attach(LinkOf("right"), WEIR_DIRECTION_EGRESS, mode);
    EXPECT_EQ(HasClsact("right"), mode == AttachMode::kClsact);

    const uint64_t before = Counted();
    left.Send(packet);
    EXPECT_EQ(Counted() - before, 1u);
    EXPECT_TRUE((*in)->Detach().ok());
    left.Send(packet);
    EXPECT_EQ(Counted() - before, 1u);
    EXPECT_TRUE(out->Detach().ok());
    EXPECT_FALSE(HasClsact("right"));
  }
}

TEST_F(LiveTest, LeavesTheQdiscAndTheFiltersOfOthersAlone) {
  ASSERT_EQ(Shell("tc qdisc add dev right clsact"), "");
  Attach(LinkOf("right"), WEIR_DIRECTION_INGRESS, AttachMode::kClsact).reset();
  EXPECT_TRUE(HasClsact("right")) << "it was there before";
  ASSERT_EQ(Shell("tc qdisc del dev right clsact"), "");

  // Somebody else adds a filter to weir's qdisc.
  const auto attached = Attach(LinkOf("right"), WEIR_DIRECTION_INGRESS, AttachMode::kClsact);
  LibbpfOptions<bpf_tc_hook> hook;
  hook->ifindex = static_cast<int>(LinkOf("right").if_index);
  hook->attach_point = BPF_TC_EGRESS;
  LibbpfOptions<bpf_tc_opts> filter;
  filter->prog_fd = kernel_->ProgramFd(ARPHRD_ETHER, WEIR_DIRECTION_EGRESS);
  filter->priority = 5;
  ASSERT_EQ(bpf_tc_attach(hook.get(), filter.get()), 0);
  EXPECT_TRUE(attached->Detach().ok());
  EXPECT_TRUE(HasClsact("right"));
  filter->flags = filter->prog_id = 0;
  filter->prog_fd = 0;
  EXPECT_EQ(bpf_tc_query(hook.get(), filter.get()), 0);
}

TEST_F(LiveTest, SaysWhenAnInterfaceHasGone) {
  const sdk::Link link = LinkOf("right");
  const auto first = Attach(link, WEIR_DIRECTION_INGRESS, AttachMode::kAuto);
  const auto clsact = Attach(link, WEIR_DIRECTION_EGRESS, AttachMode::kClsact);
  const bool has_tcx =
      kernel_->Attach(link, WEIR_DIRECTION_INGRESS, By(AttachMode::kTcx)).status().code() !=
      WEIR_UNIMPLEMENTED;
  ASSERT_EQ(Shell("ip link del right"), "");
  for (const AttachMode mode : {AttachMode::kAuto, AttachMode::kTcx, AttachMode::kClsact}) {
    EXPECT_EQ(kernel_->Attach(link, WEIR_DIRECTION_INGRESS, By(mode)).status().code(),
              mode == AttachMode::kTcx && !has_tcx ? WEIR_UNIMPLEMENTED : WEIR_NOT_FOUND);
  }
  EXPECT_TRUE(first->Detach().ok());
  EXPECT_TRUE(clsact->Detach().ok());
}

uint64_t PacketsOf(const FakeHost& host) {
  uint64_t packets = 0;
  for (const Record& record : host.records()) packets += record.packets;
  return packets;
}

// The balance, with both sources, while packets come: in flows + dropped = counted. Nothing stays
// in the kernel if the sources are interrupted in the middle.
TEST_F(LiveTest, LosesNoCountedPacketWhenInterruptedUnderTraffic) {
  constexpr uint16_t kPorts = 200;
  FakeHost map_host("flows");
  FakeHost ring_host("overflow", &map_host);
  sources::EbpfMap map_config;
  map_config.add_interfaces("/^(left|right)$/");
  map_config.set_cache_max_flows(150);  // there are 400 flows, on two interfaces
  map_config.set_cache_active_timeout("10ms");
  sources::EbpfRingbuf ring_config;
  ring_config.set_read_interval("1ms");
  ring_config.set_ring_bytes(32768);
  auto map = sdk::testing::MakeComponent<MapSource>(&map_host, map_config);
  auto ring = sdk::testing::MakeComponent<RingSource>(&ring_host, ring_config);
  ASSERT_TRUE(map.ok() && ring.ok());
  sdk::Status status = (*map)->Start();
  ASSERT_TRUE(status.ok()) << status.message();
  ASSERT_TRUE((*ring)->Start().ok());

  std::atomic<bool> end{false};
  std::atomic<uint64_t> sent{0};
  std::thread generator([&] {
    PacketSocket left("left");
    Bytes packet = AllPackets().front().bytes;
    for (uint16_t port = 0; !end.load(); port = static_cast<uint16_t>((port + 1) % kPorts)) {
      packet[34] = static_cast<uint8_t>(port >> 8);
      packet[35] = static_cast<uint8_t>(port);
      left.Send(packet);
      ++sent;
    }
  });
  std::thread ring_thread([&] { EXPECT_TRUE((*ring)->Run().ok()); });
  std::thread map_thread([&] { EXPECT_TRUE((*map)->Run().ok()); });
  while (sent.load() < 100'000) std::this_thread::yield();
  (*ring)->Interrupt();
  (*map)->Interrupt();
  map_thread.join();
  ring_thread.join();
  end.store(true);
  generator.join();

  const auto metric = [&](const char* name) {
    return static_cast<uint64_t>(map_host.metric(name));
  };
  const uint64_t counted = metric("weir_datapath_packets_total");
  const uint64_t dropped = metric("weir_datapath_dropped_packets_total");
  EXPECT_GE(counted, 200'000u);  // out of one end and into the other
  EXPECT_EQ(PacketsOf(map_host), metric("weir_datapath_table_packets_total"));
  EXPECT_EQ(PacketsOf(ring_host), metric("weir_datapath_ringbuf_packets_total"));
  EXPECT_EQ(PacketsOf(map_host) + PacketsOf(ring_host) + dropped, counted);
  EXPECT_GT(PacketsOf(ring_host), 0u);
  map_host.ExpectBalanced();
  ring_host.ExpectBalanced();
  EXPECT_TRUE((*ring)->Stop().ok());
  EXPECT_TRUE((*map)->Stop().ok());
}

// The counts equal the interface's own counters.
TEST_F(LiveTest, CountsWhatTheInterfaceCountsAlsoIfItAppearsLater) {
  FakeHost map_host("flows");
  sources::EbpfMap config;
  config.add_interfaces("later0");
  config.set_direction(sources::EbpfMap::INGRESS);
  config.set_cache_active_timeout("50ms");
  auto map = sdk::testing::MakeComponent<MapSource>(&map_host, config);
  ASSERT_TRUE(map.ok());
  ASSERT_TRUE((*map)->Start().ok());
  std::thread map_thread([&] { EXPECT_TRUE((*map)->Run().ok()); });
  ASSERT_EQ(Shell("ip link add later0 type veth peer name later1 && "
                  "ip link set later0 up && ip link set later1 up"),
            "");
  ASSERT_TRUE(map_host.WaitFor([&] { return map_host.HasLog("interface 'later0'"); }));
  ASSERT_TRUE(map_host.WaitFor([&] { return map_host.metric("weir_interfaces_attached") == 1; }));
  PacketSocket sender("later1");
  for (int i = 0; i < 1000; ++i) sender.Send(AllPackets()[0].bytes);
  (*map)->Interrupt();
  map_thread.join();
  EXPECT_EQ(PacketsOf(map_host), 1000u);
  EXPECT_EQ(Shell("test $(cat /sys/class/net/later0/statistics/rx_packets) = 1000 || "
                  "ip -s link show later0 | grep -A1 RX: | grep -qw 1000"),
            "");
  EXPECT_TRUE((*map)->Stop().ok());
}

}  // namespace
}  // namespace weir::ebpf
