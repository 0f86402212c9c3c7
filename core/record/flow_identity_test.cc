// SPDX-License-Identifier: Apache-2.0
#include "core/record/flow_identity.h"

#include <cstdint>
#include <cstring>

#include "core/record/constants.h"
#include "core/record/ip_addr.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

Record Tcp() {
  Record record{};
  record.eth_protocol = kIpv4Type;
  std::memcpy(record.src_addr, IpAddr::FromV4(0x0A000001).bytes.data(), kIpLength);
  std::memcpy(record.dst_addr, IpAddr::FromV4(0x0A000002).bytes.data(), kIpLength);
  record.src_port = 40000;
  record.dst_port = 443;
  record.transport_protocol = 6;
  return record;
}

Record Arp() {
  Record record{};
  record.eth_protocol = kArpType;
  record.src_mac[5] = 1;
  std::memset(record.dst_mac, 0xff, sizeof(record.dst_mac));
  return record;
}

using Change = void (*)(Record*);

TEST(FlowIdentityTest, LeavesOutWhatDiffersBetweenPlaces) {
  const Change changes[] = {
      [](Record* r) { r->if_index = 7; },
      [](Record* r) { r->direction = kDirectionEgress; },
      [](Record* r) { SetInterfaceName("eth7", r); },
      [](Record* r) { r->network_namespace = 7; },
      [](Record* r) { r->vlan_id = 7; },
      [](Record* r) { r->packets = 7; },
      [](Record* r) { r->present = ~uint64_t{WEIR_VLAN_IS_KEY}; },
  };
  for (const Record& record : {Tcp(), Arp()}) {
    for (const Change change : changes) {
      Record elsewhere = record;
      change(&elsewhere);
      EXPECT_EQ(FlowIdentity::Of(elsewhere), FlowIdentity::Of(record));
    }
  }
}

TEST(FlowIdentityTest, HasTheVlanIfItIsAKey) {
  for (Record record : {Tcp(), Arp()}) {
    const FlowIdentity without_key = FlowIdentity::Of(record);
    record.present |= WEIR_VLAN_IS_KEY;
    const FlowIdentity untagged = FlowIdentity::Of(record);
    record.present |= WEIR_HAS_VLAN;
    const FlowIdentity vlan_0 = FlowIdentity::Of(record);
    record.vlan_id = 5;
    const FlowIdentity vlan_5 = FlowIdentity::Of(record);
    EXPECT_NE(without_key, untagged);
    EXPECT_NE(untagged, vlan_0);
    EXPECT_NE(vlan_0, vlan_5);
    EXPECT_EQ(FlowIdentity::Of(record), vlan_5);
  }
}

TEST(FlowIdentityTest, OfIpTheAddressesPortsAndProtocolCount) {
  const Change same[] = {
      [](Record* r) { r->src_mac[0] = 2; }, [](Record* r) { r->dst_mac[5] = 2; },
      [](Record* r) { r->eth_protocol = 0x8864; },  // PPPoE at one interface, plain at the other
  };
  for (const Change change : same) {
    Record elsewhere = Tcp();
    change(&elsewhere);
    EXPECT_EQ(FlowIdentity::Of(elsewhere), FlowIdentity::Of(Tcp()));
  }
  const Change others[] = {
      [](Record* r) { r->src_addr[15] = 9; }, [](Record* r) { r->dst_addr[15] = 9; },
      [](Record* r) { r->src_addr[0] = 9; },  [](Record* r) { r->src_port = 9; },
      [](Record* r) { r->dst_port = 9; },     [](Record* r) { r->transport_protocol = 17; },
  };
  for (const Change change : others) {
    Record other = Tcp();
    change(&other);
    EXPECT_NE(FlowIdentity::Of(other), FlowIdentity::Of(Tcp()));
  }
}

TEST(FlowIdentityTest, OfOthersTheMacsAndTheEtherTypeCount) {
  const Change others[] = {
      [](Record* r) { r->src_mac[0] = 9; },   [](Record* r) { r->src_mac[5] = 9; },
      [](Record* r) { r->dst_mac[5] = 9; },   [](Record* r) { r->eth_protocol = 0x88CC; },
      [](Record* r) { r->eth_protocol = 0; },  // LLC
  };
  for (const Change change : others) {
    Record other = Arp();
    change(&other);
    EXPECT_NE(FlowIdentity::Of(other), FlowIdentity::Of(Arp()));
  }
}

// A flow with one unspecified address (duplicate address detection) is an IP flow.
TEST(FlowIdentityTest, OneAddressMakesAnIpFlow) {
  Record record{};
  record.eth_protocol = kIpv6Type;
  record.dst_addr[0] = 0xff;
  record.dst_addr[15] = 1;
  Record elsewhere = record;
  elsewhere.src_mac[0] = 2;
  EXPECT_EQ(FlowIdentity::Of(elsewhere), FlowIdentity::Of(record));
}

// A crafted IPv6 address with the bytes of another flow's MAC addresses is not that flow.
TEST(FlowIdentityTest, AnAddressIsNeverAMac) {
  Record frame = Arp();
  frame.eth_protocol = 0;
  Record packet{};
  packet.eth_protocol = kIpv6Type;
  std::memcpy(packet.src_addr, frame.src_mac, sizeof(frame.src_mac));
  std::memcpy(packet.dst_addr, frame.dst_mac, sizeof(frame.dst_mac));
  EXPECT_NE(FlowIdentity::Of(packet), FlowIdentity::Of(frame));
}

}  // namespace
}  // namespace weir
