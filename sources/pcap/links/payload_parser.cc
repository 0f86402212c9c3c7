// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/links/payload_parser.h"

#include <algorithm>
#include <cstring>

#include "bpf/packet_parser.h"
#include "core/record/constants.h"

namespace weir::pcap {

namespace {

// All headers end before this offset (bpf/parse.h).
constexpr uint32_t kMaxPayload = 64 * 1024;

// In the parser's form: the first byte is the lowest.
uint64_t MacWord(const uint8_t* mac) {
  uint64_t word = 0;
  for (uint32_t i = 0; i < PayloadParser::kMacBytes; ++i) word |= uint64_t{mac[i]} << (8 * i);
  return word;
}

}  // namespace

weir_packet_bytes PayloadParser::Whole(const uint8_t* bytes, uint32_t size) const {
  weir_packet_bytes packet{};
  packet.bytes = bytes;
  packet.size = size;
  packet.tunnels = tunnels_;
  return packet;
}

void PayloadParser::SetLink(uint16_t eth_protocol, const uint8_t* dst_mac, const uint8_t* src_mac,
                            packet* fields) {
  fields->eth_protocol = eth_protocol;
  if (dst_mac != nullptr) fields->dst_mac = MacWord(dst_mac);
  if (src_mac != nullptr) fields->src_mac = MacWord(src_mac);
}

void PayloadParser::Parse(uint16_t eth_protocol, const uint8_t* dst_mac, const uint8_t* src_mac,
                          PacketBytes payload, packet* fields) {
  if (eth_protocol == kIpv4Type || eth_protocol == kIpv6Type) {
    const weir_packet_bytes packet = Whole(payload.data(), payload.size());
    // Before the payload, because a frame in a tunnel has its own MACs and EtherType.
    SetLink(eth_protocol, dst_mac, src_mac, fields);
    weir_read_no_link_layer(&packet, eth_protocol, fields);
    return;
  }
  // VLAN tags and other headers may follow; the parser reads them only in a frame.
  constexpr uint32_t kHeader = 2 * kMacBytes + 2;
  const uint32_t size = std::min(payload.size(), kMaxPayload);
  frame_.assign(kHeader, 0);
  if (dst_mac != nullptr) std::memcpy(frame_.data(), dst_mac, kMacBytes);
  if (src_mac != nullptr) std::memcpy(frame_.data() + kMacBytes, src_mac, kMacBytes);
  // Linux uses smaller numbers for frames with LLC. They are not lengths.
  const uint32_t field = eth_protocol < WEIR_MIN_ETHERTYPE
                             ? std::min<uint32_t>(size, WEIR_MIN_ETHERTYPE - 1)
                             : eth_protocol;
  frame_[kHeader - 2] = static_cast<uint8_t>(field >> 8);
  frame_[kHeader - 1] = static_cast<uint8_t>(field);
  frame_.insert(frame_.end(), payload.data(), payload.data() + size);
  const weir_packet_bytes frame = Whole(frame_.data(), static_cast<uint32_t>(frame_.size()));
  weir_read_ethernet(&frame, fields);
}

void PayloadParser::ParseIp(PacketBytes payload, packet* fields) {
  const int version = payload.Has(1) ? payload[0] >> 4 : 0;
  if (version == 4) return Parse(kIpv4Type, payload, fields);
  if (version == 6) return Parse(kIpv6Type, payload, fields);
  SetTruncated(fields);
}

}  // namespace weir::pcap
