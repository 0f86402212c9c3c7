// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Filter rules as a user thinks of them, and the rule that decides on a packet. The programs'
// compiled rules are compared with this reference. It is as simple as possible and written
// independently of them.
#ifndef WEIR_BPF_TESTING_REFERENCE_FILTER_H_
#define WEIR_BPF_TESTING_REFERENCE_FILTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "bpf/flow.h"
#include "bpf/testing/reference_parser.h"

namespace weir::ebpf {

// The first `length` bits of an address of 4 or 16 bytes.
struct ReferencePrefix {
  std::vector<uint8_t> address;
  size_t length = 0;

  bool Contains(const std::vector<uint8_t>& other) const {
    if (other.size() != address.size()) return false;
    for (size_t bit = 0; bit < length; ++bit) {
      const uint8_t mask = static_cast<uint8_t>(1 << (7 - bit % 8));
      if (((address[bit / 8] ^ other[bit / 8]) & mask) != 0) return false;
    }
    return true;
  }
};

// Ranges of ports; both ends are included.
using ReferencePorts = std::vector<std::pair<uint16_t, uint16_t>>;

// An absent value or an empty list matches any packet.
struct ReferenceRule {
  std::optional<ReferencePrefix> ip;
  std::optional<ReferencePrefix> peer;
  std::optional<uint8_t> protocol;
  ReferencePorts source_ports;
  ReferencePorts destination_ports;
  ReferencePorts ports;
  std::optional<uint8_t> icmp_type;
  std::optional<uint8_t> icmp_code;
  std::set<std::string_view> tcp_flags;  // names
  std::optional<uint8_t> direction;
};

// Matches a parsed packet with rules.
class ReferenceFilter {
 public:
  ReferenceFilter(const ReferenceResult& packet, uint8_t direction)
      : packet_(packet), direction_(direction) {
    if ((packet.details.flags & WEIR_FLOW_HAS_DSCP) == 0) return;
    const size_t skipped = packet.id.eth_protocol == 0x0800 ? 12 : 0;
    source_.assign(packet.id.src_ip + skipped, packet.id.src_ip + 16);
    destination_.assign(packet.id.dst_ip + skipped, packet.id.dst_ip + 16);
  }

  // Returns the index of the rule that decides, or nothing if no rule matches.
  std::optional<size_t> Decides(const std::vector<ReferenceRule>& rules) const {
    std::optional<size_t> best;
    for (size_t i = 0; i < rules.size(); ++i) {
      if (!Fits(rules[i])) continue;
      if (!best.has_value() || Length(rules[i]) > Length(rules[*best])) best = i;
    }
    return best;
  }

 private:
  static int Length(const ReferenceRule& rule) {
    return rule.ip.has_value() ? static_cast<int>(rule.ip->length) : -1;
  }

  bool IsIp() const { return !source_.empty(); }

  bool Fits(const ReferenceRule& rule) const {
    return FitsAddresses(rule) && FitsPorts(rule) && FitsIcmp(rule) && FitsTcp(rule) &&
           (!rule.protocol.has_value() ||
            (IsIp() && packet_.id.transport_protocol == *rule.protocol)) &&
           (!rule.direction.has_value() || direction_ == *rule.direction);
  }

  bool FitsAddresses(const ReferenceRule& rule) const {
    if (!rule.ip.has_value()) return true;
    if (!IsIp()) return false;
    const auto peer_has = [&](const std::vector<uint8_t>& address) {
      return !rule.peer.has_value() || rule.peer->Contains(address);
    };
    return (rule.ip->Contains(source_) && peer_has(destination_)) ||
           (rule.ip->Contains(destination_) && peer_has(source_));
  }

  static bool Has(const ReferencePorts& ports, uint16_t port) {
    for (const auto& [first, last] : ports) {
      if (port >= first && port <= last) return true;
    }
    return false;
  }

  bool FitsPorts(const ReferenceRule& rule) const {
    const uint16_t source = packet_.id.src_port;
    const uint16_t destination = packet_.id.dst_port;
    if (!rule.source_ports.empty() && !Has(rule.source_ports, source)) return false;
    if (!rule.destination_ports.empty() && !Has(rule.destination_ports, destination)) return false;
    return rule.ports.empty() || Has(rule.ports, source) || Has(rule.ports, destination);
  }

  bool FitsIcmp(const ReferenceRule& rule) const {
    if (!rule.icmp_type.has_value()) return true;
    if ((packet_.details.flags & WEIR_FLOW_HAS_ICMP) == 0) return false;
    return packet_.details.icmp_type == *rule.icmp_type &&
           (!rule.icmp_code.has_value() || packet_.details.icmp_code == *rule.icmp_code);
  }

  bool FitsTcp(const ReferenceRule& rule) const {
    if (rule.tcp_flags.empty()) return true;
    if ((packet_.details.flags & WEIR_FLOW_HAS_TCP) == 0) return false;
    const std::set<std::string_view> kinds = {"FIN", "SYN", "RST", "ACK"};
    constexpr std::array<std::string_view, 8> kFromTheLowestBit = {"FIN", "SYN", "RST", "PSH",
                                                                   "ACK", "URG", "ECE", "CWR"};
    bool names_a_kind = false;
    for (const std::string_view name : rule.tcp_flags) names_a_kind |= kinds.count(name) > 0;
    for (size_t bit = 0; bit < kFromTheLowestBit.size(); ++bit) {
      const std::string_view name = kFromTheLowestBit[bit];
      const bool is_set = (packet_.details.tcp_flags >> bit & 1) != 0;
      const bool is_named = rule.tcp_flags.count(name) > 0;
      if (is_named && !is_set) return false;
      if (is_set && !is_named && names_a_kind && kinds.count(name) > 0) return false;
    }
    return true;
  }

  const ReferenceResult packet_;
  const uint8_t direction_;
  std::vector<uint8_t> source_;  // as long as an address of its version; empty if not IP
  std::vector<uint8_t> destination_;
};

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_REFERENCE_FILTER_H_
