// SPDX-License-Identifier: Apache-2.0
// The names of values of a record's fields.
#ifndef WEIR_CORE_RECORD_FIELDS_VALUE_NAMES_H_
#define WEIR_CORE_RECORD_FIELDS_VALUE_NAMES_H_

#include <cstdint>

#include "core/record/constants.h"
#include "plugins/abi/weir_fields.h"
#include "plugins/abi/weir_plugin.h"

namespace weir {

// weir_fields.h describes it.
using ValueName = weir_value_name;

// IANA, Assigned Internet Protocol Numbers.
inline constexpr ValueName kProtocolNames[] = {
    {1, "icmp", "ICMP"},    {2, "igmp", "IGMP"},
    {4, "ipip", "IPIP"},    {6, "tcp", "TCP"},
    {17, "udp", "UDP"},     {33, "dccp", "DCCP"},
    {41, "ipv6", "IPv6"},   {46, "rsvp", "RSVP"},
    {47, "gre", "GRE"},     {50, "esp", "ESP"},
    {51, "ah", "AH"},       {58, "icmpv6", "ICMPv6"},
    {58, "icmp6", nullptr}, {88, "eigrp", "EIGRP"},
    {89, "ospf", "OSPF"},   {103, "pim", "PIM"},
    {112, "vrrp", "VRRP"},  {115, "l2tp", "L2TP"},
    {132, "sctp", "SCTP"},  {136, "udplite", "UDPLite"},
};
// IANA's list of IEEE 802 Numbers.
inline constexpr ValueName kEtherTypeNames[] = {
    {kIpv4Type, "ipv4", "IPv4"}, {kIpv4Type, "ip", nullptr}, {kIpv6Type, "ipv6", "IPv6"},
    {kIpv6Type, "ip6", nullptr}, {kArpType, "arp", "ARP"},   {0x8035, "rarp", "RARP"},
    {0x8847, "mpls", "MPLS"},    {0x8864, "pppoe", "PPPoE"}, {0x888E, "eapol", "EAPOL"},
    {0x88CC, "lldp", "LLDP"},    {0x88F7, "ptp", "PTP"},
};
// IPFIX flowDirection (information element 61).
inline constexpr ValueName kDirectionNames[] = {
    {kDirectionIngress, "ingress", nullptr},
    {kDirectionEgress, "egress", nullptr},
};
// RFC 9293, section 3.1; AE (formerly NS) by RFC 9768.
inline constexpr ValueName kTcpFlagNames[] = {
    {0x01, "fin", nullptr}, {0x02, "syn", nullptr}, {0x04, "rst", nullptr},
    {0x08, "psh", nullptr}, {0x10, "ack", nullptr}, {0x20, "urg", nullptr},
    {0x40, "ece", nullptr}, {0x80, "cwr", nullptr}, {0x100, "ae", nullptr},
};
inline constexpr ValueName kTcpFlagPairNames[] = {
    {WEIR_TCP_SYN_ACK, "syn_ack", nullptr},
    {WEIR_TCP_FIN_ACK, "fin_ack", nullptr},
    {WEIR_TCP_RST_ACK, "rst_ack", nullptr},
};
// IANA, Differentiated Services Field Codepoints.
inline constexpr ValueName kDscpNames[] = {
    {0, "cs0", nullptr},   {0, "df", nullptr},    {1, "le", nullptr},    {8, "cs1", nullptr},
    {10, "af11", nullptr}, {12, "af12", nullptr}, {14, "af13", nullptr}, {16, "cs2", nullptr},
    {18, "af21", nullptr}, {20, "af22", nullptr}, {22, "af23", nullptr}, {24, "cs3", nullptr},
    {26, "af31", nullptr}, {28, "af32", nullptr}, {30, "af33", nullptr}, {32, "cs4", nullptr},
    {34, "af41", nullptr}, {36, "af42", nullptr}, {38, "af43", nullptr}, {40, "cs5", nullptr},
    {44, "va", nullptr},   {46, "ef", nullptr},   {48, "cs6", nullptr},  {56, "cs7", nullptr},
};
// IPFIX flowEndReason (information element 136).
inline constexpr ValueName kFlowEndReasonNames[] = {
    {static_cast<uint64_t>(FlowEndReason::kIdleTimeout), "idle_timeout", nullptr},
    {static_cast<uint64_t>(FlowEndReason::kActiveTimeout), "active_timeout", nullptr},
    {static_cast<uint64_t>(FlowEndReason::kEndOfFlowDetected), "end_of_flow", nullptr},
    {static_cast<uint64_t>(FlowEndReason::kForcedEnd), "forced_end", nullptr},
    {static_cast<uint64_t>(FlowEndReason::kLackOfResources), "lack_of_resources", nullptr},
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_VALUE_NAMES_H_
