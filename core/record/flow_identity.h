// SPDX-License-Identifier: Apache-2.0
// Which records count the same packets: what they agree in wherever these were seen.
#ifndef WEIR_CORE_RECORD_FLOW_IDENTITY_H_
#define WEIR_CORE_RECORD_FLOW_IDENTITY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/record/record.h"

namespace weir {

// The identity of a flow on its whole way through the network. An IP flow: addresses, ports
// and protocol. Another flow (ARP, LLDP): MACs and EtherType.
//
// Left out, because they differ between two places that see the same packet:
// - interface, direction and network namespace: they are the place;
// - MACs of an IP packet: each router writes its own;
// - the EtherType of an IP packet: the same packet may be encapsulated at one of the places,
//   and the form of its addresses tells IPv4 from IPv6;
// - the VLAN: an interface of a VLAN sees the frame without the tag that its parent sees. But if
//   the source makes it a part of the flow (WEIR_VLAN_IS_KEY), it is in the identity too.
//
// Words without padding, which are loaded, compared and hashed as such: a key that is written
// in small parts and read in words costs a processor more than all else that is done with it.
struct FlowIdentity {
  // One end: the address as in Record; of a flow that is not IP, the MAC and zeros.
  struct Address {
    uint64_t words[2];
  };

  Address source;
  Address destination;
  uint64_t ports;  // of the source, and << 16 of the destination
  uint64_t kind;   // EtherType (0 where it is IP), << 16 protocol, << 24 whether it is IP,
                   // << 32 VlanKey

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
