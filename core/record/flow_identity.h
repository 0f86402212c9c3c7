// SPDX-License-Identifier: Apache-2.0
// The identity of a flow across interfaces: records with the same identity can count the same
// packets.
#ifndef WEIR_CORE_RECORD_FLOW_IDENTITY_H_
#define WEIR_CORE_RECORD_FLOW_IDENTITY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/record/record.h"

namespace weir {

// The identity of a flow on its whole path through the network. For IP: addresses, ports and
// protocol. For other flows (ARP, LLDP): MAC addresses and EtherType.
//
// Two interfaces that see the same packet may differ in the following, so the identity leaves it
// out:
// - interface, direction and network namespace;
// - the MAC addresses of an IP packet: each router sets its own;
// - the EtherType of an IP packet: one of the interfaces may see it encapsulated. The form of the
//   addresses tells IPv4 from IPv6.
// - the VLAN: a VLAN interface sees the frame without the tag that its parent sees. If the source
//   makes the VLAN part of the flow (WEIR_VLAN_IS_KEY), it is part of the identity too.
//
// A value of whole words without padding, for speed: a processor stalls if it reads words that were
// just written in smaller parts.
struct FlowIdentity {
  // One end of the flow: the 16 bytes of an IP address as in Record, or a MAC address and zeros.
  struct Address {
    uint64_t words[2];
  };

  Address source;
  Address destination;
  uint64_t ports;  // source port | destination port << 16
  uint64_t kind;   // EtherType (0 for IP) | protocol << 16 | is IP << 24 | VlanKey << 32

  static FlowIdentity Of(const Record& record) {
    FlowIdentity flow;
    flow.source = {
        {Word(record, offsetof(Record, src_addr)), Word(record, offsetof(Record, src_addr) + 8)}};
    flow.destination = {
        {Word(record, offsetof(Record, dst_addr)), Word(record, offsetof(Record, dst_addr) + 8)}};
    flow.ports = record.src_port | uint64_t{record.dst_port} << 16;
    flow.kind = uint64_t{record.transport_protocol} << 16 | uint64_t{VlanKey(record)} << 32;
    const bool is_ip = (flow.source.words[0] | flow.source.words[1] | flow.destination.words[0] |
                        flow.destination.words[1]) != 0;
    if (is_ip) {
      flow.kind |= uint64_t{1} << 24;
      return flow;
    }
    flow.kind |= record.eth_protocol;
    flow.source.words[0] = Word(record, offsetof(Record, src_mac)) & kMacMask;
    flow.destination.words[0] = Word(record, offsetof(Record, dst_mac)) & kMacMask;
    return flow;
  }

  friend bool operator==(const FlowIdentity& a, const FlowIdentity& b) {
    return ((a.source.words[0] ^ b.source.words[0]) | (a.source.words[1] ^ b.source.words[1]) |
            (a.destination.words[0] ^ b.destination.words[0]) |
            (a.destination.words[1] ^ b.destination.words[1]) | (a.ports ^ b.ports) |
            (a.kind ^ b.kind)) == 0;
  }
  friend bool operator!=(const FlowIdentity& a, const FlowIdentity& b) { return !(a == b); }

  template <typename H>
  friend H AbslHashValue(H state, const FlowIdentity& flow) {
    return H::combine(std::move(state), flow.source.words[0], flow.source.words[1],
                      flow.destination.words[0], flow.destination.words[1], flow.ports, flow.kind);
  }

 private:
  // The first six bytes of a word in memory, on a little-endian machine (raw_record.h).
  static constexpr uint64_t kMacMask = (uint64_t{1} << 48) - 1;

  static uint64_t Word(const Record& record, size_t offset) {
    uint64_t word;
    std::memcpy(&word, reinterpret_cast<const uint8_t*>(&record) + offset, sizeof(word));
    return word;
  }
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FLOW_IDENTITY_H_
