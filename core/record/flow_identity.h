// SPDX-License-Identifier: Apache-2.0
// Which records count the same packets: what they agree in wherever these were seen.
#ifndef WEIR_CORE_RECORD_FLOW_IDENTITY_H_
#define WEIR_CORE_RECORD_FLOW_IDENTITY_H_

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/record/record.h"

namespace weir {

// One end of a flow. Packed, as everything here: no byte is padding, so that an identity can
// be compared and hashed as bytes.
struct __attribute__((packed)) FlowEnd {
  uint8_t address[16];  // as in Record; of a flow that is not IP, the MAC and zeros
  uint16_t port;        // host order
};

// The part that both directions have in common.
struct __attribute__((packed)) FlowKind {
  uint16_t eth_protocol;  // 0 where is_ip
  uint8_t transport_protocol;
  uint8_t is_ip;  // 1 or 0: tells an address from a MAC
  uint32_t vlan;  // VlanKey of the record
};

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
struct __attribute__((packed)) FlowIdentity {
  FlowEnd source;
  FlowEnd destination;
  FlowKind kind;

  static FlowIdentity Of(const Record& record) {
    constexpr uint8_t kNoAddress[sizeof(FlowEnd::address)] = {};
    FlowIdentity flow;
    std::memcpy(flow.source.address, record.src_addr, sizeof(flow.source.address));
    std::memcpy(flow.destination.address, record.dst_addr, sizeof(flow.destination.address));
    flow.source.port = record.src_port;
    flow.destination.port = record.dst_port;
    const bool is_ip = std::memcmp(flow.source.address, kNoAddress, sizeof(kNoAddress)) != 0 ||
                       std::memcmp(flow.destination.address, kNoAddress, sizeof(kNoAddress)) != 0;
    if (!is_ip) {
      std::memcpy(flow.source.address, record.src_mac, sizeof(record.src_mac));
      std::memcpy(flow.destination.address, record.dst_mac, sizeof(record.dst_mac));
    }
    flow.kind.eth_protocol = is_ip ? 0 : record.eth_protocol;
    flow.kind.transport_protocol = record.transport_protocol;
    flow.kind.is_ip = is_ip ? 1 : 0;
    flow.kind.vlan = VlanKey(record);
    return flow;
  }

  friend bool operator==(const FlowIdentity& a, const FlowIdentity& b) {
    return std::memcmp(&a, &b, sizeof(FlowIdentity)) == 0;
  }
  friend bool operator!=(const FlowIdentity& a, const FlowIdentity& b) { return !(a == b); }
};

static_assert(std::is_trivially_copyable_v<FlowIdentity> && sizeof(FlowIdentity) == 44);
static_assert(sizeof(FlowEnd::address) == sizeof(Record::src_addr));

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FLOW_IDENTITY_H_
