// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Packets in tunnels for tests, each with the flow of the outer and of the inner packet.
#ifndef WEIR_BPF_TESTING_TUNNEL_PACKETS_H_
#define WEIR_BPF_TESTING_TUNNEL_PACKETS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/packet_bytes.h"
#include "bpf/testing/test_packets.h"

namespace weir::ebpf {

// Tunnels. The addresses and MACs of the outer packet differ from all others in one byte.
inline constexpr uint16_t kVxlanPort = 4789;
inline constexpr uint8_t kUnderlay = 0x77;  // the last byte of each

inline Bytes Vxlan(uint32_t id) {
  return Bytes{0x08, 0, 0, 0} + Be16(static_cast<uint16_t>(id >> 8)) +
         Bytes{static_cast<uint8_t>(id), 0};
}

inline Bytes Udp(uint16_t dst_port, size_t payload) {
  return Be16(kSrcPort) + Be16(dst_port) + Be16(static_cast<uint16_t>(8 + payload)) + Be16(0);
}

// Returns `payload` over IPv4. `fragment` is the field of flags and offset.
inline Bytes UnderlayOf(uint8_t protocol, const Bytes& payload, uint16_t fragment = 0) {
  Bytes outer = Ethernet({0x0800}) + Ipv4(protocol, payload.size(), fragment) + payload;
  outer[5] = outer[11] = outer[29] = outer[33] = kUnderlay;
  return outer;
}

// Returns `payload` in UDP over IPv4.
inline Bytes Underlay4(const Bytes& payload, uint16_t port = kVxlanPort, uint16_t fragment = 0) {
  return UnderlayOf(17, Udp(port, payload.size()) + payload, fragment);
}

// Returns `payload` over IPv6 after `options`, whose first header has the type `first`.
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

// A packet in a tunnel: `id` is the flow of the outer packet, `within` the flow of the inner one.
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
  cut.resize(42 + 8 + 13);  // one byte of the Ethernet header is missing
  packets.push_back({{"vxlan without a frame", cut, outer}, outer, false, true});
  cut.push_back(0x06);
  packets.push_back({{"vxlan ethernet only", cut, outer}, IdOf(0x9999), false, false});
  packets.back().bytes[62] = packets.back().bytes[63] = 0x99;

  const Bytes nested = Underlay4(Vxlan(1) + Underlay4(vxlan));
  packets.push_back({{"vxlan in vxlan", nested, outer}, outer});
  return packets;
}

// The flow of a carried packet without Ethernet: its MACs are those of the outer frame.
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
  // The length of the outer packet also ends the inner one.
  Bytes longer = UnderlayOf(kIpv4, tcp4);
  longer[17] = 20 + 20;
  packets.push_back({{"ipv4 longer than the ipv4 around", longer, outer},
                     InFrameOfUnderlay(Id4(kTcp, false)),
                     false,
                     true});
  return packets;
}

inline constexpr uint16_t kGenevePort = 6081;

// A Geneve header with `options` words of options.
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

#endif  // WEIR_BPF_TESTING_TUNNEL_PACKETS_H_
