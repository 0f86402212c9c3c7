// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Packets for tests, each with the flow that it must be counted under.
#ifndef WEIR_BPF_TESTING_TEST_PACKETS_H_
#define WEIR_BPF_TESTING_TEST_PACKETS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/packet_bytes.h"

namespace weir::ebpf {

struct TestPacket {
  std::string name;
  Bytes bytes;
  flow_id_t id;  // without direction and if_index
  bool fragment = false;
  bool truncated = false;
};

// The IP header says that the packet ends before its bytes do, or says nothing about it.
inline std::vector<TestPacket> PacketsWithLengths() {
  constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kNone = 59;
  const Bytes ether4 = Ethernet({0x0800});
  const Bytes ether6 = Ethernet({0x86dd});
  std::vector<TestPacket> packets;
  packets.push_back(
      {"ipv4 padding", ether4 + Ipv4(kTcp, 0) + Transport(20), Id4(kTcp, false), false, true});
  packets.push_back({"ipv4 ends in ports", ether4 + Ipv4(kUdp, 3) + Transport(20), Id4(kUdp, false),
                     false, true});
  packets.push_back({"ipv4 ends behind ports", ether4 + Ipv4(kTcp, 15) + Transport(20),
                     Id4(kTcp, true), false, true});
  packets.push_back({"ipv4 padding icmp", ether4 + Ipv4(kIcmp, 1) + Transport(20),
                     Id4(kIcmp, false), false, true});
  packets.push_back({"ipv4 padding behind options",
                     ether4 + Ipv4(kUdp, 0, 0, Bytes(8, 1)) + Transport(20), Id4(kUdp, false),
                     false, true});
  TestPacket packet{"ipv4 length of segmentation offload", ether4 + Ipv4(kTcp, 20) + Transport(20),
                    Id4(kTcp, true)};
  packet.bytes[16] = packet.bytes[17] = 0;
  packets.push_back(packet);
  packet = {"ipv4 length less than its header", ether4 + Ipv4(kTcp, 20) + Transport(20),
            Id4(kTcp, false), false, true};
  packet.bytes[16] = 0;
  packet.bytes[17] = 19;
  packets.push_back(packet);
  packets.push_back(
      {"ipv4 longer than its bytes", ether4 + Ipv4(kTcp, 1400) + Transport(20), Id4(kTcp, true)});

  packets.push_back({"ipv6 padding", ether6 + Ipv6(kNone, 0) + Transport(20), Id6(kNone, false)});
  packets.push_back({"ipv6 without payload", ether6 + Ipv6(kUdp, 0) + Transport(20),
                     Id6(kUdp, false), false, true});
  packets.push_back({"ipv6 ends in ports", ether6 + Ipv6(kTcp, 3) + Transport(20), Id6(kTcp, false),
                     false, true});
  packets.push_back({"ipv6 ends in an extension",
                     ether6 + Ipv6(60, 3) + Extension(kTcp, 0) + Transport(20), Id6(60, false),
                     false, true});
  packets.push_back({"ipv6 padding behind an extension",
                     ether6 + Ipv6(60, 8) + Extension(kTcp, 0) + Transport(20), Id6(kTcp, false),
                     false, true});
  packets.push_back({"ipv6 jumbogram",
                     ether6 + Ipv6(0, 0) + Bytes{kTcp, 0, 0xc2, 4, 0, 1, 0, 28} + Transport(20),
                     Id6(kTcp, true)});
  return packets;
}

// The authentication header in IPv4, and extension headers that are the payload themselves.
inline std::vector<TestPacket> PacketsWithAuthentication() {
  constexpr uint8_t kTcp = 6, kUdp = 17, kAh = 51, kNone = 59;
  const Bytes ether4 = Ethernet({0x0800});
  const Bytes ether6 = Ethernet({0x86dd});
  std::vector<TestPacket> packets;
  packets.push_back({"ipv4 authentication",
                     ether4 + Ipv4(kAh, 44) + Authentication(kTcp, 4) + Transport(20),
                     Id4(kTcp, true)});
  packets.push_back({"ipv4 authentication twice",
                     ether4 + Ipv4(kAh, 40, 0, Bytes(4, 1)) + Authentication(kAh, 1) +
                         Authentication(kUdp, 3) + Transport(8),
                     Id4(kUdp, true)});
  packets.push_back({"ipv4 authentication fragment",
                     ether4 + Ipv4(kAh, 44, 0x2001) + Authentication(kTcp, 4) + Transport(20),
                     Id4(kAh, false), true});
  packets.push_back({"ipv4 ends in authentication",
                     ether4 + Ipv4(kAh, 3) + Authentication(kTcp, 4) + Transport(20),
                     Id4(kAh, false), false, true});
  // The length is less than the fixed fields: what follows is unknown.
  packets.push_back({"ipv4 authentication without a length",
                     ether4 + Ipv4(kAh, 28) + Authentication(kTcp, 0) + Transport(20),
                     Id4(kAh, false), false, true});
  packets.push_back({"ipv6 authentication without a length",
                     ether6 + Ipv6(kAh, 28) + Authentication(kTcp, 0) + Transport(20),
                     Id6(kAh, false), false, true});
  Bytes nine;
  for (int i = 0; i < 9; ++i) nine = nine + Authentication(i < 8 ? kAh : kTcp, 1);
  packets.push_back({"ipv4 9 authentications", ether4 + Ipv4(kAh, 128) + nine + Transport(20),
                     Id4(kAh, false), false, true});
  // IPv4 has no destination options: 60 is a protocol.
  packets.push_back({"ipv4 protocol 60", ether4 + Ipv4(60, 28) + Extension(kTcp, 0) + Transport(20),
                     Id4(60, false)});
  for (const uint8_t protocol : {135, 139, 140}) {
    const std::string name = std::to_string(protocol);
    packets.push_back({"ipv6 message " + name, ether6 + Ipv6(protocol, 16) + Extension(kNone, 1),
                       Id6(protocol, false)});
    packets.push_back({"ipv6 message behind options " + name,
                       ether6 + Ipv6(60, 24) + Extension(protocol, 0) + Extension(kNone, 1),
                       Id6(protocol, false)});
  }
  packets.push_back(
      {"ipv6 options and nothing", ether6 + Ipv6(60, 8) + Extension(kNone, 0), Id6(kNone, false)});
  return packets;
}

inline Bytes Snap(const Bytes& organization, uint16_t type) {
  return Bytes{0xaa, 0xaa, 0x03} + organization + Be16(type);
}

// Frames with a length instead of the EtherType.
inline std::vector<TestPacket> LlcFrames() {
  constexpr uint8_t kTcp = 6, kUdp = 17;
  const Bytes rfc_1042 = {0, 0, 0};
  const Bytes udp4 = Ipv4(kUdp, 8) + Transport(8);
  std::vector<TestPacket> packets;
  // Frames of a spanning tree, of NetBIOS, and one with only LLC: all are one flow, whatever their
  // length.
  packets.push_back(
      {"llc spanning tree", Ethernet({38}) + Bytes{0x42, 0x42, 0x03} + Bytes(43, 0), IdOf(0)});
  packets.push_back(
      {"llc netbios", Ethernet({200}) + Bytes{0xf0, 0xf0, 0x03} + Bytes(197, 0x45), IdOf(0)});
  packets.push_back({"llc only", Ethernet({3}) + Bytes{0xaa, 0xaa, 0xbf}, IdOf(0)});
  packets.push_back({"llc ipx", Ethernet({0x05ff}) + Bytes(30, 0xff), IdOf(0)});
  packets.push_back(
      {"snap ipv4",
       Ethernet({static_cast<uint16_t>(8 + udp4.size())}) + Snap(rfc_1042, 0x0800) + udp4,
       Id4(kUdp, true)});
  packets.push_back({"snap ipv6 bridge tunnel",
                     Ethernet({68}) + Snap({0, 0, 0xf8}, 0x86dd) + Ipv6(kTcp, 20) + Transport(20),
                     Id6(kTcp, true)});
  packets.push_back(
      {"snap arp", Ethernet({36}) + Snap(rfc_1042, 0x0806) + Bytes(28, 1), IdOf(0x0806)});
  packets.push_back(
      {"snap of a vendor", Ethernet({36}) + Snap({0, 0, 0x0c}, 0x2000) + Bytes(28, 1), IdOf(0)});
  packets.push_back(
      {"snap with ipv4 of a vendor", Ethernet({36}) + Snap({0, 1, 0}, 0x0800) + udp4, IdOf(0)});
  packets.push_back(
      {"snap with a length", Ethernet({36}) + Snap(rfc_1042, 0x0500) + Bytes(28, 1), IdOf(0)});
  packets.push_back({"snap behind tags",
                     Ethernet({0x88a8, 0x8100, 36}) + Snap(rfc_1042, 0x0800) + udp4,
                     Id4(kUdp, true)});
  packets.push_back({"snap before a tag",
                     Ethernet({40}) + Snap(rfc_1042, 0x8100) + Be16(0x2001) + Be16(0x0800) + udp4,
                     Id4(kUdp, true)});
  // Bytes beyond the length are padding.
  packets.push_back({"snap with padding", Ethernet({28}) + Snap(rfc_1042, 0x0800) + udp4 + Bytes(9),
                     Id4(kUdp, false), false, true});
  packets.push_back({"snap behind a tag with padding",
                     Ethernet({0x8100, 31}) + Snap(rfc_1042, 0x0800) + udp4 + Bytes(9),
                     Id4(kUdp, false), false, true});
  packets.push_back({"snap before a tag with padding",
                     Ethernet({11}) + Snap(rfc_1042, 0x8100) + Be16(0x2001) + Be16(0x0800) + udp4,
                     IdOf(0x8100), false, true});
  packets.push_back(
      {"snap in padding", Ethernet({7}) + Snap(rfc_1042, 0x0800) + udp4, IdOf(0), false, true});
  packets.push_back(
      {"llc in padding", Ethernet({2}) + Snap(rfc_1042, 0x0800) + udp4, IdOf(0), false, true});
  packets.push_back({"llc of 0 bytes", Ethernet({0x8100, 0}) + Snap(rfc_1042, 0x0800) + udp4,
                     IdOf(0), false, true});
  packets.push_back(
      {"least ethertype", Ethernet({0x0600}) + Snap(rfc_1042, 0x0800) + udp4, IdOf(0x0600)});
  return packets;
}

// A packet of a PPPoE session. `protocol` is that of PPP: two bytes, or one if compressed.
inline Bytes Pppoe(const Bytes& protocol, const Bytes& payload) {
  return Bytes{0x11, 0, 0, 7} + Be16(static_cast<uint16_t>(protocol.size() + payload.size())) +
         protocol + payload;
}

inline std::vector<TestPacket> PppoeFrames() {
  constexpr uint8_t kTcp = 6, kUdp = 17;
  const Bytes session = Ethernet({0x8864});
  const Bytes udp4 = Ipv4(kUdp, 8) + Transport(8);
  const Bytes tcp6 = Ipv6(kTcp, 20) + Transport(20);
  std::vector<TestPacket> packets;
  packets.push_back({"pppoe ipv4", session + Pppoe({0x00, 0x21}, udp4), Id4(kUdp, true)});
  packets.push_back({"pppoe ipv6", session + Pppoe({0x00, 0x57}, tcp6), Id6(kTcp, true)});
  packets.push_back({"pppoe compressed protocol", session + Pppoe({0x57}, tcp6), Id6(kTcp, true)});
  packets.push_back({"pppoe behind tags",
                     Ethernet({0x88a8, 0x8100, 0x8864}) + Pppoe({0x00, 0x21}, udp4),
                     Id4(kUdp, true)});
  packets.push_back(
      {"pppoe mpls", session + Pppoe({0x02, 0x81}, Bytes{0, 1, 1, 64} + udp4), Id4(kUdp, true)});
  packets.push_back(
      {"pppoe lcp", session + Pppoe({0xc0, 0x21}, {9, 1, 0, 8, 1, 2, 3, 4}), IdOf(0x8864)});
  packets.push_back({"pppoe discovery", Ethernet({0x8863}) + Bytes{0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0},
                     IdOf(0x8863)});
  // A payload length that ends before the ports, and one that ends within the PPP protocol.
  const auto with_length = [&](const std::string& name, uint8_t length, const Bytes& protocol,
                               const flow_id_t& id) {
    TestPacket cut{name, session + Pppoe(protocol, udp4), id, false, true};
    cut.bytes[18] = 0;
    cut.bytes[19] = length;
    packets.push_back(cut);
  };
  with_length("pppoe with padding", 2 + 23, {0x00, 0x21}, Id4(kUdp, false));
  with_length("pppoe compressed with padding", 1 + 23, {0x21}, Id4(kUdp, false));
  with_length("pppoe with ip in padding", 2 + 19, {0x00, 0x21}, IdOf(0x0800));
  with_length("pppoe of 1 byte", 1, {0x00, 0x21}, IdOf(0x8864));
  with_length("pppoe of 0 bytes", 0, {0x21}, IdOf(0x8864));
  packets.push_back({"pppoe of 2 bytes behind snap",
                     Ethernet({40}) + Snap({0, 0, 0}, 0x8864) + Pppoe({0x02, 0x81}, udp4),
                     IdOf(0x8847), false, true});
  packets.back().bytes[14 + 8 + 5] = 2;
  TestPacket packet{"pppoe version 2", session + Pppoe({0x00, 0x21}, udp4), IdOf(0x8864)};
  packet.bytes[14] = 0x21;
  packets.push_back(packet);
  packet = {"pppoe with a code", session + Pppoe({0x00, 0x21}, udp4), IdOf(0x8864)};
  packet.bytes[15] = 0xa7;
  packets.push_back(packet);
  return packets;
}

// A stack of labels. The last one has the bit "bottom".
inline Bytes Labels(int count) {
  Bytes stack;
  for (int i = 0; i < count; ++i) {
    stack = stack + Bytes{0, 1, static_cast<uint8_t>(i << 4 | (i + 1 == count ? 1 : 0)), 64};
  }
  return stack;
}

inline std::vector<TestPacket> MplsFrames() {
  constexpr uint8_t kTcp = 6, kUdp = 17;
  const Bytes mpls = Ethernet({0x8847});
  const Bytes udp4 = Ipv4(kUdp, 8) + Transport(8);
  const Bytes tcp6 = Ipv6(kTcp, 20) + Transport(20);
  std::vector<TestPacket> packets;
  packets.push_back({"mpls ipv4", mpls + Labels(1) + udp4, Id4(kUdp, true)});
  packets.push_back({"mpls ipv6", mpls + Labels(3) + tcp6, Id6(kTcp, true)});
  packets.push_back({"mpls upstream", Ethernet({0x8848}) + Labels(2) + udp4, Id4(kUdp, true)});
  packets.push_back(
      {"mpls behind a tag", Ethernet({0x8100, 0x8847}) + Labels(2) + tcp6, Id6(kTcp, true)});
  packets.push_back({"mpls 16 labels", mpls + Labels(16) + udp4, Id4(kUdp, true)});
  packets.push_back({"mpls 17 labels", mpls + Labels(17) + udp4, IdOf(0x8847), false, true});
  packets.push_back({"mpls control word",
                     mpls + Labels(2) + Bytes(4, 0) + Ethernet({0x0800}) + udp4, IdOf(0x8847)});
  packets.push_back({"mpls channel of a pseudowire",
                     mpls + Labels(2) + Bytes{0x10, 0, 0, 0x21} + udp4, IdOf(0x8847)});
  return packets;
}

inline std::vector<TestPacket> AllPackets() {
  constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kDccp = 33, kEsp = 50, kIcmp6 = 58, kNone = 59,
                    kSctp = 132, kUdpLite = 136;
  const Bytes ether4 = Ethernet({0x0800});
  const Bytes ether6 = Ethernet({0x86dd});
  std::vector<TestPacket> packets;
  for (const uint8_t protocol : {kTcp, kUdp, kDccp, kSctp, kUdpLite}) {
    const std::string name = std::to_string(protocol);
    packets.push_back(
        {"ipv4 " + name, ether4 + Ipv4(protocol, 20) + Transport(20), Id4(protocol, true)});
    packets.push_back(
        {"ipv6 " + name, ether6 + Ipv6(protocol, 20) + Transport(20), Id6(protocol, true)});
  }
  packets.push_back({"icmp", ether4 + Ipv4(kIcmp, 16) + Transport(16), Id4(kIcmp, false)});
  packets.push_back({"icmpv6", ether6 + Ipv6(kIcmp6, 16) + Transport(16), Id6(kIcmp6, false)});
  packets.push_back({"esp", ether4 + Ipv4(kEsp, 16) + Transport(16), Id4(kEsp, false)});
  packets.push_back({"arp", Ethernet({0x0806}) + Bytes(28, 0x11), IdOf(0x0806)});
  packets.push_back({"unknown type", Ethernet({0x9999}) + Bytes(28, 0x11), IdOf(0x9999)});

  packets.push_back(
      {"vlan", Ethernet({0x8100, 0x0800}) + Ipv4(kUdp, 8) + Transport(8), Id4(kUdp, true)});
  packets.push_back({"qinq", Ethernet({0x88a8, 0x8100, 0x86dd}) + Ipv6(kTcp, 20) + Transport(20),
                     Id6(kTcp, true)});
  packets.push_back(
      {"4 tags",
       Ethernet({0x88a8, 0x8100, 0x8100, 0x8100, 0x0800}) + Ipv4(kTcp, 20) + Transport(20),
       Id4(kTcp, true)});
  std::vector<uint16_t> tags(16, 0x8100);
  tags.push_back(0x0800);
  packets.push_back({"16 tags", Ethernet(tags) + Ipv4(kTcp, 20) + Transport(20), Id4(kTcp, true)});
  tags.insert(tags.begin(), 0x88a8);
  packets.push_back(
      {"17 tags", Ethernet(tags) + Ipv4(kTcp, 20) + Transport(20), IdOf(0x8100), false, true});

  packets.push_back(
      {"ipv4 options", ether4 + Ipv4(kTcp, 20, 0, Bytes(12, 1)) + Transport(20), Id4(kTcp, true)});
  packets.push_back({"ipv4 most options", ether4 + Ipv4(kUdp, 8, 0, Bytes(40, 1)) + Transport(8),
                     Id4(kUdp, true)});
  packets.push_back(
      {"ipv4 first fragment", ether4 + Ipv4(kUdp, 24, 0x2000) + Transport(24), Id4(kUdp, true)});
  packets.push_back(
      {"ipv4 fragment", ether4 + Ipv4(kUdp, 24, 0x2001) + Transport(24), Id4(kUdp, false), true});
  packets.push_back({"ipv4 last fragment", ether4 + Ipv4(kTcp, 24, 0x00b9) + Transport(24),
                     Id4(kTcp, false), true});

  TestPacket bad{"ipv4 header too short", ether4 + Ipv4(kTcp, 20) + Transport(20), Id4(kTcp, false),
                 false, true};
  bad.bytes[14] = 0x44;
  packets.push_back(bad);
  bad = {"ipv4 with version 6", ether4 + Ipv4(kTcp, 20) + Transport(20), IdOf(0x0800), false, true};
  bad.bytes[14] = 0x65;
  packets.push_back(bad);
  bad = {"ipv6 with version 4", ether6 + Ipv6(kTcp, 20) + Transport(20), IdOf(0x86dd), false, true};
  bad.bytes[14] = 0x45;
  packets.push_back(bad);

  packets.push_back(
      {"hop-by-hop", ether6 + Ipv6(0, 28) + Extension(kUdp, 0) + Transport(8), Id6(kUdp, true)});
  for (const uint8_t extension : {0, 43, 60, 135, 139, 140}) {
    packets.push_back({"long extension " + std::to_string(extension),
                       ether6 + Ipv6(extension, 44) + Extension(kTcp, 2) + Transport(20),
                       Id6(kTcp, true)});
  }
  packets.push_back({"longest extensions",
                     ether6 + Ipv6(60, 2048 + 808 + 20) + Extension(60, 255) +
                         Extension(kTcp, 100) + Transport(20),
                     Id6(kTcp, true)});
  packets.push_back({"authentication",
                     ether6 + Ipv6(51, 44) + Authentication(kTcp, 4) + Transport(20),
                     Id6(kTcp, true)});
  const Bytes all_kinds = Extension(60, 1) + Extension(43, 0) + Extension(44, 2) +
                          Fragment6(51, 0, true) + Authentication(60, 4) + Extension(kSctp, 0) +
                          Transport(12);
  packets.push_back(
      {"all kinds", ether6 + Ipv6(0, all_kinds.size()) + all_kinds, Id6(kSctp, true)});
  packets.push_back({"ipv6 fragment",
                     ether6 + Ipv6(44, 28) + Fragment6(kUdp, 185, true) + Transport(20),
                     Id6(kUdp, false), true});
  packets.push_back(
      {"ipv6 fragment behind options",
       ether6 + Ipv6(0, 36) + Extension(44, 0) + Fragment6(kTcp, 1, false) + Transport(20),
       Id6(kTcp, false), true});
  packets.push_back({"no next header", ether6 + Ipv6(kNone, 8) + Transport(8), Id6(kNone, false)});
  Bytes eight;
  for (int i = 0; i < 8; ++i) eight = eight + Extension(i < 7 ? 60 : kTcp, 0);
  packets.push_back(
      {"8 extensions", ether6 + Ipv6(60, 84) + eight + Transport(20), Id6(kTcp, true)});
  packets.push_back({"9 extensions",
                     ether6 + Ipv6(60, 92) + Extension(60, 0) + eight + Transport(20),
                     Id6(60, false), false, true});
  for (const auto& more :
       {PacketsWithLengths, PacketsWithAuthentication, LlcFrames, PppoeFrames, MplsFrames}) {
    for (TestPacket& packet : more()) packets.push_back(std::move(packet));
  }
  return packets;
}

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_TEST_PACKETS_H_
