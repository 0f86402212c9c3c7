// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Packets for tests, each with the flow that it must be counted under.
#ifndef WEIR_BPF_TESTING_TEST_PACKETS_H_
#define WEIR_BPF_TESTING_TEST_PACKETS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "bpf/flow.h"

namespace weir::ebpf {

using Bytes = std::vector<uint8_t>;

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes Be16(uint16_t value) {
  return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

inline const Bytes kDstMac = {0x02, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5};
inline const Bytes kSrcMac = {0x06, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5};
inline const Bytes kSrc4 = {10, 1, 2, 3};
inline const Bytes kDst4 = {192, 168, 254, 255};
inline const Bytes kSrc6 = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
inline const Bytes kDst6 = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0xff};
inline constexpr uint16_t kSrcPort = 0xc123;
inline constexpr uint16_t kDstPort = 0x01bb;

// Ethernet, with the EtherTypes of tags and of what they carry.
inline Bytes Ethernet(const std::vector<uint16_t>& types) {
  Bytes header = kDstMac + kSrcMac;
  for (size_t i = 0; i < types.size(); ++i) {
    header = header + (i == 0 ? Bytes() : Be16(static_cast<uint16_t>(0x2000 + i))) + Be16(types[i]);
  }
  return header;
}

// `fragment` is the field of flags and offset; `options` a multiple of 4 bytes.
inline Bytes Ipv4(uint8_t protocol, size_t payload, uint16_t fragment = 0,
                  const Bytes& options = {}) {
  const size_t header = 20 + options.size();
  return Bytes{static_cast<uint8_t>(0x40 | header / 4), 0} +
         Be16(static_cast<uint16_t>(header + payload)) + Be16(0x1234) + Be16(fragment) +
         Bytes{64, protocol, 0, 0} + kSrc4 + kDst4 + options;
}

inline Bytes Ipv6(uint8_t next_header, size_t payload) {
  return Bytes{0x60, 1, 2, 3} + Be16(static_cast<uint16_t>(payload)) + Bytes{next_header, 64} +
         kSrc6 + kDst6;
}

// An extension header with a length in units of 8 bytes but the first, filled with
// what must not be taken for ports.
inline Bytes Extension(uint8_t next_header, uint8_t length) {
  Bytes header((size_t{length} + 1) * 8, 0xee);
  header[0] = next_header;
  header[1] = length;
  return header;
}

inline Bytes Authentication(uint8_t next_header, uint8_t length) {
  Bytes header((size_t{length} + 2) * 4, 0xaa);
  header[0] = next_header;
  header[1] = length;
  return header;
}

// `offset` in units of 8 bytes.
inline Bytes Fragment6(uint8_t next_header, uint16_t offset, bool more) {
  return Bytes{next_header, 0} + Be16(static_cast<uint16_t>(offset << 3 | (more ? 1 : 0))) +
         Bytes{1, 2, 3, 4};
}

// Ports, and as many bytes as a header of that protocol has.
inline Bytes Transport(size_t size) {
  Bytes header = Be16(kSrcPort) + Be16(kDstPort);
  header.resize(size, 0x55);
  return header;
}

struct TestPacket {
  std::string name;
  Bytes bytes;
  flow_id_t id;  // without direction and if_index
  bool fragment = false;
  bool truncated = false;
};

inline flow_id_t IdOf(uint16_t eth_protocol) {
  flow_id_t id{};
  id.eth_protocol = eth_protocol;
  std::copy(kSrcMac.begin(), kSrcMac.end(), id.src_mac);
  std::copy(kDstMac.begin(), kDstMac.end(), id.dst_mac);
  return id;
}

inline flow_id_t Id4(uint8_t protocol, bool ports) {
  flow_id_t id = IdOf(0x0800);
  id.src_ip[10] = id.src_ip[11] = id.dst_ip[10] = id.dst_ip[11] = 0xff;
  std::copy(kSrc4.begin(), kSrc4.end(), id.src_ip + 12);
  std::copy(kDst4.begin(), kDst4.end(), id.dst_ip + 12);
  id.transport_protocol = protocol;
  if (ports) {
    id.src_port = kSrcPort;
    id.dst_port = kDstPort;
  }
  return id;
}

inline flow_id_t Id6(uint8_t protocol, bool ports) {
  flow_id_t id = IdOf(0x86dd);
  std::copy(kSrc6.begin(), kSrc6.end(), id.src_ip);
  std::copy(kDst6.begin(), kDst6.end(), id.dst_ip);
  id.transport_protocol = protocol;
  if (ports) {
    id.src_port = kSrcPort;
    id.dst_port = kDstPort;
  }
  return id;
}

// The IP header says that the packet ends before the bytes do, or says nothing about it.
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
  // Less than its fixed fields: what follows is unknown.
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

// A length in place of the EtherType.
inline std::vector<TestPacket> LlcFrames() {
  constexpr uint8_t kTcp = 6, kUdp = 17;
  const Bytes rfc_1042 = {0, 0, 0};
  const Bytes udp4 = Ipv4(kUdp, 8) + Transport(8);
  std::vector<TestPacket> packets;
  // Frames of a spanning tree, of NetBIOS, and one of LLC only: one flow, whatever their length.
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
  // What follows the length is padding.
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

// A PPPoE session with that protocol of PPP, of two bytes or compressed to one.
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
  // A payload length that ends before the ports, and within the protocol of PPP.
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

// A stack of labels, the last one with the bit of the bottom.
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

// Tunnels. Addresses and MACs of the outer packet differ from those of all packets in one.
inline constexpr uint16_t kVxlanPort = 4789;
inline constexpr uint8_t kUnderlay = 0x77;  // the last byte of each of them

inline Bytes Vxlan(uint32_t id) {
  return Bytes{0x08, 0, 0, 0} + Be16(static_cast<uint16_t>(id >> 8)) +
         Bytes{static_cast<uint8_t>(id), 0};
}

inline Bytes Udp(uint16_t dst_port, size_t payload) {
  return Be16(kSrcPort) + Be16(dst_port) + Be16(static_cast<uint16_t>(8 + payload)) + Be16(0);
}

// `payload` of that protocol over IPv4, with that field of flags and offset.
inline Bytes UnderlayOf(uint8_t protocol, const Bytes& payload, uint16_t fragment = 0) {
  Bytes outer = Ethernet({0x0800}) + Ipv4(protocol, payload.size(), fragment) + payload;
  outer[5] = outer[11] = outer[29] = outer[33] = kUnderlay;
  return outer;
}

// `payload` in UDP to `port`.
inline Bytes Underlay4(const Bytes& payload, uint16_t port = kVxlanPort, uint16_t fragment = 0) {
  return UnderlayOf(17, Udp(port, payload.size()) + payload, fragment);
}

// The same over IPv6, behind `options`, whose first header is of that type.
inline Bytes Underlay6(uint8_t first, const Bytes& options, const Bytes& payload) {
  Bytes outer =
      Ethernet({0x86dd}) + Ipv6(first, options.size() + payload.size()) + options + payload;
  outer[5] = outer[11] = outer[37] = outer[53] = kUnderlay;
  return outer;
}

inline flow_id_t UnderlayId(flow_id_t id, bool ports = true) {
  id.src_mac[5] = id.dst_mac[5] = id.src_ip[15] = id.dst_ip[15] = kUnderlay;
  if (ports) {
    id.src_port = kSrcPort;
    id.dst_port = kVxlanPort;
  }
  return id;
}

// A packet in a tunnel: `id` is the flow of the outer packet, `within` that of the inner one.
struct TunnelPacket : TestPacket {
  flow_id_t within;
  bool within_fragment = false;
  bool within_truncated = false;
};

inline TunnelPacket InVxlan(const TestPacket& frame) {
  return {{"vxlan " + frame.name, Underlay4(Vxlan(42) + frame.bytes), UnderlayId(Id4(17, false))},
          frame.id,
          frame.fragment,
          frame.truncated};
}

inline std::vector<TunnelPacket> VxlanPackets() {
  constexpr uint8_t kTcp = 6, kUdp = 17, kUdpLite = 136;
  const Bytes frame = Ethernet({0x8100, 0x0800}) + Ipv4(kTcp, 20) + Transport(20);
  const Bytes vxlan = Vxlan(0xabcdef) + frame;
  const flow_id_t inner = Id4(kTcp, true);
  const flow_id_t outer = UnderlayId(Id4(kUdp, false));
  std::vector<TunnelPacket> packets;
  packets.push_back({{"vxlan with a tag", Underlay4(vxlan), outer}, inner});

  Bytes outer6 = Ethernet({0x8100, 0x86dd}) + Ipv6(0, 16 + vxlan.size()) + Extension(kUdp, 0) +
                 Udp(kVxlanPort, vxlan.size()) + vxlan;
  outer6[5] = outer6[11] = outer6[41] = outer6[57] = kUnderlay;
  packets.push_back({{"vxlan over ipv6", outer6, UnderlayId(Id6(kUdp, false))}, inner});

  Bytes reserved = Underlay4(vxlan);
  reserved[42] = 0xff;
  reserved[43] = reserved[44] = reserved[45] = reserved[49] = 0xff;
  packets.push_back({{"vxlan reserved bits", reserved, outer}, inner});
  Bytes no_id = Underlay4(vxlan);
  no_id[42] = 0xf7;
  packets.push_back({{"vxlan without id", no_id, outer}, outer});

  flow_id_t other = outer;
  other.dst_port = kVxlanPort + 1;
  packets.push_back({{"vxlan to another port", Underlay4(vxlan, kVxlanPort + 1), other}, other});
  Bytes udp_lite = Underlay4(vxlan);
  udp_lite[23] = kUdpLite;
  other = outer;
  other.transport_protocol = kUdpLite;
  packets.push_back({{"vxlan in udp-lite", udp_lite, other}, other});

  packets.push_back({{"vxlan first fragment", Underlay4(vxlan, kVxlanPort, 0x2000), outer}, inner});
  const flow_id_t no_ports = UnderlayId(Id4(kUdp, false), false);
  packets.push_back(
      {{"vxlan fragment", Underlay4(vxlan, kVxlanPort, 0x2001), no_ports, true}, no_ports, true});

  Bytes cut = Underlay4(vxlan);
  cut.resize(42 + 8 + 13);  // all but a byte of the Ethernet header
  packets.push_back({{"vxlan without a frame", cut, outer}, outer, false, true});
  cut.push_back(0x06);
  packets.push_back({{"vxlan ethernet only", cut, outer}, IdOf(0x9999), false, false});
  packets.back().bytes[62] = packets.back().bytes[63] = 0x99;

  const Bytes nested = Underlay4(Vxlan(1) + Underlay4(vxlan));
  packets.push_back({{"vxlan in vxlan", nested, outer}, outer});
  return packets;
}

// The flow of a packet without Ethernet of its own: the MACs are those of the tunnel's frame.
inline flow_id_t InFrameOfUnderlay(flow_id_t id) {
  id.src_mac[5] = id.dst_mac[5] = kUnderlay;
  return id;
}

inline Bytes Gre(uint16_t flags, uint16_t type) {
  Bytes header = Be16(flags) + Be16(type);
  for (const int bit : {0x8000, 0x2000, 0x1000}) {
    if ((flags & bit) != 0) header = header + Bytes{0xcc, 0xcc, 0xcc, 0xcc};
  }
  return header;
}

inline std::vector<TunnelPacket> GrePackets() {
  constexpr uint8_t kTcp = 6, kUdp = 17, kGre = 47, kAh = 51;
  const Bytes tcp4 = Ipv4(kTcp, 20) + Transport(20);
  const Bytes udp6 = Ipv6(kUdp, 8) + Transport(8);
  const flow_id_t outer = UnderlayId(Id4(kGre, false), false);
  const flow_id_t in4 = InFrameOfUnderlay(Id4(kTcp, true));
  const flow_id_t in6 = InFrameOfUnderlay(Id6(kUdp, true));
  const auto gre = [](const Bytes& payload) { return UnderlayOf(47, payload); };
  std::vector<TunnelPacket> packets;
  packets.push_back({{"gre ipv4", gre(Gre(0, 0x0800) + tcp4), outer}, in4});
  for (const uint16_t flags : {0x8000, 0x2000, 0x1000, 0xb000}) {
    packets.push_back(
        {{"gre flags " + std::to_string(flags), gre(Gre(flags, 0x86dd) + udp6), outer}, in6});
  }
  packets.push_back(
      {{"gre ethernet", gre(Gre(0x2000, 0x6558) + Ethernet({0x8100, 0x86dd}) + udp6), outer},
       Id6(kUdp, true)});
  packets.push_back({{"gre mpls", gre(Gre(0, 0x8847) + Labels(2) + tcp4), outer}, in4});
  packets.push_back({{"gre over ipv6", Underlay6(kGre, {}, Gre(0, 0x0800) + tcp4),
                      UnderlayId(Id6(kGre, false), false)},
                     in4});
  packets.push_back(
      {{"gre behind options", Underlay6(60, Extension(kGre, 0), Gre(0, 0x0800) + tcp4),
        UnderlayId(Id6(kGre, false), false)},
       in4});
  packets.push_back({{"gre behind authentication",
                      UnderlayOf(kAh, Authentication(kGre, 4) + Gre(0, 0x0800) + tcp4), outer},
                     in4});
  // Not read: PPTP, source routes, ERSPAN and keepalives.
  packets.push_back({{"gre version 1", gre(Gre(0x2001, 0x880b) + tcp4), outer}, outer});
  packets.push_back({{"gre version 1 with ipv4", gre(Gre(0x0001, 0x0800) + tcp4), outer}, outer});
  packets.push_back({{"gre routing", gre(Gre(0x4000, 0x0800) + tcp4), outer}, outer});
  packets.push_back(
      {{"gre erspan", gre(Gre(0x1000, 0x88be) + Bytes(8, 1) + Ethernet({0x0800}) + tcp4), outer},
       outer});
  packets.push_back({{"gre keepalive", gre(Gre(0, 0)), outer}, outer});
  packets.push_back(
      {{"gre in gre", gre(Gre(0, 0x0800) + Ipv4(kGre, 44) + Gre(0, 0x0800) + tcp4), outer},
       InFrameOfUnderlay(Id4(kGre, false))});
  packets.push_back(
      {{"gre first fragment", UnderlayOf(kGre, Gre(0, 0x0800) + tcp4, 0x2000), outer}, in4});
  packets.push_back({{"gre fragment", UnderlayOf(kGre, Gre(0, 0x0800) + tcp4, 0x2001), outer, true},
                     outer,
                     true});
  packets.push_back(
      {{"gre fragment inside", gre(Gre(0, 0x0800) + Ipv4(kTcp, 20, 0x2001) + Transport(20)), outer},
       InFrameOfUnderlay(Id4(kTcp, false)),
       true});
  packets.push_back({{"gre of another version of ip", gre(Gre(0, 0x86dd) + Bytes(60, 0x45)), outer},
                     outer,
                     false,
                     true});
  packets.push_back({{"gre with padding", gre(Gre(0, 0x0800)) + tcp4, outer}, outer, false, true});
  packets.push_back({{"gre cut off", gre(Bytes{0, 0, 8}), outer}, outer, false, true});
  packets.push_back({{"gre without ports", gre(Gre(0, 0x0800) + Ipv4(kTcp, 20)), outer},
                     InFrameOfUnderlay(Id4(kTcp, false)),
                     false,
                     true});
  return packets;
}

inline std::vector<TunnelPacket> IpInIpPackets() {
  constexpr uint8_t kIpv4 = 4, kTcp = 6, kUdp = 17, kIpv6 = 41;
  const Bytes tcp4 = Ipv4(kTcp, 20) + Transport(20);
  const Bytes udp6 = Ipv6(kUdp, 8) + Transport(8);
  const flow_id_t in4 = InFrameOfUnderlay(Id4(kTcp, true));
  const flow_id_t in6 = InFrameOfUnderlay(Id6(kUdp, true));
  std::vector<TunnelPacket> packets;
  for (const bool is_4 : {true, false}) {
    const uint8_t protocol = is_4 ? kIpv4 : kIpv6;
    const std::string name = is_4 ? "ipv4 in " : "ipv6 in ";
    const Bytes& payload = is_4 ? tcp4 : udp6;
    const flow_id_t& inner = is_4 ? in4 : in6;
    packets.push_back(
        {{name + "ipv4", UnderlayOf(protocol, payload), UnderlayId(Id4(protocol, false), false)},
         inner});
    const flow_id_t outer6 = UnderlayId(Id6(protocol, false), false);
    packets.push_back({{name + "ipv6", Underlay6(protocol, {}, payload), outer6}, inner});
    packets.push_back(
        {{name + "ipv6 behind options", Underlay6(60, Extension(protocol, 0), payload), outer6},
         inner});
  }
  const flow_id_t outer = UnderlayId(Id4(kIpv4, false), false);
  packets.push_back({{"ipv4 in ipv4 twice", UnderlayOf(kIpv4, Ipv4(kIpv4, 40) + tcp4), outer},
                     InFrameOfUnderlay(Id4(kIpv4, false))});
  packets.push_back(
      {{"ipv4 in ipv4 fragment", UnderlayOf(kIpv4, tcp4, 0x0003), outer, true}, outer, true});
  packets.push_back(
      {{"ipv6 said to be ipv4 in ipv4", UnderlayOf(kIpv4, udp6), outer}, outer, false, true});
  packets.push_back(
      {{"ipv4 in ipv4 cut off", UnderlayOf(kIpv4, Bytes(19, 0x45)), outer}, outer, false, true});
  // The length of the outer packet ends the inner one.
  Bytes longer = UnderlayOf(kIpv4, tcp4);
  longer[17] = 20 + 20;
  packets.push_back({{"ipv4 longer than the ipv4 around", longer, outer},
                     InFrameOfUnderlay(Id4(kTcp, false)),
                     false,
                     true});
  return packets;
}

inline constexpr uint16_t kGenevePort = 6081;

// With so many words of options.
inline Bytes Geneve(uint16_t type, uint8_t options = 0) {
  return Bytes{options, 0} + Be16(type) + Bytes{0xab, 0xcd, 0xef, 0} +
         Bytes(size_t{4} * options, 0x45);
}

inline std::vector<TunnelPacket> GenevePackets() {
  constexpr uint8_t kTcp = 6, kUdp = 17;
  const Bytes tcp4 = Ipv4(kTcp, 20) + Transport(20);
  const Bytes frame = Ethernet({0x8100, 0x0800}) + tcp4;
  flow_id_t outer = UnderlayId(Id4(kUdp, false));
  outer.dst_port = kGenevePort;
  const auto geneve = [](const Bytes& payload) { return Underlay4(payload, kGenevePort); };
  const flow_id_t inner = Id4(kTcp, true);
  std::vector<TunnelPacket> packets;
  for (const uint8_t options : {0, 1, 63}) {
    packets.push_back({{"geneve options " + std::to_string(options),
                        geneve(Geneve(0x6558, options) + frame), outer},
                       inner});
  }
  packets.push_back(
      {{"geneve ipv4", geneve(Geneve(0x0800, 2) + tcp4), outer}, InFrameOfUnderlay(inner)});
  packets.push_back({{"geneve unknown type", geneve(Geneve(0x9999) + frame), outer}, outer});
  Bytes other = geneve(Geneve(0x6558) + frame);
  other[42] = 0x40;
  packets.push_back({{"geneve version 1", other, outer}, outer});
  other[42] = 0;
  other[43] = 0x80;
  packets.push_back({{"geneve control", other, outer}, outer});
  other[43] = 0x7f;
  packets.push_back({{"geneve other flags", other, outer}, inner});
  packets.push_back(
      {{"geneve cut off in options", geneve(Bytes{63, 0, 0x65, 0x58} + Bytes(100, 0)), outer},
       outer,
       false,
       true});
  packets.push_back(
      {{"geneve in geneve", geneve(Geneve(0x6558) + geneve(Geneve(0x6558) + frame)), outer},
       outer});
  return packets;
}

inline std::vector<TunnelPacket> TunnelPackets() {
  std::vector<TunnelPacket> all;
  for (const auto& some : {VxlanPackets, GrePackets, IpInIpPackets, GenevePackets}) {
    for (TunnelPacket& packet : some()) all.push_back(std::move(packet));
  }
  return all;
}

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_TEST_PACKETS_H_
