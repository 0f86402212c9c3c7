// SPDX-License-Identifier: Apache-2.0
// Flows that differ in any one field spread over the whole flow table. Needs the privilege
// to load the programs.
#include <gtest/gtest.h>
#include <net/if_arp.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/packet_bytes.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "sources/ebpf/testing/kernel_flows_fixture.h"
#include "sources/ebpf/testing/live_network.h"
#include "sources/ebpf/testing/table_tiers.h"
#include "sources/ebpf/testing/test_flows.h"

namespace weir::ebpf {
namespace {

constexpr uint32_t kManyFlows = 100'000;
constexpr int kSenders = 500;

// Returns `packet` with `number` in the two bytes at `offset`.
Bytes With(Bytes packet, size_t offset, int number) {
  packet[offset] = static_cast<uint8_t>(number >> 8);
  packet[offset + 1] = static_cast<uint8_t>(number);
  return packet;
}

class CrowdingTest : public KernelFlowsTest {
 protected:
  // Sends a packet of each of kSenders flows, which differ in the two bytes at `offset`.
  void ExpectRoomForAll(const Bytes& packet, size_t offset) {
    SCOPED_TRACE("byte " + std::to_string(offset));
    for (int i = 0; i < kSenders; ++i) Run(With(packet, offset, i + 0x1000));
    Flows flows;
    Evict(&flows);
    EXPECT_EQ(flows.size(), size_t{kSenders});
    EXPECT_EQ(Counters().kernel.table_failures[WEIR_TABLE_CROWDED], 0u);
    EXPECT_EQ(Counters().kernel.dropped_packets, 0u);
  }
};

constexpr size_t kDstMacEnd = 4;  // the last two bytes of a MAC
constexpr size_t kSrcMacEnd = 10;
constexpr size_t kEtherType = 12;

TEST_P(CrowdingTest, OfFlowsThatAreNotIp) {
  Load({kManyFlows, 0, 0});
  if (IsSkipped()) return;
  const Bytes arp = Ethernet({0x0806}) + Bytes(28, 0);
  for (const size_t offset : {kDstMacEnd, kSrcMacEnd, kEtherType}) ExpectRoomForAll(arp, offset);
}

TEST_P(CrowdingTest, OfFlowsOfIp) {
  Load({kManyFlows, 0, 0});
  if (IsSkipped()) return;
  for (const size_t offset :
       {kDstMacEnd, kSrcMacEnd, size_t{28}, size_t{32}, size_t{34}, size_t{36}}) {
    ExpectRoomForAll(PacketOfFlow(1), offset);
  }
  for (const size_t offset : {kDstMacEnd, kSrcMacEnd, size_t{22}, size_t{36}, size_t{38},
                              size_t{52}, size_t{54}, size_t{56}}) {
    ExpectRoomForAll(PacketOfFlow6(1), offset);
  }
}

// Interfaces of many namespaces have equal indexes: here they are one interface.
TEST_P(CrowdingTest, OfNamespaces) {
  constexpr uint32_t kNamespaces = 45;
  const sdk::testing::ScopedNetworkNamespace network;
  if (!network.ok()) GTEST_SKIP() << "SKIPPED: " << network.why_not();
  const std::string error = MakeInterfaces(kCable);
  if (!error.empty()) GTEST_SKIP() << "SKIPPED: " << error;
  KernelOptions options{kManyFlows, 0, 0};
  options.all_namespaces = true;
  Load(options);
  if (IsSkipped()) return;
  std::vector<std::unique_ptr<ProgramAttacher>> namespaces;
  std::vector<std::unique_ptr<Attachment>> attachments;
  for (uint32_t id = 1; id <= kNamespaces; ++id) {
    namespaces.push_back(kernel_->ForNamespace(id, host_.MakeStage()));
    sdk::Result<std::unique_ptr<Attachment>> attached =
        namespaces.back()->Attach(LinkOf("left"), WEIR_DIRECTION_EGRESS, By(AttachMode::kAuto));
    ASSERT_TRUE(attached.ok()) << attached.status().message();
    attachments.push_back(*std::move(attached));
  }
  constexpr int kPackets = 10;
  PacketSocket socket("left");
  for (int i = 0; i < kPackets; ++i) socket.Send(Ethernet({0x0806}) + Bytes(28, 0));
  for (const auto& attachment : attachments) ASSERT_TRUE(attachment->Detach().ok());
  std::set<uint32_t> seen;
  ASSERT_TRUE(kernel_->Flip().ok());
  const sdk::Status status = kernel_->Drain([&seen](const Flow& flow) {
    EXPECT_EQ(flow.value.packets, uint64_t{kPackets});
    seen.insert(flow.value.details.namespace_id);
  });
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(seen.size(), kNamespaces);
  EXPECT_EQ(Counters().kernel.table_failures[WEIR_TABLE_CROWDED], 0u);
}

INSTANTIATE_TEST_SUITE_P(Tiers, CrowdingTest, BothTiers(), TierName);

}  // namespace
}  // namespace weir::ebpf
