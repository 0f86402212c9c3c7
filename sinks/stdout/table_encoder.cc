// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/table_encoder.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/record/fields/value_names.h"
#include "core/record/human.h"
#include "core/record/text.h"

namespace weir::sinks {
namespace {

constexpr std::string_view kHeader[] = {"START (UTC)", "DURATION", "DIR",
                                        "INTERFACE",   "PROTO",    "SOURCE",
                                        "DESTINATION", "PACKETS",  "BYTES"};
// Numbers are aligned right, texts left.
constexpr bool kAlignRight[] = {false, true, false, false, false, false, false, true, true};

// The labels of well-known protocols, by number; null if a protocol has none.
constexpr std::array<const char*, 256> ProtocolLabels() {
  std::array<const char*, 256> labels{};
  for (const ValueName& name : kProtocolNames) {
    if (name.label != nullptr) labels[name.value] = name.label;
  }
  return labels;
}
constexpr std::array<const char*, 256> kProtocolLabels = ProtocolLabels();

bool IsIp(const Record& record) {
  const IpAddr none{};
  return SrcAddr(record) != none || DstAddr(record) != none;
}

// A record without addresses is not an IP flow; its EtherType is shown as the protocol.
char* WriteProtocol(const Record& record, bool is_ip, char* to) {
  if (is_ip) {
    const char* const name = kProtocolLabels[record.transport_protocol];
    return name != nullptr ? WriteText(name, to) : WriteOctet(record.transport_protocol, to);
  }
  if (record.eth_protocol == kArpType) return WriteLiteral("ARP", to);
  to = WriteHexOctet(static_cast<uint8_t>(record.eth_protocol >> 8), WriteLiteral("0x", to));
  return WriteHexOctet(static_cast<uint8_t>(record.eth_protocol), to);
}

bool HasPorts(const Record& record) {
  const uint8_t protocol = record.transport_protocol;
  return protocol == 6 || protocol == 17 || protocol == 132 || record.src_port != 0 ||
         record.dst_port != 0;
}

char* WriteEndpoint(const IpAddr& address, bool has_port, uint16_t port, char* to) {
  if (!has_port) return address.WriteTo(to);
  if (address.IsV4()) {
    to = address.WriteTo(to);
  } else {
    to = address.WriteTo(WriteLiteral("[", to));
    *to++ = ']';
  }
  return WriteNumber(port, WriteLiteral(":", to));
}

char* WriteDuration(const Record& record, char* to) {
  const std::optional<uint64_t> duration = DurationOf(record);
  return duration.has_value() ? WriteHumanDuration(*duration, to) : WriteLiteral("-", to);
}

char* WriteInterfaces(const Record& record, const weir_other_interfaces* others, char* to) {
  to = WritePrintable(InterfaceName(record), to);
  if (others == nullptr) return to;
  const weir_interface* const end = others->interfaces + CountOf(*others);
  for (const weir_interface* other = others->interfaces; other != end; ++other) {
    to = WritePrintable(NameOf(*other), WriteLiteral(",", to));
  }
  return to;
}

// The number of well-formed UTF-8 characters, as an estimate of the columns that they take.
size_t Width(const char* begin, const char* end) {
  return static_cast<size_t>(
      std::count_if(begin, end, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

char* WriteSpaces(size_t count, char* to) {
  std::memset(to, ' ', count);
  return to + count;
}

}  // namespace

char* TableEncoder::Write(const Record& record, const weir_other_interfaces* others, char* to) {
  if (until_header_ == 0) {
    WriteLine(record, others, to);  // first, so that the header gets the widths of this line
    to = WriteHeader(to);
    until_header_ = kRecordsPerHeader;
  }
  --until_header_;
  return WriteLine(record, others, to);
}

char* TableEncoder::WriteHeader(char* to) const {
  for (size_t i = 0; i < kColumns; ++i) {
    if (i > 0) to = WriteSpaces(2, to);
    const size_t padding = widths_[i] - kHeader[i].size();
    if (kAlignRight[i]) to = WriteSpaces(padding, to);
    to = WriteText(kHeader[i], to);
    if (!kAlignRight[i]) to = WriteSpaces(padding, to);
  }
  *to++ = '\n';
  return to;
}

char* TableEncoder::WriteLine(const Record& record, const weir_other_interfaces* others, char* to) {
  char cell[kMaxNumberBytes + kScratchBytes];  // for the longest right-aligned cell
  const auto written = [&](const char* end) {
    return std::string_view(cell, static_cast<size_t>(end - cell));
  };
  const bool is_ip = IsIp(record);
  const bool has_ports = HasPorts(record);
  to = EndLeft(0, to, times_.WriteMilliseconds(record.start_wall_time_ns, to));
  to = WriteRight(1, written(WriteDuration(record, cell)), to);
  to = EndLeft(2, to, WriteText(DirectionName(record.direction), to));
  char* const name_end = WriteInterfaces(record, others, to);
  to = EndLeft(3, Width(to, name_end), name_end);
  to = EndLeft(4, to, WriteProtocol(record, is_ip, to));
  to = EndLeft(5, to,
               is_ip ? WriteEndpoint(SrcAddr(record), has_ports, record.src_port, to)
                     : SrcMac(record).WriteTo(to));
  to = EndLeft(6, to,
               is_ip ? WriteEndpoint(DstAddr(record), has_ports, record.dst_port, to)
                     : DstMac(record).WriteTo(to));
  to = WriteRight(7, written(WriteNumber(record.packets, cell)), to);
  to = WriteRight(8, written(WriteHumanBytes(record.bytes, cell)), to);
  to[-2] = '\n';  // replaces the spaces after the last cell
  return to - 1;
}

char* TableEncoder::EndLeft(size_t column, size_t width, char* end) {
  widths_[column] = std::max(widths_[column], width);
  return WriteSpaces(widths_[column] - width + 2, end);
}

char* TableEncoder::EndLeft(size_t column, const char* begin, char* end) {
  return EndLeft(column, static_cast<size_t>(end - begin), end);
}

char* TableEncoder::WriteRight(size_t column, std::string_view cell, char* to) {
  widths_[column] = std::max(widths_[column], cell.size());
  to = WriteSpaces(widths_[column] - cell.size(), to);
  return WriteSpaces(2, WriteText(cell, to));
}

}  // namespace weir::sinks
