// SPDX-License-Identifier: Apache-2.0
// The programs in the kernel, run on packets without any interface
// (BPF_PROG_TEST_RUN). Needs the privilege to load them.
#include "sources/ebpf/flow_kernel/kernel_flows.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <net/if_arp.h>
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "bpf/testing/reference_parser.h"
#include "bpf/testing/test_packets.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/tables/mapped_memory.h"
#include "sources/ebpf/tables/mapped_table.h"
#include "sources/ebpf/tables/table_drain.h"
#include "sources/ebpf/testing/kernel_flows_fixture.h"
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
  Run(PacketOfFlow(4));  // a flip does not begin it anew
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

TEST_P(KernelFlowsTest, CountsAPacketInATunnelUnderTheFlowThatIsAskedFor) {
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

int64_t MonotonicNs() {
  timespec now{};
  EXPECT_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
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

  // What was read makes room in the ring, what was evicted in the table.
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
  // Of a flow that came only while table and ring were full, every packet was dropped.
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
    // In one of some hundred mapped tables of this size a flow finds no place.
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

// Flows that differ in one field only, of each kind.
TEST_P(KernelFlowsTest, EveryFieldOfTheKeyMakesAnotherFlow) {
  Load({/*max_flows=*/1000, 0, 0});
  if (IsSkipped()) return;
  for (const bool ipv4 : {true, false}) {
    const Bytes packet = ipv4 ? PacketOfFlow(1) : PacketOfFlow6(1);
    std::vector<size_t> offsets = {0, 5, 6, 11};  // MACs
    for (const size_t offset : ipv4 ? std::vector<size_t>{23, 26, 29, 30, 33, 34, 35, 36, 37}
                                    : std::vector<size_t>{20, 22, 37, 38, 53, 54, 55, 56, 57}) {
      offsets.push_back(offset);
    }
    Run(packet, WEIR_DIRECTION_INGRESS);
    Run(packet, WEIR_DIRECTION_EGRESS);
    for (const size_t offset : offsets) {
      Bytes other = packet;
      other[offset] ^= 0x80;
      Run(other, WEIR_DIRECTION_INGRESS);
      Run(other, WEIR_DIRECTION_INGRESS);
    }
    Bytes unknown = packet;  // the same bytes under another EtherType
    unknown[12] = 0x99;
    Run(unknown);
    unknown[13] ^= 1;
    Run(unknown);
    Flows flows;
    Evict(&flows);
    EXPECT_EQ(flows.size(), 2 + offsets.size() + 2);
  }
}

TEST_P(KernelFlowsTest, AddsUpTheTcpFlagsAndKeepsTheRestOfTheFirstPacket) {
  Load({/*max_flows=*/10, 0, 0});
  if (IsSkipped()) return;
  Bytes packet = Ethernet({0x0800}) + Ipv4(6, 20) + Transport(20);
  packet[46] = 0x50;
  packet[47] = 0x02;  // SYN
  packet[15] = 46 << 2;
  Run(packet);
  packet[47] = 0x10;  // ACK
  packet[15] = 8 << 2;
  Run(packet, WEIR_DIRECTION_INGRESS, 5);
  packet[46] = 0x51;  // the ninth flag
  packet[47] = 0x11;  // FIN, ACK
  Run(packet);
  Flows flows;
  Evict(&flows);
  ASSERT_EQ(flows.size(), 1u);
  const flow_details_t details = flows.begin()->second.details;
  EXPECT_EQ(details.tcp_flags, 0x113 | WEIR_TCP_PAIR_FIN_ACK);
  EXPECT_EQ(details.dscp, 46);
}

TEST_P(KernelFlowsTest, NotesWhichFlagsCameTogetherWithAck) {
  Load({/*max_flows=*/10, 0, 0});
  if (IsSkipped()) return;
  Bytes packet = Ethernet({0x0800}) + Ipv4(6, 20) + Transport(20);
  packet[46] = 0x50;
  const auto flags_of = [&](const std::vector<uint8_t>& flags) {
    for (const uint8_t one : flags) {
      packet[47] = one;
      Run(packet);
    }
    Flows flows;
    Evict(&flows);
    EXPECT_EQ(flows.size(), 1u);
    return flows.begin()->second.details.tcp_flags;
  };
  constexpr uint8_t kFin = 0x01;
  constexpr uint8_t kSyn = 0x02;
  constexpr uint8_t kRst = 0x04;
  constexpr uint8_t kAck = 0x10;
  EXPECT_EQ(flags_of({kSyn, kAck, kFin, kRst}), 0x17) << "never together";
  // Also where each of the two has been seen before, alone.
  EXPECT_EQ(flags_of({kSyn, kAck, kSyn | kAck}), 0x12 | WEIR_TCP_PAIR_SYN_ACK);
  EXPECT_EQ(flags_of({kFin | kAck, kRst}), 0x15 | WEIR_TCP_PAIR_FIN_ACK);
  EXPECT_EQ(flags_of({kAck, kAck, kRst | kAck}), 0x14 | WEIR_TCP_PAIR_RST_ACK);
  EXPECT_EQ(flags_of({kSyn | kFin | kRst | kAck}),
            0x17 | WEIR_TCP_PAIR_FIN_ACK | WEIR_TCP_PAIR_SYN_ACK | WEIR_TCP_PAIR_RST_ACK);
}

// The map of the mapped table that this process has, in memory. Others of the machine may
// have some too.
class SlotsOfTheTable {
 public:
  SlotsOfTheTable() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int fd = std::stoi(entry.path().filename().string());
      bpf_map_info info{};
      uint32_t size = sizeof(info);
      if (bpf_map_get_info_by_fd(fd, &info, &size) != 0) continue;
      // libbpf holds it by a descriptor of its own.
      if (std::string(info.name) != "weir_flows" || info.id == id_) continue;
      EXPECT_EQ(id_, 0u) << "two tables";
      id_ = info.id;
      count_ = info.max_entries;
      int error = 0;
      memory_ = MappedMemory(fd, count_ * sizeof(flow_slot_t), &error);
      EXPECT_EQ(error, 0);
    }
  }
  std::vector<flow_slot_t*> Used() const {
    std::vector<flow_slot_t*> used;
    for (size_t i = 0; i < count_; ++i) {
      flow_slot_t* const slot = static_cast<flow_slot_t*>(memory_.data()) + i;
      if (slot->ports_interface != 0) used.push_back(slot);
    }
    return used;
  }

 private:
  MappedMemory memory_;
  uint32_t id_ = 0;
  size_t count_ = 0;
};

class MappedTableTest : public KernelFlowsTest {};

TEST_P(MappedTableTest, ACountNeverOverflowsItsHalfOfAWord) {
  Load({/*max_flows=*/10, 0, 0});
  if (IsSkipped()) return;
  for (const weir_u64 almost_full : {0x000000107fffffffull, 0x7fffffff00000010ull}) {
    Run(PacketOfFlow(1));
    const SlotsOfTheTable slots;
    ASSERT_EQ(slots.Used().size(), 1u);
    slots.Used()[0]->packets = almost_full;
    slots.Used()[0]->bytes = 1'000'000;
    Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 3);
    EXPECT_EQ(slots.Used().size(), 2u);
    Flows flows;
    Evict(&flows);
    ASSERT_EQ(flows.size(), 1u);
    const flow_value_t& value = flows.begin()->second;
    EXPECT_EQ(value.packets, (almost_full & 0xffffffff) + 3);
    EXPECT_EQ(value.wire_packets, (almost_full >> 32) + 3);
    EXPECT_EQ(value.bytes, 1'000'000u + 3 * 42);
    EXPECT_EQ(value.details.flags, WEIR_FLOW_HAS_DSCP);
    EXPECT_TRUE(slots.Used().empty());
  }
}

// As if another CPU had claimed the slot and not yet filled it.
TEST_P(MappedTableTest, MakesOneFlowOfTwoSlots) {
  Load({/*max_flows=*/10, 0, 0});
  if (IsSkipped()) return;
  Run(PacketOfFlow(1));
  const SlotsOfTheTable slots;
  ASSERT_EQ(slots.Used().size(), 1u);
  flow_slot_t* const first = slots.Used()[0];
  const weir_u64 published = std::exchange(first->src_mac_protocol, 0);
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 2);
  ASSERT_EQ(slots.Used().size(), 2u);
  first->src_mac_protocol = published;
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 4);
  Run(PacketOfFlow(2));
  ASSERT_EQ(slots.Used().size(), 3u);
  const weir_u64 start = first->start_mono_time_ns;
  Flows flows;
  Evict(&flows);  // and sees each flow once
  ASSERT_EQ(flows.size(), 2u);
  EXPECT_EQ(flows.begin()->second.packets, 7u);
  EXPECT_EQ(flows.begin()->second.start_mono_time_ns, start);
}

// Of the BPF programs that this process holds.
int LoadedPrograms() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry, gone) == "anon_inode:bpf-prog") ++count;
  }
  return count;
}

TEST_P(KernelFlowsTest, LoadsTheProgramsOfTheDirectionsThatAreAskedFor) {
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

INSTANTIATE_TEST_SUITE_P(Tiers, MappedTableTest, ::testing::Values(TableTier::kMapped),
                         [](const auto&) { return "Mapped"; });

TEST(MappedTableSlotsTest, AreAPrimeWithRoomToSpare) {
  EXPECT_EQ(SlotsFor(1), 2u);
  EXPECT_EQ(SlotsFor(8), 13u);
  EXPECT_EQ(SlotsFor(100'000), 150'001u);
  EXPECT_GE(SlotsFor(16'777'216), 25'165'824u);
  EXPECT_EQ(SlotsFor(0xffffffff), 0u);
}

TEST(TableDrainTest, DrainsAFullTableByBatchAndSingly) {
  constexpr uint32_t kEntries = 20'000;
  for (const bool single : {false, true}) {
    SCOPED_TRACE(single ? "singly" : "by batch");
    const sdk::UniqueFd table(bpf_map_create(BPF_MAP_TYPE_HASH, "weir_test", sizeof(flow_key_t),
                                             sizeof(flow_value_t), kEntries, nullptr));
    if (table.get() < 0) GTEST_SKIP() << "SKIPPED: cannot create a BPF map: " << strerror(errno);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < kEntries; ++i) {
      flow_key_t key{};
      key.id.if_index = i;
      flow_value_t value{};
      value.packets = i;
      ASSERT_EQ(bpf_map_update_elem(table.get(), &key, &value, BPF_NOEXIST), 0);
      sum += i;
    }
    TableDrain drain(single);
    uint64_t entries = 0;
    uint64_t drained = 0;
    const auto on_flow = [&](const Flow& flow) {
      EXPECT_EQ(flow.id.if_index, flow.value.packets);
      drained += flow.value.packets;
      ++entries;
    };
    for (int again = 0; again < 2; ++again) {
      const sdk::Status status = drain.Drain(table.get(), on_flow);
      ASSERT_TRUE(status.ok()) << status.message();
    }
    EXPECT_EQ(entries, kEntries);
    EXPECT_EQ(drained, sum);
  }
}

TEST_P(KernelFlowsTest, CoarseTimesAreATickFromThePreciseOnes) {
  KernelOptions options{/*max_flows=*/10, 0, 0};
  options.clock = WEIR_CLOCK_COARSE;
  Load(options);
  if (IsSkipped()) return;
  timespec tick{};
  ASSERT_EQ(clock_getres(CLOCK_MONOTONIC_COARSE, &tick), 0);
  const int64_t tick_ns = tick.tv_nsec;
  // So long that a wrong length of a tick would show.
  const int64_t begin = MonotonicNs() + 50 * tick_ns;
  while (MonotonicNs() < begin) std::this_thread::yield();
  // The kernel's tick itself may be late where this machine's processors are shared:
  // once is enough.
  bool close = false;
  for (int i = 0; i < 1000 && !close; ++i) {
    const int64_t before = MonotonicNs();
    Run(PacketOfFlow(1));
    const int64_t after = MonotonicNs();
    Flows flows;
    Evict(&flows);
    ASSERT_EQ(flows.size(), 1u);
    const auto start = static_cast<int64_t>(flows.begin()->second.start_mono_time_ns);
    const auto end = static_cast<int64_t>(flows.begin()->second.end_time);
    EXPECT_GE(start, before);
    EXPECT_LE(start, after);
    EXPECT_GE(end, start);
    close = end <= after + tick_ns;
  }
  EXPECT_TRUE(close);

  // The same of a flow of more packets: it ends a while after it began.
  close = false;
  for (int i = 0; i < 1000 && !close; ++i) {
    Run(PacketOfFlow(1));
    const int64_t first = MonotonicNs();
    while (MonotonicNs() < first + 5 * tick_ns) std::this_thread::yield();
    const int64_t last = MonotonicNs();
    Run(PacketOfFlow(1));
    Flows flows;
    Evict(&flows);
    ASSERT_EQ(flows.size(), 1u);
    close = std::abs(static_cast<int64_t>(flows.begin()->second.end_time) - last) <= 2 * tick_ns;
  }
  EXPECT_TRUE(close);
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

INSTANTIATE_TEST_SUITE_P(Tiers, KernelFlowsTest,
                         ::testing::Values(TableTier::kMapped, TableTier::kHash),
                         [](const auto& info) {
                           return info.param == TableTier::kMapped ? "Mapped" : "Hash";
                         });

}  // namespace
}  // namespace weir::ebpf
