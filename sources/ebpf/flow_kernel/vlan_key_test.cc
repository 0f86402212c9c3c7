// SPDX-License-Identifier: Apache-2.0
// The VLAN id of a flow: from its first packet, or part of its key. Needs the privilege to load the
// programs.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/packet_bytes.h"
#include "sources/ebpf/tables/flow_merge.h"
#include "sources/ebpf/testing/kernel_flows_fixture.h"
#include "sources/ebpf/testing/table_tiers.h"

namespace weir::ebpf {
namespace {

constexpr weir_u16 kUntagged = 0;

// Returns a packet of one flow in the VLAN `id`, or without a tag.
Bytes InVlan(weir_u16 id) {
  Bytes packet = PacketOfFlow(1);
  if (id == kUntagged) return packet;
  const Bytes tag = Be16(0x8100) + Be16(id);
  packet.insert(packet.begin() + 12, tag.begin(), tag.end());
  return packet;
}

class VlanTest : public KernelFlowsTest {
 protected:
  void LoadWith(bool vlan_key) {
    KernelOptions options{/*max_flows=*/100, 0, /*ring_bytes=*/1};
    options.vlan_key = vlan_key;
    Load(options);
  }
  std::vector<Flow> Drain() {
    std::vector<Flow> flows;
    EXPECT_TRUE(kernel_->Flip().ok());
    EXPECT_TRUE(kernel_->Drain([&flows](const Flow& flow) { flows.push_back(flow); }).ok());
    return flows;
  }
};

TEST_P(VlanTest, IsThatOfTheFirstPacket) {
  LoadWith(/*vlan_key=*/false);
  if (IsSkipped()) return;
  for (const weir_u16 first : {kUntagged, weir_u16{5}}) {
    Run(InVlan(first));
    for (const weir_u16 id : {weir_u16{7}, kUntagged}) Run(InVlan(id));
    const std::vector<Flow> flows = Drain();
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].value.packets, 3u);
    EXPECT_EQ(flows[0].value.details.vlan, first == kUntagged ? 0 : WEIR_VLAN_PRESENT | first);
    EXPECT_EQ(flows[0].value.details.flags & WEIR_FLOW_VLAN_KEY, 0);
  }
}

TEST_P(VlanTest, AsAPartOfTheKeyItMakesAnotherFlow) {
  LoadWith(/*vlan_key=*/true);
  if (IsSkipped()) return;
  constexpr weir_u16 kVlans = 60;  // more than the slots that a flow may use
  for (int round = 0; round < 2; ++round) {
    for (weir_u16 id = 0; id < kVlans; ++id) Run(InVlan(id), WEIR_DIRECTION_INGRESS, 1 + id);
  }
  const std::vector<Flow> flows = Drain();
  ASSERT_EQ(flows.size(), kVlans);
  std::map<weir_u16, uint64_t> packets;
  for (const Flow& flow : flows) {
    packets[flow.value.details.vlan] = flow.value.packets;
    EXPECT_NE(flow.value.details.flags & WEIR_FLOW_VLAN_KEY, 0);
  }
  for (weir_u16 id = 0; id < kVlans; ++id) {
    EXPECT_EQ(packets[id == kUntagged ? 0 : WEIR_VLAN_PRESENT | id], 2u * (1 + id)) << id;
  }
  EXPECT_EQ(Counters().kernel.table_failures[WEIR_TABLE_CROWDED], 0u);
}

TEST_P(VlanTest, ThePacketsOfTheRingHaveItToo) {
  KernelOptions options{/*max_flows=*/1, 0, /*ring_bytes=*/1};
  options.vlan_key = true;
  Load(options);
  if (IsSkipped()) return;
  for (const weir_u16 id : {weir_u16{1}, weir_u16{2}, kUntagged}) Run(InVlan(id));
  std::vector<weir_u16> vlans;
  const auto read = kernel_->ReadOverflow(10, [&vlans](const Flow& packet) {
    vlans.push_back(packet.value.details.vlan);
    EXPECT_NE(packet.value.details.flags & WEIR_FLOW_VLAN_KEY, 0);
  });
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(vlans, (std::vector<weir_u16>{WEIR_VLAN_PRESENT | 2, 0}));
}

INSTANTIATE_TEST_SUITE_P(Tiers, VlanTest, BothTiers(), TierName);

Flow Part(weir_u16 vlan, weir_u8 flags, uint64_t start_ns) {
  Flow flow{};
  flow.value.packets = 1;
  flow.value.start_mono_time_ns = start_ns;
  flow.value.details.vlan = vlan;
  flow.value.details.flags = flags;
  return flow;
}

TEST(FlowMergeTest, HasTheVlanOfTheEarliestPart) {
  for (const bool untagged_first : {true, false}) {
    FlowMerge merge;
    merge.Add(Part(WEIR_VLAN_PRESENT | 5, 0, untagged_first ? 2 : 1));
    merge.Add(Part(0, 0, untagged_first ? 1 : 2));
    merge.TakeRest([&](const Flow& flow) {
      EXPECT_EQ(flow.value.packets, 2u);
      EXPECT_EQ(flow.value.details.vlan, untagged_first ? 0 : WEIR_VLAN_PRESENT | 5);
    });
  }
}

TEST(FlowMergeTest, KeepsTheFlowsOfVlansApart) {
  FlowMerge merge;
  for (const weir_u16 vlan : {0, WEIR_VLAN_PRESENT | 0, WEIR_VLAN_PRESENT | 5}) {
    for (int i = 0; i < 2; ++i) merge.Add(Part(vlan, WEIR_FLOW_VLAN_KEY, 1));
  }
  int flows = 0;
  merge.TakeRest([&flows](const Flow& flow) {
    EXPECT_EQ(flow.value.packets, 2u);
    ++flows;
  });
  EXPECT_EQ(flows, 3);
}

}  // namespace
}  // namespace weir::ebpf
