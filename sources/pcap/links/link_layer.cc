// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/links/link_layer.h"

#include <pcap/dlt.h>

#include <algorithm>

#include "core/record/constants.h"

namespace weir::pcap {

namespace {

constexpr uint32_t kFamilyBytes = 4;
constexpr uint32_t kCookedBytes = 16;
constexpr uint32_t kCooked2Bytes = 20;
constexpr uint32_t kMacBytes = 6;
// Headers end before that (bpf/parse.h).
constexpr uint32_t kMaxPayload = 64 * 1024;

// Packet types of Linux' cooked captures: what this machine has sent itself.
constexpr uint16_t kOutgoing = 4;

uint16_t Be16(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]); }

uint32_t Be32(const uint8_t* bytes) {
  return static_cast<uint32_t>(Be16(bytes)) << 16 | Be16(bytes + 2);
}

weir_packet_bytes Bytes(const uint8_t* bytes, uint32_t size) {
  weir_packet_bytes packet{};
  packet.bytes = bytes;
  packet.size = size;
  return packet;
}

// By its first half byte; 0 if it is neither.
uint16_t TypeOfIp(const uint8_t* bytes, uint32_t size) {
  if (size == 0) return 0;
  const int version = bytes[0] >> 4;
  return version == 4 ? kIpv4Type : version == 6 ? kIpv6Type : 0;
}

// Of a number of an address family in the byte order of whoever captured: those of IPv6
// are Linux', FreeBSD's, macOS', NetBSD's and OpenBSD's, and Windows'.
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

void ParseWithoutLink(uint16_t eth_protocol, const uint8_t* bytes, uint32_t size, packet* fields) {
  const weir_packet_bytes packet = Bytes(bytes, size);
  weir_read_no_link_layer(&packet, eth_protocol, fields);
  // A kernel would not have taken it for IP.
  if (eth_protocol == 0) fields->notes |= PACKET_TRUNCATED;
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
    default:
      return LinkLayer::kUnknown;
  }
}

void LinkParser::ParseOther(LinkLayer link, const uint8_t* bytes, uint32_t size, packet* fields) {
  if (link == LinkLayer::kIp) return ParseWithoutLink(TypeOfIp(bytes, size), bytes, size, fields);
  const uint32_t header = link == LinkLayer::kLoopback      ? kFamilyBytes
                          : link == LinkLayer::kLinuxCooked ? kCookedBytes
                                                            : kCooked2Bytes;
  if (size < header) {
    fields->notes |= PACKET_TRUNCATED;
    return;
  }
  const weir_packet_bytes payload = Bytes(bytes + header, size - header);
  if (link == LinkLayer::kLoopback) {
    ParseWithoutLink(TypeOfFamily(Be32(bytes)), bytes + header, size - header, fields);
  } else if (link == LinkLayer::kLinuxCooked) {
    fields->direction = Be16(bytes) == kOutgoing ? kDirectionEgress : kDirectionIngress;
    ParseCooked(Be16(bytes + 14), bytes + 6, payload, fields);
  } else {
    fields->direction = bytes[10] == kOutgoing ? kDirectionEgress : kDirectionIngress;
    fields->if_index = Be32(bytes + 4);
    ParseCooked(Be16(bytes), bytes + 12, payload, fields);
  }
}

// There may be VLAN tags behind, which the parser steps over in a frame only.
void LinkParser::ParseCooked(uint16_t eth_protocol, const uint8_t* source,
                             const weir_packet_bytes& payload, packet* fields) {
  const uint32_t size = std::min(payload.size, kMaxPayload);
  frame_.assign(2 * kMacBytes, 0);
  std::copy_n(source, kMacBytes, frame_.begin() + kMacBytes);
  frame_.push_back(static_cast<uint8_t>(eth_protocol >> 8));
  frame_.push_back(static_cast<uint8_t>(eth_protocol));
  const auto* const bytes = static_cast<const uint8_t*>(payload.bytes);
  frame_.insert(frame_.end(), bytes, bytes + size);
  const weir_packet_bytes frame = Bytes(frame_.data(), static_cast<uint32_t>(frame_.size()));
  weir_read_ethernet(&frame, fields);
}

}  // namespace weir::pcap
