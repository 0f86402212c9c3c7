// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/field.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/record/constants.h"
#include "core/record/record.h"
#include "core/suggestion/suggestion.h"
#include "transforms/filter/quoted.h"

namespace weir::transforms {
namespace {

// IANA, Assigned Internet Protocol Numbers.
constexpr NamedValue kProtocols[] = {
    {"icmp", 1},  {"igmp", 2},    {"ipip", 4},   {"tcp", 6},    {"udp", 17},
    {"dccp", 33}, {"ipv6", 41},   {"rsvp", 46},  {"gre", 47},   {"esp", 50},
    {"ah", 51},   {"icmpv6", 58}, {"icmp6", 58}, {"eigrp", 88}, {"ospf", 89},
    {"pim", 103}, {"vrrp", 112},  {"l2tp", 115}, {"sctp", 132}, {"udplite", 136},
};
// IANA's list of IEEE 802 Numbers.
constexpr NamedValue kEtherTypes[] = {
    {"ipv4", kIpv4Type}, {"ip", kIpv4Type}, {"ipv6", kIpv6Type}, {"ip6", kIpv6Type},
    {"arp", kArpType},   {"rarp", 0x8035},  {"mpls", 0x8847},    {"pppoe", 0x8864},
    {"eapol", 0x888E},   {"lldp", 0x88CC},  {"ptp", 0x88F7},
};
constexpr NamedValue kDirections[] = {{"ingress", kDirectionIngress}, {"egress", kDirectionEgress}};
// RFC 9293, section 3.1; AE (formerly NS) by RFC 9768.
constexpr NamedValue kTcpFlags[] = {
    {"fin", 0x01}, {"syn", 0x02}, {"rst", 0x04}, {"psh", 0x08}, {"ack", 0x10},
    {"urg", 0x20}, {"ece", 0x40}, {"cwr", 0x80}, {"ae", 0x100},
};
constexpr NamedValue kTcpFlagPairs[] = {
    {"syn_ack", WEIR_TCP_SYN_ACK},
    {"fin_ack", WEIR_TCP_FIN_ACK},
    {"rst_ack", WEIR_TCP_RST_ACK},
};
// IANA, Differentiated Services Field Codepoints.
constexpr NamedValue kDscps[] = {
    {"cs0", 0},   {"df", 0},    {"le", 1},    {"cs1", 8},   {"af11", 10}, {"af12", 12},
    {"af13", 14}, {"cs2", 16},  {"af21", 18}, {"af22", 20}, {"af23", 22}, {"cs3", 24},
    {"af31", 26}, {"af32", 28}, {"af33", 30}, {"cs4", 32},  {"af41", 34}, {"af42", 36},
    {"af43", 38}, {"cs5", 40},  {"va", 44},   {"ef", 46},   {"cs6", 48},  {"cs7", 56},
};
// IPFIX flowEndReason (information element 136).
constexpr NamedValue kEndReasons[] = {
    {"idle_timeout", 1}, {"active_timeout", 2},    {"end_of_flow", 3},
    {"forced_end", 4},   {"lack_of_resources", 5},
};

template <size_t N>
constexpr Field Names(Field field, const NamedValue (&names)[N]) {
  field.names = names;
  field.name_count = N;
  return field;
}

constexpr uint64_t MaxOf(size_t width) {
  return width >= 8 ? std::numeric_limits<uint64_t>::max() : (uint64_t{1} << 8 * width) - 1;
}

constexpr Field Number(std::string_view name, std::string_view value, size_t offset, size_t width,
                       uint64_t present = 0) {
  return {name,
          value,
          FieldKind::kNumber,
          Unit::kNone,
          static_cast<uint8_t>(width),
          false,
          static_cast<uint16_t>(offset),
          0,
          present,
          MaxOf(width),
          nullptr,
          0};
}

constexpr Field OfKind(FieldKind kind, Field field) {
  field.kind = kind;
  return field;
}
constexpr Field WithUnit(Unit unit, Field field) {
  field.unit = unit;
  return field;
}
constexpr Field UpTo(uint64_t max, Field field) {
  field.max = max;
  return field;
}
constexpr Field Flags(Field field) {
  field.is_flags = true;
  return field;
}
constexpr Field Either(std::string_view name, Field first, size_t second_offset) {
  first.name = name;
  first.second_offset = static_cast<uint16_t>(second_offset);
  return first;
}

#define WEIR_PLACE(field) offsetof(Record, field), sizeof(Record::field)

constexpr Field kSrcAddr =
    OfKind(FieldKind::kAddress, Number("src_addr",
                                       "an IP address or a range of them, as in "
                                       "10.0.0.0/8",
                                       WEIR_PLACE(src_addr)));
constexpr Field kDstAddr =
    OfKind(FieldKind::kAddress, Number("dst_addr", kSrcAddr.value, WEIR_PLACE(dst_addr)));
constexpr Field kSrcMac =
    OfKind(FieldKind::kMac,
           Number("src_mac", "a MAC address, as in 02:00:5e:10:00:01", WEIR_PLACE(src_mac)));
constexpr Field kDstMac =
    OfKind(FieldKind::kMac, Number("dst_mac", kSrcMac.value, WEIR_PLACE(dst_mac)));
constexpr Field kSrcPort = Number("src_port", "a port", WEIR_PLACE(src_port));
constexpr Field kDstPort = Number("dst_port", "a port", WEIR_PLACE(dst_port));

// In the order of the documentation.
constexpr std::array kFields = {
    Either("addr", kSrcAddr, kDstAddr.offset),
    kSrcAddr,
    kDstAddr,
    Either("port", kSrcPort, kDstPort.offset),
    kSrcPort,
    kDstPort,
    Names(Number("proto", "a protocol", WEIR_PLACE(transport_protocol)), kProtocols),
    Names(Number("etype", "an EtherType", WEIR_PLACE(eth_protocol)), kEtherTypes),
    Either("mac", kSrcMac, kDstMac.offset),
    kSrcMac,
    kDstMac,
    OfKind(FieldKind::kName,
           Number("interface", "the name of an interface", WEIR_PLACE(interface_name))),
    Number("if_index", "an interface's index", WEIR_PLACE(if_index)),
    UpTo(1, Names(Number("direction", "ingress or egress", WEIR_PLACE(direction)), kDirections)),
    WithUnit(Unit::kCount, Number("packets", "a number", WEIR_PLACE(packets))),
    WithUnit(Unit::kBytes, Number("bytes", "a size, as in 1500 or 10MB", WEIR_PLACE(bytes))),
    WithUnit(Unit::kCount,
             Number("wire_packets", "a number", WEIR_PLACE(wire_packets), WEIR_HAS_WIRE_PACKETS)),
    WithUnit(Unit::kBytes, Number("wire_bytes", "a size, as in 1500 or 10MB",
                                  WEIR_PLACE(wire_bytes), WEIR_HAS_WIRE_BYTES)),
    WithUnit(Unit::kTime,
             OfKind(FieldKind::kDuration, Number("duration", "a duration, as in 500ms or 1h",
                                                 WEIR_PLACE(end_mono_time_ns)))),
    Flags(Names(
        Number("tcp_flags", "TCP flags, as in syn+ack", WEIR_PLACE(tcp_flags), WEIR_HAS_TCP_FLAGS),
        kTcpFlags)),
    Flags(Names(Number("tcp_flag_pairs", "pairs of TCP flags, as in syn_ack",
                       WEIR_PLACE(tcp_flag_pairs), WEIR_HAS_TCP_FLAG_PAIRS),
                kTcpFlagPairs)),
    UpTo(63, Names(Number("dscp", "a DSCP", WEIR_PLACE(dscp), WEIR_HAS_DSCP), kDscps)),
    UpTo(4095, Number("vlan_id", "the id of a VLAN", WEIR_PLACE(vlan_id), WEIR_HAS_VLAN)),
    Number("icmp_type", "a type of ICMP", WEIR_PLACE(icmp_type), WEIR_HAS_ICMP),
    Number("icmp_code", "a code of ICMP", WEIR_PLACE(icmp_code), WEIR_HAS_ICMP),
    Number("sampling", "a sampling interval", WEIR_PLACE(sampling_interval), WEIR_HAS_SAMPLING),
    Names(Number("flow_end_reason", "a reason of a flow's end", WEIR_PLACE(flow_end_reason),
                 WEIR_HAS_FLOW_END_REASON),
          kEndReasons),
    Number("network_namespace", "the inode number of a network namespace",
           WEIR_PLACE(network_namespace), WEIR_HAS_NETWORK_NAMESPACE),
    OfKind(FieldKind::kAddress,
           Number("agent_ip", kSrcAddr.value, WEIR_PLACE(agent_ip), WEIR_HAS_AGENT_IP)),
};

#undef WEIR_PLACE

// Other names of these fields: in weir_record, tcpdump, nfdump, Wireshark and the reference agent.
struct Alias {
  std::string_view name;
  std::string_view field;
};
constexpr Alias kAliases[] = {
    {"host", "addr"},
    {"net", "addr"},
    {"ip", "addr"},
    {"ipaddr", "addr"},
    {"src", "src_addr"},
    {"srcip", "src_addr"},
    {"dst", "dst_addr"},
    {"dstip", "dst_addr"},
    {"portrange", "port"},
    {"protocol", "proto"},
    {"ipproto", "proto"},
    {"transportprotocol", "proto"},
    {"ethertype", "etype"},
    {"ethprotocol", "etype"},
    {"ether", "mac"},
    {"iface", "interface"},
    {"dev", "interface"},
    {"interfacename", "interface"},
    {"flowdirection", "direction"},
    {"flags", "tcp_flags"},
    {"vlan", "vlan_id"},
    {"netns", "network_namespace"},
    {"samplinginterval", "sampling"},
    {"agent", "agent_ip"},
};

// In lower case, without '_', '.' and '-'.
std::string Folded(std::string_view word) {
  std::string folded = absl::AsciiStrToLower(word);
  folded.erase(std::remove_if(folded.begin(), folded.end(),
                              [](char c) { return c == '_' || c == '.' || c == '-'; }),
               folded.end());
  return folded;
}

}  // namespace

const Field* FindField(std::string_view name) {
  for (const Field& field : kFields) {
    if (absl::EqualsIgnoreCase(field.name, name)) return &field;
  }
  return nullptr;
}

std::string NoSuchField(std::string_view word) {
  const std::string folded = Folded(word);
  for (const Field& field : kFields) {
    if (Folded(field.name) == folded) {
      return absl::StrCat("there is no field ", Quoted(word), "; it is written ", field.name);
    }
  }
  for (const Alias& alias : kAliases) {
    if (alias.name == folded) {
      return absl::StrCat("there is no field ", Quoted(word), "; it is called ", alias.field);
    }
  }
  for (const Field& field : kFields) {
    for (size_t i = 0; i < field.name_count; ++i) {
      if (!absl::EqualsIgnoreCase(field.names[i].name, word)) continue;
      return absl::StrCat("expected a field, found ", Quoted(word),
                          ", which is a value: ", field.name, " == ", field.names[i].name);
    }
  }
  std::vector<std::string> names;
  names.reserve(kFields.size());
  for (const Field& field : kFields) names.emplace_back(field.name);
  const std::string nearest = DidYouMean(word, names);
  return absl::StrCat(
      "there is no field ", Quoted(word),
      nearest.empty() ? absl::StrCat("; there are ", absl::StrJoin(names, ", ")) : nearest);
}

}  // namespace weir::transforms
