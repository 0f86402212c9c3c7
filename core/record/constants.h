// SPDX-License-Identifier: Apache-2.0
// Numbers of the flow model that standards define.
#ifndef WEIR_CORE_RECORD_CONSTANTS_H_
#define WEIR_CORE_RECORD_CONSTANTS_H_

#include <cstdint>

#include "bpf/flow.h"

namespace weir {

// IPFIX flowDirection (information element 61).
inline constexpr uint8_t kDirectionIngress = WEIR_DIRECTION_INGRESS;
inline constexpr uint8_t kDirectionEgress = WEIR_DIRECTION_EGRESS;

// Sizes of addresses, in bytes. An IPv4 address is stored as 16 bytes too (IpAddr).
inline constexpr int kMacLength = WEIR_MAC_LENGTH;
inline constexpr int kIpLength = WEIR_IP_LENGTH;

// EtherTypes (IANA registry "IEEE 802 Numbers").
inline constexpr uint16_t kIpv4Type = 0x0800;
inline constexpr uint16_t kArpType = 0x0806;
inline constexpr uint16_t kIpv6Type = 0x86DD;

// IPFIX flowEndReason (information element 136).
enum class FlowEndReason : uint8_t {
  kIdleTimeout = 1,
  kActiveTimeout = 2,
  kEndOfFlowDetected = 3,
  kForcedEnd = 4,
  kLackOfResources = 5,
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_CONSTANTS_H_
