// SPDX-License-Identifier: Apache-2.0
// Converts the fields of a packet to a record. Header-only, so that the compiler makes one function
// of all the work for a packet.
#ifndef WEIR_SOURCES_PCAP_PACKET_ROW_H_
#define WEIR_SOURCES_PCAP_PACKET_ROW_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bpf/flow.h"
#include "bpf/packet.h"
#include "core/record/constants.h"
#include "core/record/record.h"
#include "core/record/tcp_flags.h"
#include "sources/pcap/formats/captured_packet.h"

namespace weir::pcap {

// Zeroes two halves: for the whole structure gcc uses an instruction with a long start-up time.
inline void Clear(packet* fields) {
  constexpr size_t kHalf = 64;
  static_assert(sizeof(*fields) > kHalf && sizeof(*fields) <= 2 * kHalf);
  std::memset(fields, 0, kHalf);
  std::memset(reinterpret_cast<char*>(fields) + kHalf, 0, sizeof(*fields) - kHalf);
}

// If the link header names the interface, as SLL2 does, its index is used, and the name of the
// capture's interface ("any") is not.
inline void SetInterface(const CapturedPacket& captured, packet* fields, Record* record) {
  if (captured.direction != PacketDirection::kUnknown) {
    fields->direction =
        captured.direction == PacketDirection::kOutbound ? kDirectionEgress : kDirectionIngress;
  }
  if (fields->if_index != 0) return;
  const CaptureInterface& interface = *captured.interface;
  fields->if_index = interface.index;
  if (interface.name[0] == '\0') return;
  static_assert(sizeof(record->interface_name) == sizeof(interface.name));
  std::memcpy(record->interface_name, interface.name, sizeof(interface.name));
}

inline void SetKey(const packet& fields, Record* record) {
  std::memcpy(record->src_addr, fields.src_ip, sizeof(record->src_addr));
  std::memcpy(record->dst_addr, fields.dst_ip, sizeof(record->dst_addr));
  // The lowest byte of a MAC is the first one on the wire, as on a little-endian machine.
  std::memcpy(record->src_mac, &fields.src_mac, sizeof(record->src_mac));
  std::memcpy(record->dst_mac, &fields.dst_mac, sizeof(record->dst_mac));
  record->eth_protocol = fields.eth_protocol;
  record->src_port = fields.src_port;
  record->dst_port = fields.dst_port;
  record->transport_protocol = fields.transport_protocol;
  record->direction = fields.direction;
  record->if_index = fields.if_index;
}

// Fields that were not read are zero in `fields`. `common` contains the `present` bits of all
// records of this source.
inline void SetDetails(const packet& fields, uint64_t common, Record* record) {
  record->tcp_flags = fields.tcp_flags;
  record->tcp_flag_pairs = TcpFlagPairsOf(fields.tcp_flags);
  record->dscp = fields.dscp;
  record->icmp_type = fields.icmp_type;
  record->icmp_code = fields.icmp_code;
  record->vlan_id = fields.vlan & ~WEIR_VLAN_PRESENT;
  const auto bit = [&](bool set, uint64_t present) { return set ? present : 0; };
  record->present =
      common |
      bit((fields.flags & WEIR_FLOW_HAS_TCP) != 0, WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS) |
      bit((fields.flags & WEIR_FLOW_HAS_DSCP) != 0, WEIR_HAS_DSCP) |
      bit((fields.flags & WEIR_FLOW_HAS_ICMP) != 0, WEIR_HAS_ICMP) |
      bit((fields.vlan & WEIR_VLAN_PRESENT) != 0, WEIR_HAS_VLAN);
}

// A packet without a time gives a record without times; its flow keeps the times of other packets.
inline void SetTime(const CapturedPacket& captured, Record* record) {
  if (!captured.has_time) {
    record->present &= ~kTimeBits;
    return;
  }
  const uint64_t time = captured.time_ns;
  record->start_mono_time_ns = record->end_mono_time_ns = time;
  record->start_wall_time_ns = record->end_wall_time_ns = static_cast<int64_t>(time);
}

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_PACKET_ROW_H_
