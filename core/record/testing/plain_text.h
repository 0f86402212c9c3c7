// SPDX-License-Identifier: Apache-2.0
// Texts of records, made in a simple and slow way with the C library. Tests compare the encoders
// with them.
#ifndef WEIR_CORE_RECORD_TESTING_PLAIN_TEXT_H_
#define WEIR_CORE_RECORD_TESTING_PLAIN_TEXT_H_

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/record/other_interfaces.h"
#include "core/record/record.h"

namespace weir::testing {

template <typename... Values>
std::string Print(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

inline std::string PlainNumber(uint64_t value) {
  return Print("%llu", static_cast<unsigned long long>(value));
}

inline std::string PlainMac(const uint8_t* mac) {
  return Print("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

// Tries all places for "::", the longest first.
inline std::string PlainIpv6(const uint8_t* address) {
  const auto groups = [&](int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i) {
      text += Print(i == from ? "%x" : ":%x", address[2 * i] << 8 | address[2 * i + 1]);
    }
    return text;
  };
  for (int length = 8; length >= 2; --length) {
    for (int from = 0; from + length <= 8; ++from) {
      bool zero = true;
      for (int i = 2 * from; i < 2 * (from + length); ++i) zero = zero && address[i] == 0;
      if (zero) return groups(0, from) + "::" + groups(from + length, 8);
    }
  }
  return groups(0, 8);
}

inline std::string PlainAddress(const uint8_t* address) {
  const std::string_view prefix(reinterpret_cast<const char*>(address), 12);
  if (prefix != std::string_view("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12)) return PlainIpv6(address);
  return Print("%d.%d.%d.%d", address[12], address[13], address[14], address[15]);
}

inline std::string PlainTime(int64_t wall_time_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t nanosecond = (wall_time_ns % kSecond + kSecond) % kSecond;
  const std::time_t second = wall_time_ns / kSecond - (wall_time_ns % kSecond < 0 ? 1 : 0);
  std::tm civil{};
  gmtime_r(&second, &civil);
  std::string text = Print("%04d-%02d-%02dT%02d:%02d:%02d.%09lld", civil.tm_year + 1900,
                           civil.tm_mon + 1, civil.tm_mday, civil.tm_hour, civil.tm_min,
                           civil.tm_sec, static_cast<long long>(nanosecond));
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + "Z";
}

// Splits `text` into UTF-8 characters. A byte that is not UTF-8 becomes "\xEF\xBF\xBD".
inline std::vector<std::string> PlainCharacters(std::string_view text) {
  std::vector<std::string> characters;
  while (!text.empty()) {
    const auto first = static_cast<uint8_t>(text[0]);
    const size_t length = first < 0x80           ? 1
                          : (first >> 5) == 6    ? 2
                          : (first >> 4) == 0xE  ? 3
                          : (first >> 3) == 0x1E ? 4
                                                 : 0;
    bool valid = length > 0 && length <= text.size();
    uint32_t point = length == 1 ? first : first & (0x7F >> length);
    for (size_t i = 1; valid && i < length; ++i) {
      const auto next = static_cast<uint8_t>(text[i]);
      valid = next >> 6 == 2;
      point = point << 6 | (next & 0x3F);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    valid = valid && point >= kLeast[length] && point <= 0x10FFFF && point >> 11 != 0x1B;
    characters.emplace_back(valid ? text.substr(0, length) : "\xEF\xBF\xBD");
    text.remove_prefix(valid ? length : 1);
  }
  return characters;
}

// Control characters in UTF-8, with their code points.
inline const std::map<std::string, unsigned>& PlainControls() {
  static const auto* const controls = [] {
    auto* const map = new std::map<std::string, unsigned>;
    const auto add = [map](unsigned first, unsigned last) {
      for (unsigned point = first; point <= last; ++point) {
        const char byte2 = static_cast<char>(0x80 | (point & 0x3F));
        std::string text(1, static_cast<char>(point));
        if (point >= 0x80) text = {static_cast<char>(0xC0 | point >> 6), byte2};
        if (point >= 0x800) {
          text = {static_cast<char>(0xE0 | point >> 12),
                  static_cast<char>(0x80 | (point >> 6 & 0x3F)), byte2};
        }
        map->emplace(text, point);
      }
    };
    add(0, 0x1F);
    add(0x7F, 0x9F);
    add(0x061C, 0x061C);
    add(0x200E, 0x200F);
    add(0x202A, 0x202E);
    add(0x2066, 0x2069);
    return map;
  }();
  return *controls;
}

inline std::string PlainJsonString(std::string_view text) {
  std::string quoted = "\"";
  for (const std::string& character : PlainCharacters(text)) {
    if (character == "\"" || character == "\\") quoted += "\\";
    const auto control = PlainControls().find(character);
    quoted += control != PlainControls().end() ? Print("\\u%04x", control->second) : character;
  }
  return quoted + "\"";
}

// The optional fields of a record as text, by JSON key; nothing if a field was not measured.
using PlainFields = std::vector<std::pair<std::string, std::optional<std::string>>>;

inline std::string PlainInterfaceName(const Record& record) {
  const std::string name(record.interface_name, sizeof(record.interface_name));
  return name.substr(0, name.find('\0'));
}

struct PlainInterface {
  std::string name;
  uint8_t direction;
};

// All interfaces that saw the record, its own first; empty if `others` is null.
inline std::vector<PlainInterface> PlainInterfaces(const Record& record,
                                                   const weir_other_interfaces* others) {
  std::vector<PlainInterface> interfaces;
  if (others == nullptr) return interfaces;
  interfaces.push_back({PlainInterfaceName(record), record.direction});
  for (uint32_t i = 0; i < others->count && i < WEIR_MAX_OTHER_INTERFACES; ++i) {
    const weir_interface& other = others->interfaces[i];
    const std::string name(other.name, sizeof(other.name));
    interfaces.push_back({name.substr(0, name.find('\0')), other.direction});
  }
  return interfaces;
}

// Joins the texts of all interfaces, with `between` between them; "" if there are none.
template <typename TextOf>
std::optional<std::string> PlainList(const std::vector<PlainInterface>& interfaces,
                                     const std::string& between, const TextOf& text_of) {
  std::optional<std::string> list;
  for (const PlainInterface& interface : interfaces) {
    list = (list.has_value() ? *list + between : "") + text_of(interface);
  }
  return list;
}

// The values of the CSV columns; names are not yet quoted.
inline PlainFields PlainFieldsOf(const Record& record,
                                 const weir_other_interfaces* others = nullptr) {
  const auto measured = [&](uint64_t bit, uint64_t value) -> std::optional<std::string> {
    if ((record.present & bit) == 0) return std::nullopt;
    return PlainNumber(value);
  };
  const std::vector<PlainInterface> interfaces = PlainInterfaces(record, others);
  const auto without_spaces = [](const PlainInterface& interface) {
    std::string name = interface.name;
    for (char& c : name) c = c == ' ' ? '_' : c;
    return name;
  };
  const auto direction = [](const PlainInterface& interface) {
    return PlainNumber(interface.direction);
  };
  std::optional<std::string> agent_ip;
  if ((record.present & WEIR_HAS_AGENT_IP) != 0) agent_ip = PlainAddress(record.agent_ip);
  std::optional<std::string> duplicate;
  if ((record.present & WEIR_IS_DUPLICATE) != 0) duplicate = "true";
  return {
      {"Etype", PlainNumber(record.eth_protocol)},
      {"FlowDirection", PlainNumber(record.direction)},
      {"SrcMac", PlainMac(record.src_mac)},
      {"DstMac", PlainMac(record.dst_mac)},
      {"SrcAddr", PlainAddress(record.src_addr)},
      {"DstAddr", PlainAddress(record.dst_addr)},
      {"SrcPort", PlainNumber(record.src_port)},
      {"DstPort", PlainNumber(record.dst_port)},
      {"Proto", PlainNumber(record.transport_protocol)},
      {"IFIndex", PlainNumber(record.if_index)},
      {"Packets", PlainNumber(record.packets)},
      {"Bytes", PlainNumber(record.bytes)},
      {"StartMonoTimeNs", PlainNumber(record.start_mono_time_ns)},
      {"EndMonoTimeNs", PlainNumber(record.end_mono_time_ns)},
      {"TimeFlowStart", PlainTime(record.start_wall_time_ns)},
      {"TimeFlowEnd", PlainTime(record.end_wall_time_ns)},
      {"Interface", PlainInterfaceName(record)},
      {"TcpFlags", measured(WEIR_HAS_TCP_FLAGS, record.tcp_flags)},
      {"Dscp", measured(WEIR_HAS_DSCP, record.dscp)},
      {"IcmpType", measured(WEIR_HAS_ICMP, record.icmp_type)},
      {"IcmpCode", measured(WEIR_HAS_ICMP, record.icmp_code)},
      {"VlanId", measured(WEIR_HAS_VLAN, record.vlan_id)},
      {"Sampling", measured(WEIR_HAS_SAMPLING, record.sampling_interval)},
      {"FlowEndReason", measured(WEIR_HAS_FLOW_END_REASON, record.flow_end_reason)},
      {"WirePackets", measured(WEIR_HAS_WIRE_PACKETS, record.wire_packets)},
      {"WireBytes", measured(WEIR_HAS_WIRE_BYTES, record.wire_bytes)},
      {"NetworkNamespace", measured(WEIR_HAS_NETWORK_NAMESPACE, record.network_namespace)},
      {"AgentIp", agent_ip},
      {"TcpFlagPairs", measured(WEIR_HAS_TCP_FLAG_PAIRS, record.tcp_flag_pairs)},
      {"Duplicate", duplicate},
      {"Interfaces", PlainList(interfaces, " ", without_spaces)},
      {"IfDirections", PlainList(interfaces, " ", direction)},
  };
}

inline std::string PlainJson(const Record& record, const weir_other_interfaces* others = nullptr) {
  std::string object;
  for (const auto& [key, value] : PlainFieldsOf(record)) {
    if (!value.has_value()) continue;
    const bool text = key == "Interface" || key == "AgentIp" ||
                      key.find("Mac") != std::string::npos ||
                      key.find("Addr") != std::string::npos || key.find("TimeFlow") == 0;
    object += (object.empty() ? "{" : ",") + PlainJsonString(key) + ":";
    object += text ? PlainJsonString(*value) : *value;
  }
  const std::vector<PlainInterface> interfaces = PlainInterfaces(record, others);
  if (!interfaces.empty()) {
    const auto name = [](const PlainInterface& interface) {
      return PlainJsonString(interface.name);
    };
    const auto direction = [](const PlainInterface& interface) {
      return PlainNumber(interface.direction);
    };
    object += ",\"Interfaces\":[" + *PlainList(interfaces, ",", name) + "],\"IfDirections\":[" +
              *PlainList(interfaces, ",", direction) + "]";
  }
  return object + "}";
}

}  // namespace weir::testing

#endif  // WEIR_CORE_RECORD_TESTING_PLAIN_TEXT_H_
