// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/links/link_layer.h"

#include <pcap/dlt.h>

#include "core/record/constants.h"
#include "sources/pcap/links/ieee80211.h"
#include "sources/pcap/links/nflog.h"
#include "sources/pcap/links/point_to_point.h"

namespace weir::pcap {

namespace {

constexpr uint16_t kPppoeSessionType = 0x8864;

// The packet type of cooked captures for packets that this machine sent.
constexpr uint16_t kOutgoing = 4;

// Returns the EtherType of an address family, which is in either byte order. IPv6 has one number
// each on Linux, FreeBSD, macOS and Windows, and one on NetBSD and OpenBSD.
uint16_t TypeOfFamily(uint32_t family) {
  if (family > 0xffff) family = __builtin_bswap32(family);
  switch (family) {
    case 2:
      return kIpv4Type;
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
      return kIpv6Type;
    default:
      return 0;
  }
}

}  // namespace

LinkLayer LinkLayerOf(int link_type) {
  switch (link_type) {
    case DLT_EN10MB:
      return LinkLayer::kEthernet;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return LinkLayer::kIp;
    case DLT_NULL:
    case DLT_LOOP:
      return LinkLayer::kLoopback;
    case DLT_LINUX_SLL:
      return LinkLayer::kLinuxCooked;
    case DLT_LINUX_SLL2:
      return LinkLayer::kLinuxCooked2;
    case DLT_IEEE802_11:
      return LinkLayer::kIeee80211;
    case DLT_IEEE802_11_RADIO:
      return LinkLayer::kRadiotap;
    case DLT_PPI:
      return LinkLayer::kPpi;
    case DLT_PPP:
      return LinkLayer::kPpp;
    case DLT_PPP_SERIAL:
      return LinkLayer::kPppSerial;
    case DLT_PPP_ETHER:
      return LinkLayer::kPppEthernet;
    case DLT_PPP_PPPD:
      return LinkLayer::kPppd;
    case DLT_C_HDLC:
      return LinkLayer::kCiscoHdlc;
    case DLT_FRELAY:
      return LinkLayer::kFrameRelay;
    case DLT_PPP_WITH_DIR:
      return LinkLayer::kPppWithDirection;
    case DLT_C_HDLC_WITH_DIR:
      return LinkLayer::kCiscoHdlcWithDirection;
    case DLT_FRELAY_WITH_DIR:
      return LinkLayer::kFrameRelayWithDirection;
    case DLT_NFLOG:
      return LinkLayer::kNflog;
    default:
      return LinkLayer::kUnknown;
  }
}

void LinkParser::ParseOther(LinkLayer link, bool swapped, PacketBytes bytes, packet* fields) {
  switch (link) {
    case LinkLayer::kUnknown:
      return;
    case LinkLayer::kEthernet:
      return Parse(link, swapped, bytes.data(), bytes.size(), fields);
    case LinkLayer::kIp:
      return parser_.ParseIp(bytes, fields);
    case LinkLayer::kLoopback:
      return ParseLoopback(bytes, fields);
    case LinkLayer::kLinuxCooked:
      return ParseCooked(bytes, fields);
    case LinkLayer::kLinuxCooked2:
      return ParseCooked2(bytes, fields);
    case LinkLayer::kIeee80211:
      return ParseIeee80211(bytes, false, &parser_, fields);
    case LinkLayer::kRadiotap:
      return ParseRadiotap(bytes, &parser_, fields);
    case LinkLayer::kPpi:
      return ParsePpi(swapped, bytes, fields);
    case LinkLayer::kPpp:
      return ParsePpp(bytes, &parser_, fields);
    case LinkLayer::kPppSerial:
      return ParsePppSerial(bytes, &parser_, fields);
    case LinkLayer::kPppEthernet:
      return parser_.Parse(kPppoeSessionType, bytes, fields);
    case LinkLayer::kCiscoHdlc:
      return ParseCiscoHdlc(bytes, &parser_, fields);
    case LinkLayer::kFrameRelay:
      return ParseFrameRelay(bytes, &parser_, fields);
    case LinkLayer::kPppd:
    case LinkLayer::kPppWithDirection:
    case LinkLayer::kCiscoHdlcWithDirection:
    case LinkLayer::kFrameRelayWithDirection:
      return ParseDirected(link, bytes, fields);
    case LinkLayer::kNflog:
      return ParseNflog(bytes, swapped, &parser_, fields);
  }
}

// The first byte is 0 for a received packet.
void LinkParser::ParseDirected(LinkLayer link, PacketBytes bytes, packet* fields) {
  if (!bytes.Has(1)) return SetTruncated(fields);
  fields->direction = bytes[0] == 0 ? kDirectionIngress : kDirectionEgress;
  bytes.Take(1);
  if (link == LinkLayer::kCiscoHdlcWithDirection) return ParseCiscoHdlc(bytes, &parser_, fields);
  if (link == LinkLayer::kFrameRelayWithDirection) return ParseFrameRelay(bytes, &parser_, fields);
  // pppd writes the direction in place of the address; the control field follows.
  if (link == LinkLayer::kPppd && bytes.Has(1)) bytes.Take(1);
  ParsePpp(bytes, &parser_, fields);
}

// "PPI Geolocation Specification", section 4: version, flags, header length and DLT_*, all
// little-endian.
void LinkParser::ParsePpi(bool swapped, PacketBytes bytes, packet* fields) {
  constexpr uint32_t kHeader = 8;
  if (!bytes.Has(kHeader)) return SetTruncated(fields);
  const uint32_t size = Le16(bytes.data() + 2);
  const LinkLayer link = LinkLayerOf(static_cast<int>(Le32(bytes.data() + 4)));
  if (size < kHeader || !bytes.Has(size)) return SetTruncated(fields);
  // PPI inside PPI, and unknown link types, are not read.
  if (link == LinkLayer::kPpi || link == LinkLayer::kUnknown) return SetTruncated(fields);
  bytes.Take(size);
  ParseOther(link, swapped, bytes, fields);
}

void LinkParser::ParseLoopback(PacketBytes bytes, packet* fields) {
  constexpr uint32_t kFamilyBytes = 4;
  if (!bytes.Has(kFamilyBytes)) return SetTruncated(fields);
  const uint16_t type = TypeOfFamily(Be32(bytes.data()));
  // A kernel would not take such a packet for IP.
  if (type == 0) return SetTruncated(fields);
  bytes.Take(kFamilyBytes);
  parser_.Parse(type, bytes, fields);
}

void LinkParser::ParseCooked(PacketBytes bytes, packet* fields) {
  constexpr uint32_t kHeader = 16;
  if (!bytes.Has(kHeader)) return SetTruncated(fields);
  const uint8_t* const header = bytes.data();
  fields->direction = Be16(header) == kOutgoing ? kDirectionEgress : kDirectionIngress;
  bytes.Take(kHeader);
  parser_.Parse(Be16(header + 14), nullptr, header + 6, bytes, fields);
}

void LinkParser::ParseCooked2(PacketBytes bytes, packet* fields) {
  constexpr uint32_t kHeader = 20;
  if (!bytes.Has(kHeader)) return SetTruncated(fields);
  const uint8_t* const header = bytes.data();
  fields->direction = header[10] == kOutgoing ? kDirectionEgress : kDirectionIngress;
  fields->if_index = Be32(header + 4);
  bytes.Take(kHeader);
  parser_.Parse(Be16(header), nullptr, header + 12, bytes, fields);
}

}  // namespace weir::pcap
