// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/table_encoder.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "core/record/human.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "core/record/time_text.h"

namespace weir::sinks {
namespace {

constexpr std::string_view kHeader[] = {"START (UTC)", "DURATION", "DIR",
                                        "INTERFACE",   "PROTO",    "SOURCE",
                                        "DESTINATION", "PACKETS",  "BYTES"};
// Quantities end at the same place, texts begin there.
constexpr bool kAlignRight[] = {false, true, false, false, false, false, false, true, true};

// Short names of the protocols that people know by name (IANA protocol numbers).
const char* ProtocolName(uint8_t protocol) {
  switch (protocol) {
    case 1:
      return "ICMP";
    case 2:
      return "IGMP";
    case 4:
      return "IPIP";
    case 6:
      return "TCP";
    case 17:
      return "UDP";
    case 41:
      return "IPv6";
    case 47:
      return "GRE";
    case 50:
      return "ESP";
    case 51:
      return "AH";
    case 58:
      return "ICMPv6";
    case 89:
      return "OSPF";
    case 103:
      return "PIM";
    case 112:
      return "VRRP";
    case 132:
      return "SCTP";
    default:
      return nullptr;
  }
}

bool IsIp(const Record& record) {
  const IpAddr none{};
  return SrcAddr(record) != none || DstAddr(record) != none;
}

// A record without addresses is of no IP flow: its EtherType is its protocol.
std::string Protocol(const Record& record) {
  if (IsIp(record)) {
    const char* const name = ProtocolName(record.transport_protocol);
    return name != nullptr ? name : std::to_string(record.transport_protocol);
  }
  if (record.eth_protocol == kArpType) return "ARP";
  char text[8];
  std::snprintf(text, sizeof(text), "0x%04x", record.eth_protocol);
  return text;
}

bool HasPorts(const Record& record) {
  const uint8_t protocol = record.transport_protocol;
  return protocol == 6 || protocol == 17 || protocol == 132 || record.src_port != 0 ||
         record.dst_port != 0;
}

std::string Endpoint(const Record& record, const IpAddr& address, const MacAddr& mac,
                     uint16_t port) {
  if (!IsIp(record)) return mac.String();
  if (!HasPorts(record)) return address.String();
  std::string text;
  const bool v4 = address.IsV4();
  if (!v4) text.push_back('[');
  address.AppendTo(&text);
  text.append(v4 ? ":" : "]:");
  AppendNumber(port, &text);
  return text;
}

// To the millisecond: "2022-08-23 16:33:22.123".
std::string Start(const Record& record) {
  constexpr int64_t kMillisecond = 1'000'000;
  int64_t milliseconds = record.start_wall_time_ns / kMillisecond % 1000;
  if (record.start_wall_time_ns % kMillisecond < 0) --milliseconds;
  if (milliseconds < 0) milliseconds += 1000;
  std::string text;
  AppendTime(record.start_wall_time_ns, &text);
  text.resize(19);  // whole seconds
  text[10] = ' ';
  text.push_back('.');
  AppendPadded(static_cast<uint64_t>(milliseconds), 3, &text);
  return text;
}

std::string Duration(const Record& record) {
  const uint64_t start = record.start_mono_time_ns;
  const uint64_t end = record.end_mono_time_ns;
  return start == 0 || end < start ? "-" : HumanDuration(end - start);
}

// `text` as a terminal may get it.
std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const auto first = static_cast<uint8_t>(text[0]);
    // C0, DEL, and the C1 controls U+0080 to U+009F.
    const bool control = first < 0x20 || first == 0x7F ||
                         (length == 2 && first == 0xC2 && static_cast<uint8_t>(text[1]) < 0xA0);
    if (length == 0 || control) {
      out.push_back('?');
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

// Characters of well-formed UTF-8, as an estimate of the columns they take.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace

void TableEncoder::Append(const Record& record, std::string* out) {
  const Cells cells = CellsOf(record);
  for (size_t i = 0; i < kColumns; ++i) widths_[i] = std::max(widths_[i], Width(cells[i]));
  if (until_header_ == 0) {
    Cells header;
    std::copy(std::begin(kHeader), std::end(kHeader), header.begin());
    AppendLine(header, out);
    until_header_ = kRecordsPerHeader;
  }
  --until_header_;
  AppendLine(cells, out);
}

TableEncoder::Cells TableEncoder::CellsOf(const Record& record) {
  return {Start(record),
          Duration(record),
          DirectionName(record.direction),
          Printable(InterfaceName(record)),
          Protocol(record),
          Endpoint(record, SrcAddr(record), SrcMac(record), record.src_port),
          Endpoint(record, DstAddr(record), DstMac(record), record.dst_port),
          std::to_string(record.packets),
          HumanBytes(record.bytes)};
}

void TableEncoder::AppendLine(const Cells& cells, std::string* out) {
  for (size_t i = 0; i < kColumns; ++i) {
    if (i > 0) out->append("  ");
    const size_t width = Width(cells[i]);
    const std::string padding(widths_[i] > width ? widths_[i] - width : 0, ' ');
    if (kAlignRight[i]) out->append(padding);
    out->append(cells[i]);
    if (!kAlignRight[i]) out->append(padding);
  }
  out->push_back('\n');
}

}  // namespace weir::sinks
