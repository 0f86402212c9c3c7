// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bpf/packet_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "bpf/testing/check_parsers.h"
#include "bpf/testing/reference_parser.h"
#include "bpf/testing/test_packets.h"
#include "bpf/testing/tunnel_packets.h"

namespace weir::ebpf {
namespace {

constexpr size_t kEthernetBytes = 14;
constexpr weir_tunnels kAllTunnels = {kVxlanPort, kGenevePort, 1, 1};

std::string_view View(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

weir_packet_bytes Copied(std::string_view packet) {
  weir_packet_bytes bytes{};
  bytes.bytes = packet.data();
  bytes.size = static_cast<weir_u32>(packet.size());
  return bytes;
}

bool SameId(const flow_id_t& a, const flow_id_t& b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

TEST(PacketParserTest, FindsTheFlowThatTheKernelCounts) {
  for (const TestPacket& packet : AllPackets()) {
    SCOPED_TRACE(packet.name);
    const weir_packet_bytes bytes = Copied(View(packet.bytes));
    const weir_parsed_packet parsed = weir_parse_ethernet(&bytes);
    EXPECT_TRUE(SameId(parsed.id, packet.id));
    EXPECT_EQ(parsed.fragment, packet.fragment ? 1 : 0);
    EXPECT_EQ(parsed.truncated, packet.truncated ? 1 : 0);
    EXPECT_LE(parsed.copied, uint32_t{WEIR_MAX_PARSED_HEADERS});
    EXPECT_GE(parsed.copied, 1u);
  }
}

flow_details_t DetailsOf(const Bytes& packet) {
  const weir_packet_bytes bytes = Copied(View(packet));
  return weir_parse_ethernet(&bytes).details;
}

TEST(PacketParserTest, NotesWhatIsNotPartOfTheFlow) {
  Bytes tcp = Ethernet({0x8100, 0x88a8, 0x0800}) + Ipv4(6, 20) + Transport(20);
  tcp[14] = 0xef;  // a priority, and the id 0xfff
  tcp[15] = 0xff;
  tcp[23] = 0xb9;  // DSCP 46 and ECN 1
  tcp[54] = 0x5a;  // the header's length and the reserved bits
  tcp[55] = 0x12;  // SYN, ACK
  const flow_details_t of_tcp = DetailsOf(tcp);
  EXPECT_EQ(of_tcp.vlan, WEIR_VLAN_PRESENT | 0xfff);
  EXPECT_EQ(of_tcp.dscp, 46);
  EXPECT_EQ(of_tcp.tcp_flags, 0x2a12);
  EXPECT_EQ(of_tcp.flags, WEIR_FLOW_HAS_DSCP | WEIR_FLOW_HAS_TCP);

  Bytes icmp = Ethernet({0x86dd}) + Ipv6(58, 8) + Bytes{128, 3, 0, 0, 0, 0, 0, 0};
  icmp[14] = 0x6b;
  icmp[15] = 0x9f;
  const flow_details_t of_icmp = DetailsOf(icmp);
  EXPECT_EQ(of_icmp.dscp, 46);
  EXPECT_EQ(of_icmp.icmp_type, 128);
  EXPECT_EQ(of_icmp.icmp_code, 3);
  EXPECT_EQ(of_icmp.vlan, 0);
  EXPECT_EQ(of_icmp.flags, WEIR_FLOW_HAS_DSCP | WEIR_FLOW_HAS_ICMP);

  // ICMP of the other IP version has no type and code.
  const Bytes other = Ethernet({0x86dd}) + Ipv6(1, 8) + Bytes(8, 9);
  EXPECT_EQ(DetailsOf(other).flags, WEIR_FLOW_HAS_DSCP);
}

std::vector<TunnelPacket> AllTunnelPackets() {
  std::vector<TunnelPacket> packets = TunnelPackets();
  for (const TestPacket& frame : AllPackets()) packets.push_back(InVxlan(frame));
  return packets;
}

TEST(PacketParserTest, FindsTheFlowOfThePacketInATunnelWhereAsked) {
  for (const TunnelPacket& packet : AllTunnelPackets()) {
    SCOPED_TRACE(packet.name);
    weir_packet_bytes bytes = Copied(View(packet.bytes));
    weir_parsed_packet parsed = weir_parse_ethernet(&bytes);
    EXPECT_TRUE(SameId(parsed.id, packet.id));
    EXPECT_EQ(parsed.fragment, packet.fragment ? 1 : 0);
    EXPECT_EQ(parsed.truncated, packet.truncated ? 1 : 0);
    bytes.tunnels = kAllTunnels;
    parsed = weir_parse_ethernet(&bytes);
    EXPECT_TRUE(SameId(parsed.id, packet.within));
    EXPECT_EQ(parsed.fragment, packet.within_fragment ? 1 : 0);
    EXPECT_EQ(parsed.truncated, packet.within_truncated ? 1 : 0);
  }
}

// If only the other kinds are looked into, a tunnel is counted under its own flow.
TEST(PacketParserTest, LooksIntoTheTunnelsThatAreAskedForOnly) {
  const auto inner_flows = [](const std::vector<TunnelPacket>& packets,
                              const weir_tunnels& tunnels) {
    int count = 0;
    for (const TunnelPacket& packet : packets) {
      weir_packet_bytes bytes = Copied(View(packet.bytes));
      bytes.tunnels = tunnels;
      count += SameId(weir_parse_ethernet(&bytes).id, packet.id) ? 0 : 1;
    }
    return count;
  };
  const std::vector<TunnelPacket> kinds[] = {VxlanPackets(), GenevePackets(), GrePackets(),
                                             IpInIpPackets()};
  for (int kind = 0; kind < 4; ++kind) {
    SCOPED_TRACE(kinds[kind][0].name);
    weir_tunnels only{};
    weir_tunnels others = kAllTunnels;
    if (kind == 0) std::swap(only.vxlan_port, others.vxlan_port);
    if (kind == 1) std::swap(only.geneve_port, others.geneve_port);
    if (kind == 2) std::swap(only.gre, others.gre);
    if (kind == 3) std::swap(only.ip_in_ip, others.ip_in_ip);
    EXPECT_GT(inner_flows(kinds[kind], only), 3);
    EXPECT_EQ(inner_flows(kinds[kind], others), 0);
  }
}

// A carried packet without Ethernet keeps the VLAN of the outer frame, and no other detail.
TEST(PacketParserTest, NotesTheVlanOfTheFrameThatCarriesIp) {
  Bytes packet = Ethernet({0x8100, 0x0800}) + Ipv4(47, 4 + 48) + Gre(0, 0x86dd) + Ipv6(58, 8) +
                 Bytes{128, 3, 0, 0, 0, 0, 0, 0};
  packet[19] = 46 << 2;
  weir_packet_bytes bytes = Copied(View(packet));
  bytes.tunnels = kAllTunnels;
  const flow_details_t details = weir_parse_ethernet(&bytes).details;
  EXPECT_EQ(details.vlan, WEIR_VLAN_PRESENT | 1);
  EXPECT_EQ(details.dscp, 0);
  EXPECT_EQ(details.icmp_type, 128);
  EXPECT_EQ(details.flags, WEIR_FLOW_HAS_DSCP | WEIR_FLOW_HAS_ICMP);
}

// The details of a carried frame contain nothing of the outer packet.
TEST(PacketParserTest, NotesOfAFrameInVxlanWhatTheFrameHas) {
  Bytes packet = Ethernet({0x8100, 0x0800}) + Ipv4(17, 100) + Udp(kVxlanPort, 92) + Vxlan(7);
  packet[19] = 46 << 2;
  for (const bool tagged : {false, true}) {
    const Bytes frame = (tagged ? Ethernet({0x8100, 0x86dd}) : Ethernet({0x86dd})) + Ipv6(58, 8) +
                        Bytes{128, 3, 0, 0, 0, 0, 0, 0};
    const Bytes whole = packet + frame;
    weir_packet_bytes bytes = Copied(View(whole));
    bytes.tunnels = kAllTunnels;
    const flow_details_t details = weir_parse_ethernet(&bytes).details;
    EXPECT_EQ(details.vlan, tagged ? WEIR_VLAN_PRESENT | 1 : 0);
    EXPECT_EQ(details.dscp, 0);
    EXPECT_EQ(details.icmp_type, 128);
    EXPECT_EQ(details.flags, WEIR_FLOW_HAS_DSCP | WEIR_FLOW_HAS_ICMP);
  }
}

TEST(PacketParserTest, FindsTheSameWithoutTheEthernetHeader) {
  int compared = 0;
  for (const TestPacket& packet : AllPackets()) {
    // A tag is not a network protocol.
    const uint16_t type = static_cast<uint16_t>(packet.bytes[12] << 8 | packet.bytes[13]);
    if (type != packet.id.eth_protocol || packet.id.eth_protocol == 0x8100) continue;
    SCOPED_TRACE(packet.name);
    const weir_packet_bytes bytes = Copied(View(packet.bytes).substr(kEthernetBytes));
    const weir_parsed_packet parsed = weir_parse_no_link_layer(&bytes, packet.id.eth_protocol);
    flow_id_t expected = packet.id;
    std::memset(expected.src_mac, 0, sizeof(expected.src_mac));
    std::memset(expected.dst_mac, 0, sizeof(expected.dst_mac));
    EXPECT_TRUE(SameId(parsed.id, expected));
    EXPECT_EQ(parsed.fragment, packet.fragment ? 1 : 0);
    EXPECT_EQ(parsed.truncated, packet.truncated ? 1 : 0);
    ++compared;
  }
  EXPECT_GT(compared, 20);
}

// The expected flow is written beside each packet. The reference parser must find it too: otherwise
// the next test and the fuzzer compare with a wrong reference.
TEST(ReferenceParserTest, FindsTheFlowThatTheKernelCounts) {
  for (const TestPacket& packet : AllPackets()) {
    SCOPED_TRACE(packet.name);
    const ReferenceResult found = ReferenceParser::Ethernet(View(packet.bytes));
    EXPECT_TRUE(SameId(found.id, packet.id));
    EXPECT_EQ(found.fragment, packet.fragment);
    EXPECT_EQ(found.truncated, packet.truncated);
  }
  for (const TunnelPacket& packet : AllTunnelPackets()) {
    SCOPED_TRACE(packet.name);
    const ReferenceResult found = ReferenceParser::Ethernet(View(packet.bytes), kAllTunnels);
    EXPECT_TRUE(SameId(found.id, packet.within));
    EXPECT_EQ(found.fragment, packet.within_fragment);
    EXPECT_EQ(found.truncated, packet.within_truncated);
  }
}

TEST(PacketParserTest, FindsTheSameInPlaceCopiedAndCutOffAnywhere) {
  PacketMemory memory;
  const auto check = [&](std::string_view packet, uint16_t eth_protocol) {
    return CheckParsers(packet, AllSplits(packet.size()), eth_protocol, &memory);
  };
  std::vector<TestPacket> packets = AllPackets();
  for (const TunnelPacket& packet : AllTunnelPackets()) packets.push_back(packet);
  for (const TestPacket& packet : packets) {
    SCOPED_TRACE(packet.name);
    // After the headers, more bytes change nothing.
    for (size_t size = 0; size <= packet.bytes.size(); size += size < 300 ? 1 : 97) {
      std::string_view cut = View(packet.bytes).substr(0, size);
      ASSERT_EQ(check(cut, packet.id.eth_protocol), "");
      cut.remove_prefix(std::min(size, kEthernetBytes));
      ASSERT_EQ(check(cut, packet.id.eth_protocol), "");
    }
    ASSERT_EQ(check(View(packet.bytes), packet.id.eth_protocol), "");
  }
}

// Headers that begin up to 32 KiB into the packet are read, later ones are not.
TEST(PacketParserTest, AHeaderFarInIsFound) {
  PacketMemory memory;
  Bytes headers;
  for (int i = 0; i < 8; ++i) headers = headers + Extension(i < 7 ? 60 : 6, 255);
  const Bytes far = Ethernet({0x86dd}) + Ipv6(60, headers.size() + 20) + headers + Transport(20);
  EXPECT_EQ(CheckParsers(View(far), {}, 0x86dd, &memory), "");
  weir_packet_bytes bytes = Copied(View(far));
  EXPECT_TRUE(SameId(weir_parse_ethernet(&bytes).id, Id6(6, true)));

  const Bytes too_far = Underlay4(Vxlan(1) + far);
  EXPECT_EQ(CheckParsers(View(too_far), {}, 0x0800, &memory), "");
  // After both frames, each with the most headers.
  Bytes outer = Ethernet({0x86dd}) + Ipv6(60, headers.size() + 16 + far.size()) + headers +
                Udp(kVxlanPort, 8 + far.size()) + Vxlan(1) + far;
  outer[14 + 40 + headers.size() - 2048] = 17;
  EXPECT_EQ(CheckParsers(View(outer), {}, 0x0800, &memory), "");
  bytes = Copied(View(outer));
  bytes.tunnels = kAllTunnels;
  const weir_parsed_packet parsed = weir_parse_ethernet(&bytes);
  EXPECT_TRUE(SameId(parsed.id, Id6(6, false)));
  EXPECT_EQ(parsed.truncated, 1);
}

// Segmentation offload leaves a payload length of 0 in a packet that is longer than the field can
// say.
TEST(PacketParserTest, APayloadLengthOfZeroEndsShortPacketsOnly) {
  PacketMemory memory;
  for (const size_t size : {65535, 65536}) {
    Bytes packet = Ethernet({0x86dd}) + Ipv6(6, 0) + Transport(20);
    packet.resize(size);
    ASSERT_EQ(CheckParsers(View(packet), {}, 0x86dd, &memory), "");
    const weir_packet_bytes bytes = Copied(View(packet));
    EXPECT_TRUE(SameId(weir_parse_ethernet(&bytes).id, Id6(6, size > 65535)));
  }
}

TEST(PacketParserTest, NoBytesAreATruncatedPacket) {
  const weir_packet_bytes nothing{};
  EXPECT_EQ(weir_parse_ethernet(&nothing).truncated, 1);
  EXPECT_EQ(weir_parse_no_link_layer(&nothing, 0x0800).truncated, 1);
  EXPECT_EQ(weir_parse_no_link_layer(&nothing, 0x0806).truncated, 0);
}

TEST(PacketParserTest, ALinearPartAboveFourGigabytesIsNotRead) {
  const Bytes packet = AllPackets()[0].bytes;
  weir_packet_bytes bytes = Copied(View(packet));
  bytes.linear_size = bytes.size;
  // Nothing is mapped at any of these.
  for (const uint64_t address : {0x100000000u - bytes.size, uint64_t{0xfffffff00000}}) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    bytes.linear = reinterpret_cast<const void*>(static_cast<uintptr_t>(address));
    const weir_parsed_packet parsed = weir_parse_ethernet(&bytes);
    EXPECT_TRUE(SameId(parsed.id, AllPackets()[0].id));
    EXPECT_EQ(parsed.copied, 3u);
  }
}

TEST(PacketMemoryDeathTest, AByteTooFarIsDeadly) {
  PacketMemory memory;
  const uint8_t bytes[3] = {1, 2, 3};
  const volatile uint8_t* const placed = memory.Place(bytes, sizeof(bytes));
  EXPECT_EQ(placed[2], 3);
  EXPECT_DEATH(static_cast<void>(placed[3]), "");
}

}  // namespace
}  // namespace weir::ebpf
