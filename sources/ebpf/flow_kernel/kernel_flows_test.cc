// SPDX-License-Identifier: Apache-2.0
// The programs in the kernel, run on packets without any interface (BPF_PROG_TEST_RUN). Needs the
// privilege to load them.
#include "sources/ebpf/flow_kernel/kernel_flows.h"

#include <gtest/gtest.h>
#include <net/if_arp.h>
#include <poll.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "bpf/testing/reference_parser.h"
#include "bpf/testing/test_packets.h"
#include "bpf/testing/tunnel_packets.h"
#include "sources/ebpf/testing/kernel_flows_fixture.h"
#include "sources/ebpf/testing/table_tiers.h"
#include "sources/ebpf/testing/test_flows.h"

namespace weir::ebpf {
namespace {

TEST_P(KernelFlowsTest, CountsEachPacketUnderItsFlow) {
  Load({/*max_flows=*/1000, 0, 0});
  if (IsSkipped()) return;
  DatapathCounters before{};
  for (const uint8_t direction : {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS}) {
    for (const TestPacket& packet : AllPackets()) {
      SCOPED_TRACE(packet.name);
      Run(packet.bytes, direction, 3);
      Flows flows;
      Evict(&flows);
      ASSERT_EQ(flows.size(), 1u);
      flow_id_t expected = packet.id;
      expected.direction = direction;
      expected.if_index = kLoopbackIndex;
      EXPECT_EQ(Hex(flows.begin()->first), Hex(expected));
      const flow_value_t& value = flows.begin()->second;
      EXPECT_EQ(value.packets, 3u);
      EXPECT_EQ(value.bytes, 3 * packet.bytes.size());
      EXPECT_GT(value.start_mono_time_ns, 0u);
      EXPECT_EQ(value.wire_packets, 3u);
      EXPECT_GT(value.end_time, value.start_mono_time_ns);
      flow_details_t details =
          ReferenceParser::Ethernet(
              {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()})
              .details;
      EXPECT_EQ(Hex(value.details), Hex(details));
      const DatapathCounters after = Counters();
      EXPECT_EQ(after.packets() - before.packets(), 3u);
      EXPECT_EQ(after.bytes() - before.bytes(), 3 * packet.bytes.size());
      EXPECT_EQ(after.kernel.fragments - before.kernel.fragments, packet.fragment ? 3u : 0u);
      EXPECT_EQ(after.kernel.truncated - before.kernel.truncated, packet.truncated ? 3u : 0u);
      before = after;
    }
  }
  EXPECT_EQ(before.table_packets, before.packets());
}

TEST_P(KernelFlowsTest, CountsNothingOnceTheCountingHasEnded) {
  Load({/*max_flows=*/1000, 0, 0});
  if (IsSkipped()) return;
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 3);
  ASSERT_TRUE(kernel_->Flip().ok());
  Run(PacketOfFlow(2), WEIR_DIRECTION_INGRESS, 5);
  ASSERT_TRUE(kernel_->EndCounting().ok());
  for (const uint16_t flow : {1, 2, 3}) Run(PacketOfFlow(flow), WEIR_DIRECTION_INGRESS, 7);
  Flows flows;
  DrainInto(kernel_.get(), &flows);
  Evict(&flows);
  Run(PacketOfFlow(4));  // a flip does not restart the counting
  Evict(&flows);
  uint64_t packets = 0;
  for (const auto& [id, value] : flows) packets += value.packets;
  EXPECT_EQ(flows.size(), 2u);
  EXPECT_EQ(packets, 8u);
  const DatapathCounters counters = Counters();
  EXPECT_EQ(counters.packets(), 8u);
  EXPECT_EQ(counters.kernel.dropped_packets, 0u);
}

std::vector<TunnelPacket> SomeInTunnels() {
  std::vector<TunnelPacket> packets = TunnelPackets();
  for (const TestPacket& frame : AllPackets()) packets.push_back(InVxlan(frame));
  return packets;
}

TEST_P(KernelFlowsTest, CountsAPacketInATunnelUnderTheConfiguredFlow) {
  for (const bool inner : {false, true}) {
    KernelOptions options{/*max_flows=*/10, 0, 0};
    if (inner) options.tunnels = {kVxlanPort, kGenevePort, /*gre=*/1, /*ip_in_ip=*/1};
    Load(options);
    if (IsSkipped()) return;
    DatapathCounters before{};
    for (const TunnelPacket& packet : SomeInTunnels()) {
      SCOPED_TRACE(packet.name);
      Run(packet.bytes, WEIR_DIRECTION_EGRESS, 2);
      Flows flows;
      Evict(&flows);
      ASSERT_EQ(flows.size(), 1u);
      flow_id_t expected = inner ? packet.within : packet.id;
      expected.direction = WEIR_DIRECTION_EGRESS;
      expected.if_index = kLoopbackIndex;
      EXPECT_EQ(Hex(flows.begin()->first), Hex(expected));
      const flow_value_t& value = flows.begin()->second;
      EXPECT_EQ(value.packets, 2u);
      EXPECT_EQ(value.bytes, 2 * packet.bytes.size());
      const flow_details_t details =
          ReferenceParser::Ethernet(
              {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()},
              options.tunnels)
              .details;
      EXPECT_EQ(Hex(value.details), Hex(details));
      const bool truncated = inner ? packet.within_truncated : packet.truncated;
      const bool fragment = inner ? packet.within_fragment : packet.fragment;
      const DatapathCounters after = Counters();
      EXPECT_EQ(after.kernel.fragments - before.kernel.fragments, fragment ? 2u : 0u);
      EXPECT_EQ(after.kernel.truncated - before.kernel.truncated, truncated ? 2u : 0u);
      before = after;
    }
  }
}

TEST_P(KernelFlowsTest, PacketsWithoutRoomGoToTheRingAndThenAreCountedAsDropped) {
  constexpr uint32_t kFlows = 8;
  constexpr int kPackets = 50;
  constexpr int kPacketsEach = 3;
  Load({kFlows, 0, /*ring_bytes=*/1});  // rounded up to a page: 36 packets of 112 bytes
  if (IsSkipped()) return;
  for (uint16_t port = 1; port <= kPackets; ++port) {
    Run(PacketOfFlow(port), WEIR_DIRECTION_EGRESS, kPacketsEach);
  }
  pollfd readable = {kernel_->overflow_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&readable, 1, 60'000), 1);
  Flows table;
  Evict(&table);
  Flows ring;
  uint64_t ring_packets = 0;
  for (;;) {
    sdk::Result<size_t> read = kernel_->ReadOverflow(10, [&](const Flow& packet) {
      EXPECT_EQ(packet.value.packets, 1u);
      EXPECT_EQ(packet.value.wire_packets, 1u);
      EXPECT_EQ(packet.value.bytes, 42u);
      EXPECT_GT(packet.value.start_mono_time_ns, 0u);
      EXPECT_EQ(packet.value.start_mono_time_ns, packet.value.end_time);
      EXPECT_EQ(packet.value.details.flags, WEIR_FLOW_HAS_DSCP);
      Merge(packet, &ring);
      ++ring_packets;
    });
    ASSERT_TRUE(read.ok()) << read.status().message();
    if (*read == 0) break;
  }
  EXPECT_EQ(table.size(), kFlows);
  for (const auto& [id, value] : ring) {
    EXPECT_EQ(id.direction, WEIR_DIRECTION_EGRESS);
    EXPECT_EQ(table.count(id), 0u);
  }
  const DatapathCounters counters = Counters();
  EXPECT_EQ(counters.packets(), uint64_t{kPackets} * kPacketsEach);
  EXPECT_EQ(counters.table_packets, uint64_t{kFlows} * kPacketsEach);
  EXPECT_EQ(counters.kernel.ringbuf_packets, ring_packets);
  EXPECT_GT(ring_packets, 30u);
  EXPECT_GT(counters.kernel.dropped_packets, 0u);
  EXPECT_EQ(counters.kernel.dropped_bytes, counters.kernel.dropped_packets * 42);
  EXPECT_EQ(counters.kernel.table_failures[WEIR_TABLE_FULL],
            counters.kernel.ringbuf_packets + counters.kernel.dropped_packets);

  // Reading makes room in the ring, evicting makes room in the table.
  Run(PacketOfFlow(60000));
  Evict(&table);
  EXPECT_EQ(Counters().table_packets, counters.table_packets + 1);
}

TEST_P(KernelFlowsTest, WithoutAReaderPacketsWithoutRoomAreDroppedAtOnce) {
  Load({/*max_flows=*/1, 0, /*ring_bytes=*/0});
  if (IsSkipped()) return;
  for (uint16_t port = 1; port <= 5; ++port) Run(PacketOfFlow(port));
  Flows flows;
  Evict(&flows);
  const DatapathCounters counters = Counters();
  EXPECT_EQ(counters.table_packets, 1u);
  EXPECT_EQ(counters.kernel.dropped_packets, 4u);
}

TEST_P(KernelFlowsTest, LosesNothingWhileTablesAreEvicted) {
  constexpr int kEvictions = 20;
  constexpr int kTimes = 500;
  constexpr int kPorts = 20;
  Load({/*max_flows=*/kPorts / 2 + 1, 0, /*ring_bytes=*/1 << 16});
  if (IsSkipped()) return;
  std::atomic<bool> end{false};
  std::atomic<uint64_t> sent{0};
  std::vector<std::thread> generators;
  for (int i = 0; i < 2; ++i) {
    generators.emplace_back([this, &end, &sent] {
      for (int round = 0; !end.load(); ++round) {
        // The same flows from both: they race for the insertion.
        Run(PacketOfFlow(static_cast<uint16_t>(round % kPorts + 1)), WEIR_DIRECTION_INGRESS,
            kTimes);
        sent += kTimes;
      }
    });
  }
  Flows flows;
  uint64_t ring_packets = 0;
  const auto read_ring = [&] {
    sdk::Result<size_t> read =
        kernel_->ReadOverflow(1 << 20, [&](const Flow& packet) { Merge(packet, &flows); });
    ASSERT_TRUE(read.ok());
    ring_packets += *read;
  };
  while (sent.load() == 0) std::this_thread::yield();
  for (int i = 0; i < kEvictions; ++i) {
    Evict(&flows);
    read_ring();
  }
  end.store(true);
  for (std::thread& generator : generators) generator.join();
  Evict(&flows);
  Evict(&flows);
  read_ring();

  const DatapathCounters counters = Counters();
  EXPECT_EQ(counters.packets(), sent.load());
  EXPECT_EQ(counters.kernel.ringbuf_packets, ring_packets);
  uint64_t packets = 0;
  uint64_t bytes = 0;
  for (const auto& [id, value] : flows) {
    packets += value.packets;
    bytes += value.bytes;
  }
  EXPECT_EQ(packets + counters.kernel.dropped_packets, sent.load());
  EXPECT_EQ(bytes + counters.kernel.dropped_bytes, sent.load() * 42);
  // If a flow came only while table and ring were full, all its packets were dropped.
  EXPECT_LE(flows.size(), size_t{kPorts});
}

TEST_P(KernelFlowsTest, HoldsAsManyFlowsAsItIsMadeFor) {
  constexpr uint32_t kFlows = 40'000;
  constexpr int kMore = 100;
  Load({kFlows, 0, 0});
  if (IsSkipped()) return;
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (uint32_t i = 0; i < kFlows / 2; ++i) {
      Run(PacketOfFlow(static_cast<uint16_t>(i)));
      Run(PacketOfFlow6(static_cast<uint16_t>(i)));
    }
    Flows flows;
    Evict(&flows);
    // In one of some hundred mapped tables of this size, a flow finds no slot.
    EXPECT_GE(flows.size(), kFlows - 1);
    for (const auto& [id, value] : flows) EXPECT_EQ(value.packets, 1u);
  }
  const flow_counters_t before = Counters().kernel;
  EXPECT_LE(before.dropped_packets, 2u);  // the same flow in both epochs: they share a seed
  for (uint32_t i = 0; i < kFlows + kMore; ++i) Run(PacketOfFlow(static_cast<uint16_t>(i)));
  for (int i = 0; i < kMore; ++i) Run(PacketOfFlow6(static_cast<uint16_t>(i)));
  const flow_counters_t after = Counters().kernel;
  EXPECT_EQ(after.table_failures[WEIR_TABLE_FULL] - before.table_failures[WEIR_TABLE_FULL] +
                after.table_failures[WEIR_TABLE_CROWDED] -
                before.table_failures[WEIR_TABLE_CROWDED],
            after.dropped_packets - before.dropped_packets);
  EXPECT_GE(after.dropped_packets - before.dropped_packets, uint64_t{kMore});
  EXPECT_LE(after.dropped_packets - before.dropped_packets, uint64_t{2 * kMore + 1});
}

// Returns the number of BPF programs that this process holds.
int LoadedPrograms() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry, gone) == "anon_inode:bpf-prog") ++count;
  }
  return count;
}

TEST_P(KernelFlowsTest, LoadsTheProgramsOfTheConfiguredDirections) {
  const int before = LoadedPrograms();
  KernelOptions options{10, 0, 0};
  Load(options);
  if (IsSkipped()) return;
  const int both = LoadedPrograms() - before;
  kernel_.reset();
  options.directions = {WEIR_DIRECTION_EGRESS};
  Load(options);
  const int one = LoadedPrograms() - before;
  EXPECT_EQ(both - one, 2) << "with and without a link-layer header";
  EXPECT_EQ(kernel_->ProgramFd(ARPHRD_ETHER, WEIR_DIRECTION_INGRESS), -1);
  Run(PacketOfFlow(1), WEIR_DIRECTION_EGRESS);
  Flows flows;
  Evict(&flows);
  EXPECT_EQ(flows.size(), 1u);
}

TEST_P(KernelFlowsTest, SaysWhichSettingAsksForTooMuch) {
  sdk::Result<std::unique_ptr<KernelFlows>> loaded =
      KernelFlows::Load({/*max_flows=*/0xffffffff, 0, 0, GetParam()}, host_.MakeStage());
  if (loaded.status().code() == WEIR_PERMISSION_DENIED) {
    GTEST_SKIP() << "SKIPPED: " << loaded.status().message();
  }
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.status().message().find("cache_max_flows"), std::string::npos)
      << loaded.status().message();
}

INSTANTIATE_TEST_SUITE_P(Tiers, KernelFlowsTest, BothTiers(), TierName);

}  // namespace
}  // namespace weir::ebpf
