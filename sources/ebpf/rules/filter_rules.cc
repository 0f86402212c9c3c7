// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/rules/filter_rules.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/record/ip_prefix.h"
#include "sources/ebpf/kernel/sampling.h"

namespace weir::ebpf {

namespace {

using sources::EbpfMap;
using sources::FilterRule;
using PortTexts = google::protobuf::RepeatedPtrField<std::string>;

constexpr int kMaxRules = WEIR_MAX_FILTER_RULES - 1;
constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kDccp = 33, kIcmpV6 = 58, kSctp = 132,
                  kUdpLite = 136;
constexpr flow_port_range_t kNoPort = {1, 0};
constexpr flow_port_range_t kAnyPort = {0, 65535};

sdk::Status Invalid(std::string message) { return {WEIR_INVALID_ARGUMENT, std::move(message)}; }

struct Field {
  weir_filter_field place;
  uint64_t value;
  uint64_t mask;
};

// Adds the comparison of `field` to those of the rule.
void Compare(const Field& field, flow_filter_rule_t* rule) {
  rule->fields |= field.value << field.place;
  rule->fields_mask |= field.mask << field.place;
}

void CompareByte(weir_filter_field position, uint64_t value, flow_filter_rule_t* rule) {
  Compare({position, value, 0xff}, rule);
}

void CompareFlag(weir_flow_flag flag, flow_filter_rule_t* rule) {
  const auto bit = static_cast<uint64_t>(flag);
  Compare({WEIR_FILTER_FLAGS, bit, bit}, rule);
}

void SetPrefix(const IpPrefix& prefix, weir_u64* address, weir_u64* mask) {
  std::array<uint8_t, kIpLength> bits{};
  for (int i = 0; i < prefix.length; ++i) {
    bits[static_cast<size_t>(i / 8)] |= static_cast<uint8_t>(0x80 >> i % 8);
  }
  std::memcpy(mask, bits.data(), bits.size());
  std::memcpy(address, prefix.address.bytes.data(), kIpLength);
}

// The host has checked the text; this serves callers without a host.
sdk::Result<IpPrefix> PrefixOf(const char* field, const std::string& text) {
  const std::optional<IpPrefix> prefix = IpPrefix::Parse(text);
  if (prefix.has_value()) return *prefix;
  return Invalid(absl::StrCat(field, ": '", text, "' is not a range of IP addresses"));
}

sdk::Status SetAddresses(const FilterRule& config, flow_filter_rule_t* rule) {
  if (!config.has_ip_cidr()) {
    if (config.has_peer_cidr()) return Invalid("peer_cidr: needs an ip_cidr");
    return sdk::OkStatus();
  }
  sdk::Result<IpPrefix> ip = PrefixOf("ip_cidr", config.ip_cidr());
  if (!ip.ok()) return ip.status();
  constexpr uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;
  Compare({WEIR_FILTER_ETH_PROTOCOL, ip->IsV4() ? kIpv4 : kIpv6, 0xffff}, rule);
  CompareFlag(WEIR_FLOW_HAS_DSCP, rule);
  SetPrefix(*ip, rule->ip, rule->ip_mask);
  if (!config.has_peer_cidr()) return sdk::OkStatus();
  sdk::Result<IpPrefix> peer = PrefixOf("peer_cidr", config.peer_cidr());
  if (!peer.ok()) return peer.status();
  if (peer->IsV4() != ip->IsV4()) {
    return Invalid("peer_cidr: has another IP version than ip_cidr");
  }
  SetPrefix(*peer, rule->peer, rule->peer_mask);
  return sdk::OkStatus();
}

std::optional<uint8_t> ProtocolOf(const std::string& text) {
  constexpr std::pair<const char*, uint8_t> kNames[] = {
      {"TCP", kTcp},   {"UDP", kUdp},       {"SCTP", kSctp},       {"DCCP", kDccp},
      {"ICMP", kIcmp}, {"ICMPv6", kIcmpV6}, {"UDPLITE", kUdpLite},
  };
  for (const auto& [name, number] : kNames) {
    if (text == name) return number;
  }
  uint32_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number > UINT8_MAX) return std::nullopt;
  return static_cast<uint8_t>(number);
}

sdk::Status SetProtocol(const FilterRule& config, std::optional<uint8_t>* protocol,
                        flow_filter_rule_t* rule) {
  if (!config.has_protocol()) return sdk::OkStatus();
  *protocol = ProtocolOf(config.protocol());
  if (!protocol->has_value()) {
    return Invalid(absl::StrCat("protocol: '", config.protocol(), "' is not a protocol"));
  }
  CompareByte(WEIR_FILTER_PROTOCOL, **protocol, rule);
  CompareFlag(WEIR_FLOW_HAS_DSCP, rule);
  if (!config.has_ip_cidr()) return sdk::OkStatus();
  const bool ipv4 = IpPrefix::Parse(config.ip_cidr())->IsV4();
  if (*protocol == (ipv4 ? kIcmpV6 : kIcmp)) {
    return Invalid(absl::StrCat("protocol: ", config.protocol(),
                                " belongs to another IP version than ip_cidr"));
  }
  return sdk::OkStatus();
}

std::optional<flow_port_range_t> PortRangeOf(std::string_view text) {
  const std::vector<std::string_view> ends = absl::StrSplit(text, '-');
  uint32_t first = 0;
  uint32_t last = 0;
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) ||
      !absl::SimpleAtoi(ends.back(), &last) || first == 0 || last > UINT16_MAX) {
    return std::nullopt;
  }
  return flow_port_range_t{static_cast<uint16_t>(std::min<uint32_t>(first, UINT16_MAX)),
                           static_cast<uint16_t>(last)};
}

// Without texts, every port.
sdk::Status SetRanges(const char* field, const PortTexts& texts, flow_port_range_t* ranges) {
  std::fill_n(ranges, size_t{WEIR_MAX_PORT_RANGES}, kNoPort);
  if (texts.empty()) ranges[0] = kAnyPort;
  int count = 0;
  for (const std::string& text : texts) {
    for (const std::string_view one : absl::StrSplit(text, ',')) {
      const std::optional<flow_port_range_t> range = PortRangeOf(one);
      if (!range.has_value()) {
        return Invalid(absl::StrCat(field, ": '", one,
                                    "' is neither a port from 1 to 65535 nor a range of ports"));
      }
      if (range->first > range->last) {
        return Invalid(absl::StrCat(field, ": '", one, "' ends before it begins"));
      }
      if (count == WEIR_MAX_PORT_RANGES) {
        return Invalid(absl::StrCat(field, ": has more than ", WEIR_MAX_PORT_RANGES,
                                    " ports and ranges: use another rule for the rest"));
      }
      ranges[count++] = *range;
    }
  }
  return sdk::OkStatus();
}

bool HasPorts(uint8_t protocol) {
  return protocol == kTcp || protocol == kUdp || protocol == kSctp || protocol == kDccp ||
         protocol == kUdpLite;
}

sdk::Status SetPorts(const FilterRule& config, std::optional<uint8_t> protocol,
                     flow_filter_rule_t* rule) {
  const bool either = !config.ports().empty();
  const bool source = !config.source_ports().empty();
  const bool destination = !config.destination_ports().empty();
  if (!either && !source && !destination) return sdk::OkStatus();
  const char* const field = either ? "ports" : source ? "source_ports" : "destination_ports";
  if (either && (source || destination)) {
    return Invalid(absl::StrCat("ports: matches either port: it cannot be combined with ",
                                source ? "source_ports" : "destination_ports"));
  }
  if (protocol.has_value() && !HasPorts(*protocol)) {
    return Invalid(absl::StrCat(field, ": protocol ", config.protocol(), " has no ports"));
  }
  rule->ports = either ? WEIR_FILTER_PORTS_EITHER : WEIR_FILTER_PORTS_BOTH;
  sdk::Status status = SetRanges(either ? "ports" : "source_ports",
                                 either ? config.ports() : config.source_ports(), rule->src_ports);
  if (!status.ok()) return status;
  return SetRanges(either ? "ports" : "destination_ports",
                   either ? config.ports() : config.destination_ports(), rule->dst_ports);
}

sdk::Status SetIcmp(const FilterRule& config, std::optional<uint8_t> protocol,
                    flow_filter_rule_t* rule) {
  if (!config.has_icmp_type()) {
    if (config.has_icmp_code()) return Invalid("icmp_code: needs an icmp_type");
    return sdk::OkStatus();
  }
  const int number = protocol.value_or(-1);
  if (number != kIcmp && number != kIcmpV6) {
    return Invalid("icmp_type: needs protocol: \"ICMP\" or \"ICMPv6\"");
  }
  if (config.icmp_type() > UINT8_MAX) return Invalid("icmp_type: must be at most 255");
  if (config.icmp_code() > UINT8_MAX) return Invalid("icmp_code: must be at most 255");
  CompareFlag(WEIR_FLOW_HAS_ICMP, rule);
  CompareByte(WEIR_FILTER_ICMP_TYPE, config.icmp_type(), rule);
  if (config.has_icmp_code()) CompareByte(WEIR_FILTER_ICMP_CODE, config.icmp_code(), rule);
  return sdk::OkStatus();
}

std::optional<uint64_t> TcpFlagOf(std::string_view name) {
  constexpr const char* kNames[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return uint64_t{1} << i;
  }
  return std::nullopt;
}

// FIN, SYN, RST and ACK tell the purpose of a packet: if one of them is named, those that are not
// named must not be set. Other flags are compared only if they are named.
sdk::Status SetTcpFlags(const FilterRule& config, std::optional<uint8_t> protocol,
                        flow_filter_rule_t* rule) {
  if (!config.has_tcp_flags()) return sdk::OkStatus();
  if (protocol != kTcp) return Invalid("tcp_flags: needs protocol: \"TCP\"");
  uint64_t flags = 0;
  for (const std::string_view name : absl::StrSplit(config.tcp_flags(), '-')) {
    const std::optional<uint64_t> flag = TcpFlagOf(name);
    if (!flag.has_value()) {
      return Invalid(absl::StrCat("tcp_flags: '", name, "' is not a flag of TCP"));
    }
    flags |= *flag;
  }
  constexpr uint64_t kFinSynRstAck = 0x17;
  const uint64_t mask = flags | ((flags & kFinSynRstAck) != 0 ? kFinSynRstAck : 0);
  Compare({WEIR_FILTER_TCP_FLAGS, flags, mask}, rule);
  CompareFlag(WEIR_FLOW_HAS_TCP, rule);
  return sdk::OkStatus();
}

sdk::Status SetDirection(const FilterRule& config, EbpfMap::Direction measured,
                         flow_filter_rule_t* rule) {
  if (config.direction() == EbpfMap::BOTH) return sdk::OkStatus();
  if (measured != EbpfMap::BOTH && measured != config.direction()) {
    return Invalid(absl::StrCat("direction: matches no packet: the source's direction is ",
                                EbpfMap::Direction_Name(measured)));
  }
  const bool egress = config.direction() == EbpfMap::EGRESS;
  Compare({WEIR_FILTER_DIRECTION, egress ? uint64_t{1} : 0, 1}, rule);
  return sdk::OkStatus();
}

sdk::Status SetAction(const FilterRule& config, uint32_t sampling, flow_filter_rule_t* rule) {
  if (config.action() == FilterRule::REJECT) {
    if (config.has_sample()) return Invalid("sample: has no effect with action: REJECT");
    rule->action = WEIR_FILTER_REJECT;
    return sdk::OkStatus();
  }
  rule->action = WEIR_FILTER_ACCEPT;
  rule->sampling = SamplingOf(config.has_sample() ? config.sample() : sampling);
  return sdk::OkStatus();
}

sdk::Result<flow_filter_rule_t> RuleOf(const FilterRule& config, const EbpfMap& source) {
  flow_filter_rule_t rule{};
  std::optional<uint8_t> protocol;
  sdk::Status status = SetAddresses(config, &rule);
  if (status.ok()) status = SetProtocol(config, &protocol, &rule);
  if (status.ok()) status = SetPorts(config, protocol, &rule);
  if (status.ok()) status = SetIcmp(config, protocol, &rule);
  if (status.ok()) status = SetTcpFlags(config, protocol, &rule);
  if (status.ok()) status = SetDirection(config, source.direction(), &rule);
  if (status.ok()) status = SetAction(config, source.sampling(), &rule);
  if (!status.ok()) return status;
  return rule;
}

bool FitSamePackets(flow_filter_rule_t a, flow_filter_rule_t b) {
  a.action = b.action = WEIR_FILTER_ACCEPT;
  a.sampling = b.sampling = {};
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

// The length as written, of the 32 or 128 bits of an address. Without a range: shorter than any.
int PrefixLength(const FilterRule& config) {
  if (!config.has_ip_cidr()) return -1;
  const IpPrefix prefix = *IpPrefix::Parse(config.ip_cidr());
  return prefix.IsV4() ? prefix.length - 96 : prefix.length;
}

std::string NameOf(int rule) { return absl::StrCat("filter[", rule, "]"); }

}  // namespace

sdk::Result<std::vector<flow_filter_rule_t>> FilterRulesOf(const EbpfMap& config) {
  if (config.filter_size() > kMaxRules) {
    return Invalid(absl::StrCat("filter: has ", config.filter_size(), " rules: at most ", kMaxRules,
                                " are possible"));
  }
  std::vector<std::pair<int, flow_filter_rule_t>> rules;  // with the length of the prefix
  bool accepts = false;
  for (int i = 0; i < config.filter_size(); ++i) {
    sdk::Result<flow_filter_rule_t> rule = RuleOf(config.filter(i), config);
    if (!rule.ok()) {
      return Invalid(absl::StrCat(NameOf(i), ".", rule.status().message()));
    }
    for (int earlier = 0; earlier < i; ++earlier) {
      if (!FitSamePackets(rules[static_cast<size_t>(earlier)].second, *rule)) continue;
      return Invalid(absl::StrCat(NameOf(i), ": is never used: ", NameOf(earlier),
                                  " matches the same packets"));
    }
    rules.emplace_back(PrefixLength(config.filter(i)), *rule);
    accepts = accepts || rule->action == WEIR_FILTER_ACCEPT;
  }
  std::stable_sort(rules.begin(), rules.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<flow_filter_rule_t> sorted;
  sorted.reserve(rules.size() + 1);
  for (const auto& [length, rule] : rules) sorted.push_back(rule);
  if (!sorted.empty() && !accepts) {
    flow_filter_rule_t all_others{};
    all_others.sampling = SamplingOf(config.sampling());
    sorted.push_back(all_others);
  }
  return sorted;
}

}  // namespace weir::ebpf
