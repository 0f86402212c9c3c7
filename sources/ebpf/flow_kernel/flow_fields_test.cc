// SPDX-License-Identifier: Apache-2.0
// The key, the TCP flags and the times of flows in the kernel. Needs the privilege to load the
// programs.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include "bpf/testing/packet_bytes.h"
#include "sources/ebpf/testing/kernel_flows_fixture.h"
#include "sources/ebpf/testing/table_tiers.h"
#include "sources/ebpf/testing/test_flows.h"

namespace weir::ebpf {
namespace {

// Flows that differ in only one field, for each field.
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

TEST_P(KernelFlowsTest, MergesTheTcpFlagsAndKeepsOtherDetailsOfTheFirstPacket) {
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
  // Also if each of the two was seen before, alone.
  EXPECT_EQ(flags_of({kSyn, kAck, kSyn | kAck}), 0x12 | WEIR_TCP_PAIR_SYN_ACK);
  EXPECT_EQ(flags_of({kFin | kAck, kRst}), 0x15 | WEIR_TCP_PAIR_FIN_ACK);
  EXPECT_EQ(flags_of({kAck, kAck, kRst | kAck}), 0x14 | WEIR_TCP_PAIR_RST_ACK);
  EXPECT_EQ(flags_of({kSyn | kFin | kRst | kAck}),
            0x17 | WEIR_TCP_PAIR_FIN_ACK | WEIR_TCP_PAIR_SYN_ACK | WEIR_TCP_PAIR_RST_ACK);
}

int64_t MonotonicNs() {
  timespec now{};
  EXPECT_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

TEST_P(KernelFlowsTest, CoarseTimesAreATickFromThePreciseOnes) {
  KernelOptions options{/*max_flows=*/10, 0, 0};
  options.clock = WEIR_CLOCK_COARSE;
  Load(options);
  if (IsSkipped()) return;
  timespec tick{};
  ASSERT_EQ(clock_getres(CLOCK_MONOTONIC_COARSE, &tick), 0);
  const int64_t tick_ns = tick.tv_nsec;
  // Long enough that a wrong length of a tick would show.
  const int64_t begin = MonotonicNs() + 50 * tick_ns;
  while (MonotonicNs() < begin) std::this_thread::yield();
  // The kernel's tick itself may be late if this machine's processors are shared: once is enough.
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

  // The same for a flow of several packets: it ends a while after it began.
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

INSTANTIATE_TEST_SUITE_P(Tiers, KernelFlowsTest, BothTiers(), TierName);

}  // namespace
}  // namespace weir::ebpf
