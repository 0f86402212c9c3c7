// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/rules/filter_rules.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/testing/first_fitting.h"
#include "bpf/testing/packet_bytes.h"
#include "sources/ebpf/kernel/sampling.h"
#include "sources/ebpf/rules/check_rules.h"
#include "sources/ebpf/testing/text_config.h"

namespace weir::ebpf {
namespace {

sdk::Result<std::vector<flow_filter_rule_t>> Rules(const std::string& text) {
  return FilterRulesOf(EbpfMapOf(text));
}

std::string Error(const std::string& text) {
  sdk::Result<std::vector<flow_filter_rule_t>> rules = Rules(text);
  EXPECT_TRUE(rules.ok() || rules.status().code() == WEIR_INVALID_ARGUMENT);
  return rules.status().message();
}

// A packet from 10.1.2.3 to 192.168.254.255.
Bytes Udp(uint16_t source, uint16_t destination) {
  return Ethernet({0x0800}) + Ipv4(17, 8) + Be16(source) + Be16(destination) + Bytes(4, 0);
}
Bytes Tcp(uint8_t flags) {
  Bytes packet = Ethernet({0x0800}) + Ipv4(6, 20) + Transport(20);
  packet[46] = 0x50;
  packet[47] = flags;
  return packet;
}

// "accept", "reject" or "none".
std::string Decide(const std::string& text, const Bytes& packet,
                   uint8_t direction = WEIR_DIRECTION_INGRESS) {
  sdk::Result<std::vector<flow_filter_rule_t>> rules = Rules(text);
  EXPECT_TRUE(rules.ok()) << rules.status().message();
  if (!rules.ok()) return rules.status().message();
  const flow_filter_rule_t* const rule = FirstFitting(
      *rules, {reinterpret_cast<const char*>(packet.data()), packet.size()}, direction);
  if (rule == nullptr) return "none";
  return rule->action == WEIR_FILTER_REJECT ? "reject" : "accept";
}

TEST(FilterRulesTest, WithoutRulesThereIsNothingToGoThrough) {
  sdk::Result<std::vector<flow_filter_rule_t>> rules = Rules("");
  ASSERT_TRUE(rules.ok());
  EXPECT_TRUE(rules->empty());
}

TEST(FilterRulesTest, TheLongestPrefixDecidesWhereverItStands) {
  const std::string rules =
      "filter { ports: '53' } "
      "filter { ip_cidr: '10.0.0.0/8' action: REJECT } "
      "filter { ip_cidr: '10.1.2.0/24' } "
      "filter { ip_cidr: '192.168.0.0/16' ports: '80' action: REJECT }";
  EXPECT_EQ(Decide(rules, Udp(1000, 53)), "accept");
  // 10.1.2.0/24 is longer than the range of the other address.
  EXPECT_EQ(Decide(rules, Udp(1000, 80)), "accept");
  const std::string without =
      "filter { ports: '53' } "
      "filter { ip_cidr: '10.0.0.0/8' action: REJECT } "
      "filter { ip_cidr: '192.168.0.0/16' ports: '80' }";
  EXPECT_EQ(Decide(without, Udp(1000, 80)), "accept");
  EXPECT_EQ(Decide(without, Udp(1000, 81)), "reject");
  EXPECT_EQ(Decide(without, Udp(1000, 53)), "reject");  // rules without a range come last
}

TEST(FilterRulesTest, OfTheSameLengthTheFirstDecides) {
  const std::string one = "filter { ip_cidr: '10.1.0.0/16' ports: '53' }";
  const std::string other = "filter { ip_cidr: '192.168.0.0/16' protocol: 'UDP' action: REJECT }";
  EXPECT_EQ(Decide(one + other, Udp(1, 53)), "accept");
  EXPECT_EQ(Decide(other + one, Udp(1, 53)), "reject");
}

TEST(FilterRulesTest, WhatFitsNoRuleIsLeftOutUnlessAllRulesReject) {
  EXPECT_EQ(Decide("filter { ip_cidr: '172.16.0.0/12' }", Udp(1, 2)), "none");
  const std::string reject = "filter { ip_cidr: '172.16.0.0/12' action: REJECT }";
  EXPECT_EQ(Decide(reject, Udp(1, 2)), "accept");
  EXPECT_EQ(Decide(reject, Ethernet({0x0806}) + Bytes(28, 0)), "accept");
  EXPECT_EQ(Decide(reject + "filter { ip_cidr: '172.16.0.0/16' }", Udp(1, 2)), "none");
  EXPECT_EQ(Rules("sampling: 7 " + reject)->back().sampling.interval, 7u);
  // All of IP is not every packet.
  EXPECT_EQ(Decide("filter { ip_cidr: '0.0.0.0/0' } filter { ip_cidr: '::/0' }",
                   Ethernet({0x0806}) + Bytes(28, 0)),
            "none");
  EXPECT_EQ(Decide("filter { }", Ethernet({0x0806}) + Bytes(28, 0)), "accept");
}

TEST(FilterRulesTest, ThePeerIsTheOtherAddress) {
  for (const char* const rule : {"filter { ip_cidr: '10.1.2.3' peer_cidr: '192.168.0.0/16' }",
                                 "filter { ip_cidr: '192.168.0.0/16' peer_cidr: '10.1.2.3' }"}) {
    EXPECT_EQ(Decide(rule, Udp(1, 2)), "accept") << rule;
  }
  EXPECT_EQ(Decide("filter { ip_cidr: '10.1.2.3' peer_cidr: '10.0.0.0/8' }", Udp(1, 2)), "none");
  EXPECT_EQ(Decide("filter { ip_cidr: '0.0.0.0/0' peer_cidr: '0.0.0.0/0' }", Udp(1, 2)), "accept");
}

TEST(FilterRulesTest, PortsAreListsOfRanges) {
  const std::string both = "filter { source_ports: '80-100' destination_ports: '1,65535' }";
  EXPECT_EQ(Decide(both, Udp(80, 1)), "accept");
  EXPECT_EQ(Decide(both, Udp(100, 65535)), "accept");
  EXPECT_EQ(Decide(both, Udp(101, 1)), "none");
  EXPECT_EQ(Decide(both, Udp(79, 1)), "none");
  EXPECT_EQ(Decide(both, Udp(80, 2)), "none");
  EXPECT_EQ(Decide(both, Udp(1, 80)), "none");
  const std::string either = "filter { ports: ['80-100', '7'] }";
  EXPECT_EQ(Decide(either, Udp(90, 5000)), "accept");
  EXPECT_EQ(Decide(either, Udp(5000, 7)), "accept");
  EXPECT_EQ(Decide(either, Udp(5000, 8)), "none");
  const std::string source = "filter { source_ports: '1-65535' }";
  EXPECT_EQ(Decide(source, Udp(1, 0)), "accept");
  EXPECT_EQ(Decide(source, Udp(0, 1)), "none");
  // Without ports: a fragment, and a protocol that has none.
  EXPECT_EQ(Decide(source, Ethernet({0x0800}) + Ipv4(17, 24, 0x2001) + Transport(24)), "none");
  EXPECT_EQ(Decide(source, Ethernet({0x0800}) + Ipv4(50, 16) + Transport(16)), "none");
}

TEST(FilterRulesTest, TcpFlagsNameTheKindOfAPacket) {
  struct Case {
    const char* flags;
    uint8_t packet;
    bool fits;
  };
  constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32, kEce = 64,
                    kCwr = 128;
  for (const Case& one : std::vector<Case>{{"SYN", kSyn, true},
                                           {"SYN", kSyn | kEce | kCwr, true},
                                           {"SYN", kSyn | kAck, false},
                                           {"SYN-ACK", kSyn | kAck, true},
                                           {"ACK-SYN", kSyn | kAck, true},
                                           {"SYN-ACK", kSyn, false},
                                           {"ACK", kAck | kPsh, true},
                                           {"ACK", kAck | kFin, false},
                                           {"FIN-ACK", kAck | kFin | kPsh, true},
                                           {"RST", kRst, true},
                                           {"RST", kRst | kAck, false},
                                           {"RST-ACK", kRst | kAck, true},
                                           {"PSH", kPsh | kAck, true},
                                           {"PSH", kAck, false},
                                           {"ECE-CWR", kSyn | kEce | kCwr, true},
                                           {"ECE-CWR", kSyn | kEce, false},
                                           {"URG", kUrg, true}}) {
    EXPECT_EQ(Decide(absl::StrCat("filter { protocol: 'TCP' tcp_flags: '", one.flags, "' }"),
                     Tcp(one.packet)),
              one.fits ? "accept" : "none")
        << one.flags << " " << int{one.packet};
  }
  EXPECT_EQ(Decide("filter { protocol: 'TCP' tcp_flags: 'SYN' }", Udp(1, 2)), "none");
}

TEST(FilterRulesTest, TheFirstTypeAndCodeOfIcmpAreNumbersToo) {
  Bytes reply = Ethernet({0x0800}) + Ipv4(1, 8) + Bytes(8, 0);
  const std::string rule = "filter { protocol: 'ICMP' icmp_type: 0 icmp_code: 0 }";
  EXPECT_EQ(Decide(rule, reply), "accept");
  reply[35] = 1;
  EXPECT_EQ(Decide(rule, reply), "none");
  reply[34] = 8;
  EXPECT_EQ(Decide(rule, reply), "none");
  EXPECT_EQ(Decide("filter { protocol: 'ICMP' icmp_type: 8 }", reply), "accept");
  EXPECT_EQ(Decide("filter { protocol: 'ICMPv6' icmp_type: 8 }", reply), "none");
}

TEST(FilterRulesTest, ADirectionIsOneOfTheTwo) {
  const std::string rule = "filter { direction: EGRESS }";
  EXPECT_EQ(Decide(rule, Udp(1, 2), WEIR_DIRECTION_EGRESS), "accept");
  EXPECT_EQ(Decide(rule, Udp(1, 2), WEIR_DIRECTION_INGRESS), "none");
  EXPECT_EQ(Decide("filter { direction: BOTH }", Udp(1, 2), WEIR_DIRECTION_EGRESS), "accept");
}

TEST(FilterRulesTest, ASampleTakesThePlaceOfThatOfAllPackets) {
  const auto intervals = [](const std::string& text) {
    std::vector<uint32_t> found;
    const std::vector<flow_filter_rule_t> rules = *Rules(text);
    for (const flow_filter_rule_t& rule : rules) found.push_back(rule.sampling.interval);
    return found;
  };
  EXPECT_EQ(intervals("sampling: 9 filter { ip_cidr: '10.0.0.0/8' sample: 3 } "
                      "filter { ip_cidr: '11.0.0.0/8' sample: 0 } "
                      "filter { ip_cidr: '12.0.0.0/8' sample: 1 } filter { }"),
            (std::vector<uint32_t>{3, 0, 0, 9}));
}

TEST(FilterRulesTest, RefusesWhatContradictsItselfWithRuleAndField) {
  const std::string first = "filter { ip_cidr: '10.0.0.0/8' } ";
  const std::pair<const char*, const char*> kRefused[] = {
      {"ip_cidr: '10.0.0.0/33'", ".ip_cidr: '10.0.0.0/33' is not a range of IP addresses"},
      {"ip_cidr: '::1' peer_cidr: 'x'", ".peer_cidr: 'x' is not a range of IP addresses"},
      {"peer_cidr: '10.0.0.0/8'", ".peer_cidr: needs an ip_cidr"},
      {"ip_cidr: '10.0.0.1' peer_cidr: '::1'", ".peer_cidr: has another IP version than ip_cidr"},
      {"protocol: 'IGMP'", ".protocol: 'IGMP' is not a protocol"},
      {"protocol: '256'", ".protocol: '256' is not a protocol"},
      {"protocol: 'ICMP' ip_cidr: '::1'",
       ".protocol: ICMP belongs to another IP version than ip_cidr"},
      {"protocol: 'ICMPv6' ip_cidr: '10.0.0.1'",
       ".protocol: ICMPv6 belongs to another IP version than ip_cidr"},
      {"protocol: 'ICMP' ports: '80'", ".ports: protocol ICMP has no ports"},
      {"protocol: '50' destination_ports: '80'", ".destination_ports: protocol 50 has no ports"},
      {"ports: '80' source_ports: '80'",
       ".ports: matches either port: it cannot be combined with source_ports"},
      {"ports: '80' destination_ports: '80'",
       ".ports: matches either port: it cannot be combined with destination_ports"},
      {"source_ports: '80-79'", ".source_ports: '80-79' ends before it begins"},
      {"source_ports: '70000-80'", ".source_ports: '70000-80' ends before it begins"},
      {"ports: '0'", ".ports: '0' is neither a port from 1 to 65535 nor a range of ports"},
      {"ports: '1-65536'",
       ".ports: '1-65536' is neither a port from 1 to 65535 nor a range of ports"},
      {"ports: '1-2-3'", ".ports: '1-2-3' is neither a port from 1 to 65535 nor a range of ports"},
      {"ports: '80,'", ".ports: '' is neither a port from 1 to 65535 nor a range of ports"},
      {"destination_ports: ['1,2,3,4', '5,6,7,8,9']",
       ".destination_ports: has more than 8 ports and ranges: use another rule for the rest"},
      {"icmp_code: 0", ".icmp_code: needs an icmp_type"},
      {"icmp_type: 0", ".icmp_type: needs protocol: \"ICMP\" or \"ICMPv6\""},
      {"icmp_type: 0 protocol: 'UDP'", ".icmp_type: needs protocol: \"ICMP\" or \"ICMPv6\""},
      {"icmp_type: 256 protocol: 'ICMP'", ".icmp_type: must be at most 255"},
      {"icmp_type: 1 icmp_code: 256 protocol: 'ICMP'", ".icmp_code: must be at most 255"},
      {"tcp_flags: 'SYN'", ".tcp_flags: needs protocol: \"TCP\""},
      {"tcp_flags: 'SYN' protocol: 'UDP'", ".tcp_flags: needs protocol: \"TCP\""},
      {"tcp_flags: 'SYN-NAK' protocol: 'TCP'", ".tcp_flags: 'NAK' is not a flag of TCP"},
      {"action: REJECT sample: 5", ".sample: has no effect with action: REJECT"},
      {"ip_cidr: '10.9.9.9/8' action: REJECT",
       ": is never used: filter[0] matches the same packets"},
  };
  for (const auto& [rule, why] : kRefused) {
    EXPECT_EQ(Error(absl::StrCat(first, "filter { ", rule, " }")), absl::StrCat("filter[1]", why));
  }
  EXPECT_EQ(Error("direction: INGRESS filter { direction: EGRESS }"),
            "filter[0].direction: matches no packet: the source's direction is INGRESS");
}

TEST(FilterRulesTest, TakesSoManyRulesAndNoMore) {
  std::string rules;
  for (int i = 0; i < 64; ++i) {
    absl::StrAppend(&rules, "filter { ip_cidr: '10.0.0.", i, "' action: REJECT } ");
  }
  EXPECT_EQ(Rules(rules)->size(), size_t{WEIR_MAX_FILTER_RULES});
  EXPECT_EQ(Error(rules + "filter { }"), "filter: has 65 rules: at most 64 are possible");
}

// Random rules and packets.
TEST(FilterRulesTest, DecidesAsTheReferenceDoes) {
  std::mt19937_64 generator(20);
  RuleCounts counts;
  for (int round = 0; round < 1000; ++round) {
    std::string bytes(2500, '\0');
    for (char& byte : bytes) byte = static_cast<char>(generator());
    ASSERT_EQ(CheckRules(bytes, &counts), "") << "round " << round;
  }
  EXPECT_GT(counts.refused, 300);
  EXPECT_GT(counts.accepted, 2000);
  EXPECT_GT(counts.rejected, 2000);
  EXPECT_GT(counts.unmatched, 500);
}

TEST(SamplingTest, ThresholdsAreTheShareOfAllNumbersOf32Bits) {
  for (const uint32_t all : {0u, 1u}) {
    EXPECT_EQ(SamplingOf(all).interval, 0u);
    EXPECT_EQ(SamplingOf(all).threshold, 0u);
  }
  for (const uint32_t one_of : {2u, 3u, 10u, 1000u, 1u << 20, 1'000'003u, 1u << 31, 0xffffffffu}) {
    const flow_sampling_t sampling = SamplingOf(one_of);
    EXPECT_EQ(sampling.interval, one_of);
    EXPECT_GE(sampling.threshold, 1u);  // some packets, however few
    EXPECT_NEAR(sampling.threshold, 4294967296.0 / one_of, 0.5);
  }
  EXPECT_EQ(SamplingOf(2).threshold, 0x80000000u);
  EXPECT_EQ(SamplingOf(0xffffffff).threshold, 1u);
}

}  // namespace
}  // namespace weir::ebpf
