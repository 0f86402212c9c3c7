// SPDX-License-Identifier: Apache-2.0
// Makes filter rules and packets from arbitrary bytes, and checks that the programs' rules decide
// as the reference does. For a test and a fuzzer.
#ifndef WEIR_SOURCES_EBPF_RULES_CHECK_RULES_H_
#define WEIR_SOURCES_EBPF_RULES_CHECK_RULES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bpf/testing/first_fitting.h"
#include "bpf/testing/reference_filter.h"
#include "bpf/testing/reference_parser.h"
#include "bpf/testing/test_packets.h"
#include "sources/ebpf/ebpf.pb.h"
#include "sources/ebpf/rules/filter_rules.h"
#include "sources/ebpf/testing/text_config.h"

namespace weir::ebpf {

// Takes choices from bytes. When they are used up, it always takes the first choice.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}

  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  size_t Below(size_t limit) { return Byte() % limit; }
  bool OneOf(size_t many) { return Below(many) == 0; }
  template <typename List>
  auto From(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(Below(std::size(list))));
  }

 private:
  std::string_view bytes_;
};

// Makes one rule in both forms. It uses few addresses, ports and numbers, so that packets made of
// the same ones often match. Some rules contradict themselves and are refused.
class RuleMaker {
 public:
  RuleMaker(Choices* choices, uint32_t sample) : choices_(*choices), sample_(sample) {}

  void Make() {
    if (!choices_.OneOf(5)) MakeAddresses();
    if (!choices_.OneOf(3)) MakeProtocol();
    if (choices_.OneOf(3)) MakePorts();
    if (choices_.OneOf(3)) MakeKind();
    if (choices_.OneOf(5)) {
      const bool egress = choices_.OneOf(2);
      config.set_direction(egress ? sources::EbpfMap::EGRESS : sources::EbpfMap::INGRESS);
      reference.direction = egress ? 1 : 0;
    }
    if (choices_.OneOf(3)) {
      config.set_action(sources::FilterRule::REJECT);
    } else {
      config.set_sample(sample_);
    }
  }

  sources::FilterRule config;
  ReferenceRule reference;

 private:
  static std::vector<uint8_t> V4(uint8_t third, uint8_t last) { return {10, 1, third, last}; }
  static std::vector<uint8_t> V6(uint8_t third, uint8_t last) {
    std::vector<uint8_t> address(16);
    address[0] = 0xfd;
    address[7] = third;
    address[15] = last;
    return address;
  }
  static std::string TextOf(const std::vector<uint8_t>& address) {
    if (address.size() == 4) return absl::StrJoin(address, ".");
    std::string text;
    for (size_t i = 0; i < address.size(); i += 2) {
      absl::StrAppend(&text, i == 0 ? "" : ":", absl::Hex(address[i] << 8 | address[i + 1]));
    }
    return text;
  }

  ReferencePrefix MakePrefix(bool ipv4, std::string* text) {
    const uint8_t third = choices_.Byte();
    const uint8_t last = choices_.Byte();
    ReferencePrefix prefix;
    prefix.address = ipv4 ? V4(third, last) : V6(third, last);
    const size_t bits = ipv4 ? 32 : 128;
    prefix.length = choices_.OneOf(4) ? bits : choices_.Below(bits + 1);
    *text = TextOf(prefix.address);
    if (prefix.length != bits || choices_.OneOf(2)) absl::StrAppend(text, "/", prefix.length);
    return prefix;
  }

  void MakeAddresses() {
    const bool ipv4 = choices_.OneOf(2);
    reference.ip = MakePrefix(ipv4, config.mutable_ip_cidr());
    if (choices_.OneOf(3)) reference.peer = MakePrefix(ipv4, config.mutable_peer_cidr());
  }

  void MakeProtocol() {
    struct Protocol {
      const char* name;
      uint8_t number;
    };
    constexpr Protocol kProtocols[] = {{"TCP", 6},    {"UDP", 17},  {"ICMP", 1}, {"ICMPv6", 58},
                                       {"SCTP", 132}, {"DCCP", 33}, {"17", 17},  {"50", 50},
                                       {"136", 136},  {"0", 0}};
    const Protocol protocol = choices_.From(kProtocols);
    config.set_protocol(protocol.name);
    reference.protocol = protocol.number;
  }

  ReferencePorts MakeRanges(google::protobuf::RepeatedPtrField<std::string>* texts) {
    constexpr uint16_t kEnds[] = {1, 2, 53, 80, 443, 1023, 0x7fff, 0x8000, 0xc123, 0xfffe, 0xffff};
    ReferencePorts ranges;
    const size_t count = 1 + choices_.Below(WEIR_MAX_PORT_RANGES);
    for (size_t i = 0; i < count; ++i) {
      uint16_t first = choices_.From(kEnds);
      uint16_t last = choices_.OneOf(2) ? first : choices_.From(kEnds);
      if (first > last) std::swap(first, last);
      ranges.emplace_back(first, last);
      const std::string text = first == last ? absl::StrCat(first) : absl::StrCat(first, "-", last);
      if (texts->empty() || choices_.OneOf(2)) {
        *texts->Add() = text;
      } else {
        absl::StrAppend(texts->Mutable(texts->size() - 1), ",", text);
      }
    }
    return ranges;
  }

  void MakePorts() {
    if (choices_.OneOf(3)) {
      reference.ports = MakeRanges(config.mutable_ports());
      return;
    }
    if (choices_.OneOf(2)) reference.source_ports = MakeRanges(config.mutable_source_ports());
    if (choices_.OneOf(2)) {
      reference.destination_ports = MakeRanges(config.mutable_destination_ports());
    }
  }

  // Sets fields that are possible with the protocol or, sometimes, that are not.
  void MakeKind() {
    const bool tcp = reference.protocol == 6;
    if (tcp || choices_.OneOf(20)) {
      constexpr const char* kFlags[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
      for (size_t i = 0, count = 1 + choices_.Below(3); i < count; ++i) {
        reference.tcp_flags.insert(choices_.From(kFlags));
      }
      config.set_tcp_flags(absl::StrJoin(reference.tcp_flags, "-"));
      return;
    }
    reference.icmp_type = static_cast<uint8_t>(choices_.Below(3));
    config.set_icmp_type(*reference.icmp_type);
    if (choices_.OneOf(2)) return;
    reference.icmp_code = static_cast<uint8_t>(choices_.Below(3));
    config.set_icmp_code(*reference.icmp_code);
  }

  Choices& choices_;
  const uint32_t sample_;
};

// Replaces fields of a packet by values that rules ask for, if the headers have no options.
inline Bytes MakePacket(Choices* choices) {
  static const std::vector<TestPacket> packets = AllPackets();
  Bytes packet = packets[choices->Below(packets.size())].bytes;
  const bool ipv4 = packet[12] == 0x08 && packet[13] == 0;
  const bool ipv6 = packet[12] == 0x86 && packet[13] == 0xdd;
  if (!ipv4 && !ipv6) return packet;
  const size_t transport = ipv4 ? 34 : 54;
  for (const size_t address : ipv4 ? std::vector<size_t>{26, 30} : std::vector<size_t>{22, 38}) {
    if (choices->OneOf(8)) continue;
    const uint8_t third = choices->Byte();
    const uint8_t last = choices->Byte();
    const Bytes chosen = ipv4 ? Bytes{10, 1, third, last}
                              : Bytes{0xfd, 0, 0, 0, 0, 0, 0, third, 0, 0, 0, 0, 0, 0, 0, last};
    std::copy(chosen.begin(), chosen.end(), packet.begin() + static_cast<std::ptrdiff_t>(address));
  }
  constexpr uint16_t kPorts[] = {0, 1, 53, 80, 81, 443, 0x7fff, 0x8000, 0xfffe, 0xffff};
  for (const size_t port : {transport, transport + 2}) {
    if (choices->OneOf(4) || packet.size() < port + 2) continue;
    const Bytes chosen = Be16(choices->From(kPorts));
    std::copy(chosen.begin(), chosen.end(), packet.begin() + static_cast<std::ptrdiff_t>(port));
  }
  const uint8_t protocol = packet[ipv4 ? 23 : 20];
  if ((protocol == 1 || protocol == 58) && packet.size() >= transport + 2) {
    packet[transport] = static_cast<uint8_t>(choices->Below(4));
    packet[transport + 1] = static_cast<uint8_t>(choices->Below(4));
  }
  if (protocol == 6 && packet.size() > transport + 13) packet[transport + 13] = choices->Byte();
  if (choices->OneOf(10)) packet.resize(choices->Below(packet.size() + 1));
  return packet;
}

// Counts what the rules did, so that a test can see that it tests something.
struct RuleCounts {
  int refused = 0;   // a rule contradicted itself
  int accepted = 0;  // packets by a rule
  int rejected = 0;
  int unmatched = 0;
};

inline std::string Show(const flow_filter_rule_t* rule) {
  if (rule == nullptr) return "unmatched";
  if (rule->action == WEIR_FILTER_REJECT) return "rejected";
  return absl::StrCat("accepted, 1 of ", rule->sampling.interval);
}

// Rules in both forms. Each rule that accepts has a different sampling, which identifies it.
struct MadeRules {
  sources::EbpfMap config;
  std::vector<ReferenceRule> references;
  std::vector<flow_filter_rule_t> compiled;
};

inline MadeRules MakeRules(Choices* choices, RuleCounts* counts) {
  MadeRules made;
  made.config.set_sampling(1000);
  for (size_t i = 0, count = choices->Below(WEIR_MAX_FILTER_RULES); i < count; ++i) {
    RuleMaker maker(choices, static_cast<uint32_t>(i + 2));
    maker.Make();
    *made.config.add_filter() = maker.config;
    sdk::Result<std::vector<flow_filter_rule_t>> compiled = FilterRulesOf(made.config);
    if (!compiled.ok()) {
      made.config.mutable_filter()->RemoveLast();
      ++counts->refused;
      continue;
    }
    made.references.push_back(maker.reference);
    made.compiled = *std::move(compiled);
  }
  return made;
}

// Returns the decision of rule `decides` of the configuration.
inline std::string Show(const MadeRules& rules, std::optional<size_t> decides) {
  flow_filter_rule_t rule{};
  if (decides.has_value()) {
    const sources::FilterRule& config = rules.config.filter(static_cast<int>(*decides));
    if (config.action() == sources::FilterRule::REJECT) rule.action = WEIR_FILTER_REJECT;
    rule.sampling.interval = config.sample();
    return Show(&rule);
  }
  for (const sources::FilterRule& other : rules.config.filter()) {
    if (other.action() == sources::FilterRule::ACCEPT) return Show(nullptr);
  }
  rule.sampling.interval = rules.config.sampling();
  return Show(rules.references.empty() ? nullptr : &rule);
}

// Makes rules and packets. Returns the first difference, or an empty string.
inline std::string CheckRules(std::string_view bytes, RuleCounts* counts) {
  Choices choices(bytes);
  const MadeRules rules = MakeRules(&choices, counts);
  for (int i = 0; i < 20; ++i) {
    const Bytes packet = MakePacket(&choices);
    const std::string_view view(reinterpret_cast<const char*>(packet.data()), packet.size());
    const auto direction = static_cast<uint8_t>(choices.Below(2));
    const flow_filter_rule_t* const found = FirstFitting(rules.compiled, view, direction);
    const std::string right =
        Show(rules,
             ReferenceFilter(ReferenceParser::Ethernet(view), direction).Decides(rules.references));
    if (Show(found) != right) {
      return absl::StrCat("packet ", i, " of ", packet.size(), " bytes is ", Show(found),
                          " and should be ", right, ", with\n", TextOf(rules.config));
    }
    ++(found == nullptr                      ? counts->unmatched
       : found->action == WEIR_FILTER_REJECT ? counts->rejected
                                             : counts->accepted);
  }
  return "";
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_RULES_CHECK_RULES_H_
