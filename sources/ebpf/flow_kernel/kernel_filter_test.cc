// SPDX-License-Identifier: Apache-2.0
// Filter rules and sampling of the programs in the kernel, run on packets without any
// interface (BPF_PROG_TEST_RUN). Needs the privilege to load them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/first_fitting.h"
#include "bpf/testing/packet_bytes.h"
#include "sources/ebpf/rules/check_rules.h"
#include "sources/ebpf/rules/filter_rules.h"
#include "sources/ebpf/testing/kernel_flows_fixture.h"
#include "sources/ebpf/testing/randomness.h"
#include "sources/ebpf/testing/table_tiers.h"
#include "sources/ebpf/testing/text_config.h"

namespace weir::ebpf {
namespace {

class KernelFilterTest : public KernelFlowsTest {
 protected:
  // `text` is a configuration with rules.
  void LoadRules(const std::string& text, uint32_t max_flows = 1000, uint32_t ring_bytes = 0) {
    const sources::EbpfMap config = EbpfMapOf(text);
    sdk::Result<std::vector<flow_filter_rule_t>> rules = FilterRulesOf(config);
    ASSERT_TRUE(rules.ok()) << rules.status().message();
    KernelOptions options{max_flows, config.sampling(), ring_bytes};
    options.filter_rules = *std::move(rules);
    Load(options);
  }

  // Returns all counted packets, after all flows were read.
  static uint64_t All(const DatapathCounters& counters) {
    return counters.packets() + counters.kernel.sampled_out_packets +
           counters.kernel.filter_rejected + counters.kernel.filter_unmatched;
  }
};

// A packet from 10.1.2.3 to 192.168.254.255.
Bytes Tcp4(uint16_t destination_port, uint8_t flags) {
  Bytes packet =
      Ethernet({0x0800}) + Ipv4(6, 20) + Be16(4000) + Be16(destination_port) + Bytes(16, 0);
  packet[46] = 0x50;
  packet[47] = flags;
  return packet;
}

TEST_P(KernelFilterTest, RulesDecideAndWhatTheyLeaveOutIsCounted) {
  LoadRules(
      "filter { ip_cidr: '10.0.0.0/8' action: REJECT }"
      "filter { ip_cidr: '10.1.2.0/24' destination_ports: '80-90' protocol: 'TCP' }"
      "filter { ip_cidr: '2001:db8::/32' }");
  if (IsSkipped()) return;
  Run(Tcp4(80, 0x10), WEIR_DIRECTION_INGRESS, 5);
  Run(Tcp4(91, 0x10), WEIR_DIRECTION_INGRESS, 7);
  Run(PacketOfFlow6(1), WEIR_DIRECTION_EGRESS, 11);
  Run(Ethernet({0x0806}) + Bytes(28, 0), WEIR_DIRECTION_INGRESS, 13);
  Flows flows;
  Evict(&flows);
  ASSERT_EQ(flows.size(), 2u);
  for (const auto& [id, value] : flows) {
    const bool ipv4 = id.eth_protocol == 0x0800;
    EXPECT_EQ(value.packets, ipv4 ? 5u : 11u);
    EXPECT_EQ(id.dst_port, ipv4 ? 80 : kDstPort);
    EXPECT_EQ(value.details.sampling_interval, 0u);
  }
  const DatapathCounters counters = Counters();
  EXPECT_EQ(counters.kernel.filter_accepted, 16u);
  EXPECT_EQ(counters.kernel.filter_rejected, 7u);
  EXPECT_EQ(counters.kernel.filter_unmatched, 13u);
  EXPECT_EQ(counters.packets(), 16u);
  EXPECT_EQ(All(counters), 36u);
}

TEST_P(KernelFilterTest, WithoutRulesNothingIsLeftOutOrCountedByThem) {
  LoadRules("");
  if (IsSkipped()) return;
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, 3);
  Flows flows;
  Evict(&flows);
  const DatapathCounters counters = Counters();
  EXPECT_EQ(counters.packets(), 3u);
  EXPECT_EQ(counters.kernel.filter_accepted, 0u);
  EXPECT_EQ(All(counters), 3u);
}

// The programs decide as the code for user space does, which is compared with the reference: with
// as many rules as possible, of any kind.
TEST_P(KernelFilterTest, DecidesAsTheSameCodeInUserSpace) {
  std::mt19937_64 generator(7);
  for (int round = 0; round < 4; ++round) {
    std::string bytes(6000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(generator());
    bytes[0] = WEIR_MAX_FILTER_RULES - 1;
    Choices choices(bytes);
    RuleCounts ignored;
    const MadeRules rules = MakeRules(&choices, &ignored);
    KernelOptions options{/*max_flows=*/1000, 0, 0};
    options.filter_rules = rules.compiled;
    // Rules are not identified by their sampling here: all packets are counted.
    for (flow_filter_rule_t& rule : options.filter_rules) rule.sampling = {};
    ASSERT_GT(options.filter_rules.size(), 20u);
    Load(options);
    if (IsSkipped()) return;
    flow_counters_t expected{};
    for (int i = 0; i < 500; ++i) {
      const Bytes packet = MakePacket(&choices);
      const auto direction = static_cast<uint8_t>(choices.Below(2));
      if (packet.size() < 54) continue;  // the kernel runs no program without a whole IP header
      const flow_filter_rule_t* const found =
          FirstFitting(options.filter_rules,
                       {reinterpret_cast<const char*>(packet.data()), packet.size()}, direction);
      ++(found == nullptr                      ? expected.filter_unmatched
         : found->action == WEIR_FILTER_REJECT ? expected.filter_rejected
                                               : expected.filter_accepted);
      Run(packet, direction);
      const flow_counters_t counted = Counters().kernel;
      ASSERT_EQ(counted.filter_accepted, expected.filter_accepted) << i;
      ASSERT_EQ(counted.filter_rejected, expected.filter_rejected) << i;
      ASSERT_EQ(counted.filter_unmatched, expected.filter_unmatched) << i;
    }
    EXPECT_GT(expected.filter_accepted, 10u);
    EXPECT_GT(expected.filter_rejected, 10u);
    Flows flows;
    Evict(&flows);
    EXPECT_EQ(Counters().packets(), expected.filter_accepted);
  }
}

TEST_P(KernelFilterTest, AFlowHasTheSamplingOfItsFirstPacketWhereverItIsCounted) {
  LoadRules(
      "sampling: 3 filter { protocol: 'TCP' tcp_flags: 'SYN' sample: 1 }"
      "filter { protocol: 'TCP' sample: 2 } filter { }",
      /*max_flows=*/2, /*ring_bytes=*/1);
  if (IsSkipped()) return;
  constexpr int kMany = 200;  // one run in 10^35 would measure none of them
  Run(Tcp4(80, 0x02));
  Run(Tcp4(80, 0x10), WEIR_DIRECTION_INGRESS, kMany);
  Run(Tcp4(81, 0x10), WEIR_DIRECTION_INGRESS, kMany);
  Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, kMany);  // the table is full
  Flows flows;
  Evict(&flows);
  ASSERT_EQ(flows.size(), 2u);
  for (const auto& [id, value] : flows) {
    EXPECT_EQ(value.details.sampling_interval, id.dst_port == 80 ? 0u : 2u);
    EXPECT_GT(value.packets, 1u);
  }
  sdk::Result<size_t> read = kernel_->ReadOverflow(
      1000, [](const Flow& packet) { EXPECT_EQ(packet.value.details.sampling_interval, 3u); });
  ASSERT_TRUE(read.ok());
  EXPECT_GT(*read, 0u);
}

TEST_P(KernelFilterTest, EachRuleTakesItsShare) {
  constexpr uint64_t kPackets = 600'000;
  LoadRules(
      "sampling: 10 filter { ports: '80' sample: 3 } filter { ports: '81' sample: 1000 }"
      "filter { ports: '82' sample: 1 } filter { ports: '83' action: REJECT } filter { }");
  if (IsSkipped()) return;
  for (const uint16_t port : {80, 81, 82, 83, 84}) {
    Run(Tcp4(port, 0x10), WEIR_DIRECTION_INGRESS, kPackets);
  }
  Flows flows;
  Evict(&flows);
  ASSERT_EQ(flows.size(), 4u);
  uint64_t counted = 0;
  for (const auto& [id, value] : flows) {
    SCOPED_TRACE(id.dst_port);
    counted += value.packets;
    const uint32_t interval = id.dst_port == 80 ? 3 : id.dst_port == 81 ? 1000 : 10;
    if (id.dst_port == 82) {
      EXPECT_EQ(value.packets, kPackets);
      EXPECT_EQ(value.details.sampling_interval, 0u);
      continue;
    }
    EXPECT_EQ(value.details.sampling_interval, interval);
    EXPECT_LT(std::abs(ShareDeviation(value.packets, kPackets, 1.0 / interval)), kMaxDeviations);
  }
  const DatapathCounters counters = Counters();
  EXPECT_EQ(counters.kernel.filter_rejected, kPackets);
  EXPECT_EQ(counters.kernel.filter_accepted, 4 * kPackets);
  EXPECT_EQ(counters.kernel.sampled_out_packets, 4 * kPackets - counted);
  EXPECT_EQ(All(counters), 5 * kPackets);
}

// Also if N is not a power of two.
TEST_P(KernelFilterTest, SamplingLooksAtOneOfN) {
  constexpr uint64_t kPackets = 1'000'000;
  for (const uint32_t sampling : {2u, 3u, 10u, 1000u}) {
    SCOPED_TRACE(sampling);
    Load({/*max_flows=*/10, sampling, 0});
    if (IsSkipped()) return;
    Run(PacketOfFlow(1), WEIR_DIRECTION_INGRESS, kPackets);
    Flows flows;
    Evict(&flows);
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows.begin()->second.details.sampling_interval, sampling);
    const DatapathCounters counters = Counters();
    EXPECT_EQ(All(counters), kPackets);
    EXPECT_LT(std::abs(ShareDeviation(counters.packets(), kPackets, 1.0 / sampling)),
              kMaxDeviations);
  }
}

// Returns which packets were measured, in the order of their arrival. Each packet has its own flow.
TEST_P(KernelFilterTest, SamplingFollowsNoPattern) {
  constexpr uint16_t kPackets = 30'000;
  for (const char* const config : {"sampling: 3", "sampling: 10", "filter { sample: 3 }"}) {
    SCOPED_TRACE(config);
    LoadRules(config, kPackets);
    if (IsSkipped()) return;
    for (uint16_t i = 0; i < kPackets; ++i) Run(i % 2 == 0 ? PacketOfFlow(i) : PacketOfFlow6(i));
    Flows flows;
    Evict(&flows);
    std::vector<bool> outcomes(kPackets);
    for (const auto& [id, value] : flows) outcomes[id.src_port] = true;
    EXPECT_EQ(All(Counters()), kPackets);
    EXPECT_LT(std::abs(RunsDeviation(outcomes)), kMaxDeviations);
    for (const size_t period : {2, 3, 4, 5, 7, 8, 10, 16, 30, 64, 256}) {
      EXPECT_LT(PeriodExcess(outcomes, period), 1) << period;
    }
  }
}

// Shows that the checks above find the faults that they are made for.
TEST(RandomnessTest, SeesPatterns) {
  constexpr size_t kCount = 30'000;
  std::mt19937_64 generator(1);
  std::vector<bool> fair(kCount), each_third(kCount), in_bursts(kCount), every_other_flow(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    fair[i] = generator() % 3 == 0;
    each_third[i] = i % 3 == 1;
    in_bursts[i] = i / 10 % 3 == 0;
    every_other_flow[i] = generator() % 10 < (i % 2 == 0 ? 4 : 3);
  }
  EXPECT_LT(std::abs(RunsDeviation(fair)), kMaxDeviations);
  EXPECT_LT(PeriodExcess(fair, 10), 1);
  EXPECT_GT(RunsDeviation(each_third), kMaxDeviations);
  EXPECT_GT(PeriodExcess(each_third, 3), 1);
  EXPECT_LT(RunsDeviation(in_bursts), -kMaxDeviations);
  EXPECT_GT(PeriodExcess(every_other_flow, 2), 1);
  EXPECT_GT(ShareDeviation(34'000, 100'000, 1.0 / 3), 4);
  EXPECT_LT(ShareDeviation(30'000, 100'000, 1.0 / 3), -kMaxDeviations);
}

INSTANTIATE_TEST_SUITE_P(Tiers, KernelFilterTest, BothTiers(), TierName);

}  // namespace
}  // namespace weir::ebpf
