// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/reference_match.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/record/ip_addr.h"
#include "core/record/mac_addr.h"

namespace weir::transforms {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes BigEndian(absl::uint128 number, size_t size) {
  Bytes bytes(size);
  for (size_t i = size; i-- > 0; number >>= 8) {
    bytes[i] = static_cast<uint8_t>(absl::Uint128Low64(number));
  }
  return bytes;
}

// Returns the value of a field, or two values, as bytes in the order of comparison. Empty: the
// field was not measured.
using Reader = std::function<std::vector<Bytes>(const Record&)>;

Reader Of(const std::function<std::optional<uint64_t>(const Record&)>& number) {
  return [number](const Record& record) -> std::vector<Bytes> {
    const std::optional<uint64_t> value = number(record);
    return value.has_value() ? std::vector<Bytes>{BigEndian(*value, 8)} : std::vector<Bytes>();
  };
}

Reader IfMeasured(uint64_t bit, const std::function<uint64_t(const Record&)>& number) {
  return Of([=](const Record& record) -> std::optional<uint64_t> {
    if ((record.present & bit) == 0) return {};
    return number(record);
  });
}

Bytes MacBytes(const MacAddr& mac) {
  uint64_t number = 0;
  for (const uint8_t byte : mac.bytes) number = number << 8 | byte;
  return BigEndian(number, 8);
}

std::vector<Bytes> Addresses(const Record& record, bool source, bool destination) {
  const IpAddr none{};
  if (SrcAddr(record) == none && DstAddr(record) == none) return {};
  std::vector<Bytes> addresses;
  const auto add = [&](const IpAddr& address) {
    addresses.emplace_back(address.bytes.begin(), address.bytes.end());
  };
  if (source) add(SrcAddr(record));
  if (destination) add(DstAddr(record));
  return addresses;
}

const std::map<std::string_view, Reader>& Readers() {
  using R = const Record&;
  static const auto* const readers = new std::map<std::string_view, Reader>{
      {"addr", [](R r) { return Addresses(r, true, true); }},
      {"src_addr", [](R r) { return Addresses(r, true, false); }},
      {"dst_addr", [](R r) { return Addresses(r, false, true); }},
      {"port",
       [](R r) {
         return std::vector<Bytes>{BigEndian(r.src_port, 8), BigEndian(r.dst_port, 8)};
       }},
      {"src_port", Of([](R r) { return r.src_port; })},
      {"dst_port", Of([](R r) { return r.dst_port; })},
      {"proto", Of([](R r) { return r.transport_protocol; })},
      {"etype", Of([](R r) { return r.eth_protocol; })},
      {"mac",
       [](R r) {
         return std::vector<Bytes>{MacBytes(SrcMac(r)), MacBytes(DstMac(r))};
       }},
      {"src_mac", [](R r) { return std::vector<Bytes>{MacBytes(SrcMac(r))}; }},
      {"dst_mac", [](R r) { return std::vector<Bytes>{MacBytes(DstMac(r))}; }},
      {"if_index", Of([](R r) { return r.if_index; })},
      {"direction", Of([](R r) { return r.direction; })},
      {"packets", Of([](R r) { return r.packets; })},
      {"bytes", Of([](R r) { return r.bytes; })},
      {"wire_packets", IfMeasured(WEIR_HAS_WIRE_PACKETS, [](R r) { return r.wire_packets; })},
      {"wire_bytes", IfMeasured(WEIR_HAS_WIRE_BYTES, [](R r) { return r.wire_bytes; })},
      {"duration", Of([](R r) -> std::optional<uint64_t> {
         const auto known = [r](uint64_t bit, bool unless_said) {
           return (r.present & kTimeBits) == 0 ? unless_said : (r.present & bit) != 0;
         };
         if (known(WEIR_HAS_MONO_TIME, r.start_mono_time_ns != 0)) {
           if (r.end_mono_time_ns < r.start_mono_time_ns) return {};
           return r.end_mono_time_ns - r.start_mono_time_ns;
         }
         if (!known(WEIR_HAS_WALL_TIME, false) || r.end_wall_time_ns < r.start_wall_time_ns) {
           return {};
         }
         return static_cast<uint64_t>(r.end_wall_time_ns) -
                static_cast<uint64_t>(r.start_wall_time_ns);
       })},
      {"tcp_flags", IfMeasured(WEIR_HAS_TCP_FLAGS, [](R r) { return r.tcp_flags; })},
      {"tcp_flag_pairs", IfMeasured(WEIR_HAS_TCP_FLAG_PAIRS, [](R r) { return r.tcp_flag_pairs; })},
      {"dscp", IfMeasured(WEIR_HAS_DSCP, [](R r) { return r.dscp; })},
      {"vlan_id", IfMeasured(WEIR_HAS_VLAN, [](R r) { return r.vlan_id; })},
      {"icmp_type", IfMeasured(WEIR_HAS_ICMP, [](R r) { return r.icmp_type; })},
      {"icmp_code", IfMeasured(WEIR_HAS_ICMP, [](R r) { return r.icmp_code; })},
      {"sampling", IfMeasured(WEIR_HAS_SAMPLING, [](R r) { return r.sampling_interval; })},
      {"flow_end_reason",
       IfMeasured(WEIR_HAS_FLOW_END_REASON, [](R r) { return r.flow_end_reason; })},
      {"network_namespace",
       IfMeasured(WEIR_HAS_NETWORK_NAMESPACE, [](R r) { return r.network_namespace; })},
      {"duplicate", Of([](R r) { return (r.present & WEIR_IS_DUPLICATE) != 0 ? 1 : 0; })},
      {"agent_ip",
       [](
           R r) -> std::
                    vector<Bytes> {
                      if ((r.present & WEIR_HAS_AGENT_IP) == 0) return {};
                      return {Bytes(std::begin(r.agent_ip), std::end(r.agent_ip))};
                    }},
  };
  return *readers;
}

// Tries everything that * can match.
bool Fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    for (size_t taken = 0; taken <= name.size(); ++taken) {
      if (Fits(pattern.substr(1), name.substr(taken))) return true;
    }
    return false;
  }
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) &&
         Fits(pattern.substr(1), name.substr(1));
}

// Few stars only: each multiplies the time.
bool FitsAny(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return std::count(pattern.begin(), pattern.end(), '*') > 3 ? FitsPattern(pattern, name)
                                                               : Fits(pattern, name);
  });
}

bool IsIn(const Bytes& value, const Values& values) {
  for (const NumberRange& range : values.numbers) {
    if (value >= BigEndian(range.first, 8) && value <= BigEndian(range.last, 8)) return true;
  }
  for (const AddressRange& range : values.addresses) {
    if (value >= BigEndian(range.first, 16) && value <= BigEndian(range.last, 16)) return true;
  }
  return false;
}

bool TestIsTrue(const Test& test, const Record& record) {
  const bool wanted = test.op != Operator::kNotIn;
  if (test.field->name == "interface") {
    const std::string_view name = InterfaceName(record);
    return !name.empty() && FitsAny(test.values.patterns, name) == wanted;
  }
  const auto reader = Readers().find(test.field->name);
  if (reader == Readers().end()) std::abort();
  const std::vector<Bytes> measured = reader->second(record);
  if (measured.empty()) return false;
  if (test.op == Operator::kAny || test.op == Operator::kAll) {
    const uint64_t wanted_bits = test.values.numbers.at(0).first;
    const uint64_t value =
        test.field->name == "tcp_flags" ? record.tcp_flags : record.tcp_flag_pairs;
    const uint64_t bits = value & wanted_bits;
    return test.op == Operator::kAny ? bits != 0 : bits == wanted_bits;
  }
  const bool found = std::any_of(measured.begin(), measured.end(),
                                 [&](const Bytes& value) { return IsIn(value, test.values); });
  return found == wanted;
}

}  // namespace

bool ReferenceMatches(const Expression& expression, const Record& record) {
  const auto is_true = [&](const Expression& child) { return ReferenceMatches(child, record); };
  const std::vector<Expression>& children = expression.children;
  switch (expression.kind) {
    case Expression::Kind::kTest:
      return TestIsTrue(expression.test, record);
    case Expression::Kind::kNot:
      return !is_true(children.at(0));
    case Expression::Kind::kAnd:
      return std::all_of(children.begin(), children.end(), is_true);
    case Expression::Kind::kOr:
      return std::any_of(children.begin(), children.end(), is_true);
  }
  return false;
}

}  // namespace weir::transforms
