// SPDX-License-Identifier: Apache-2.0
// From the fields of a packet to the record that has it alone. In a header, so that what is
// done for each packet is one function.
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

// In halves: gcc zeroes as much at once by an instruction that takes longer to begin than
// all the rest.
inline void Clear(packet* fields) {
  constexpr size_t kHalf = 64;
  static_assert(sizeof(*fields) > kHalf && sizeof(*fields) <= 2 * kHalf);
  std::memset(fields, 0, kHalf);
  std::memset(reinterpret_cast<char*>(fields) + kHalf, 0, sizeof(*fields) - kHalf);
}

// Where the header of the link names the interface, as SLL2 does, its index counts, and the
// name of the capture's interface ("any") is not its name.
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
  // The first byte of a MAC is the lowest: on a little-endian machine, as it is sent.
  std::memcpy(record->src_mac, &fields.src_mac, sizeof(record->src_mac));
  std::memcpy(record->dst_mac, &fields.dst_mac, sizeof(record->dst_mac));
  record->eth_protocol = fields.eth_protocol;
  record->src_port = fields.src_port;
  record->dst_port = fields.dst_port;
  record->transport_protocol = fields.transport_protocol;
  record->direction = fields.direction;
  record->if_index = fields.if_index;
}

// Fields that were not read are zero in `fields`. `common` are the bits of `present` that all
// records of the source have.
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

// Without a time the record has none, and the flow keeps the times of its other packets.
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
