// SPDX-License-Identifier: Apache-2.0
// Writes flow records as comma-separated values: one line for each record, one column for each key
// of the JSON form. A column is empty if its value was not measured.
//
// The format is RFC 4180, with LF at the end of a line. Only the interface name can need quotes. An
// interface name is untrusted text: anyone with a network namespace may choose it. Therefore:
// - A control character, or a byte that is not UTF-8, becomes U+FFFD. A record is always one line.
// - A name that begins with =, +, - or @ gets an apostrophe in front, because a spreadsheet would
//   take it for a formula.
// The JSON form keeps names unchanged.
//
// A list of the JSON form is one column, its values separated by spaces. Interface names of Linux
// have no spaces; in a name from a configuration, a space becomes `_`.
#ifndef WEIR_CORE_RECORD_CSV_H_
#define WEIR_CORE_RECORD_CSV_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/record/name_text.h"
#include "core/record/other_interfaces.h"
#include "core/record/record.h"
#include "core/record/text.h"
#include "core/record/time_text.h"
#include "core/record/utf8.h"

namespace weir {

// Writes `name` as the value of a column: at most 3 bytes for each byte of `name`, and 3 more.
// Returns the end.
inline char* WriteCsvName(std::string_view name, char* to) {
  const bool quoted = name.find_first_of(",\"") != std::string_view::npos;
  if (quoted) *to++ = '"';
  if (!name.empty() && std::string_view("=+-@").find(name[0]) != std::string_view::npos) {
    *to++ = '\'';
  }
  while (!name.empty()) {
    const size_t length = Utf8SequenceLength(name);
    if (length == 0 || IsControlCharacter(name)) {
      to = WriteLiteral(kReplacementCharacter, to);
    } else {
      if (name[0] == '"') *to++ = '"';
      to = WriteText(name.substr(0, length), to);
    }
    name.remove_prefix(length == 0 ? 1 : length);
  }
  if (quoted) *to++ = '"';
  return to;
}

// Writes records as CSV lines. One encoder for each file. One thread.
class CsvEncoder {
  static constexpr size_t kMaxListedNamesBytes = kMaxInterfaces * sizeof(weir_interface::name);
  // The longest column of names: U+FFFD for each byte except one quote, which is doubled and makes
  // two quotes around the column necessary. Then directions of three digits, spaces, two commas.
  static constexpr size_t kMaxListsBytes =
      3 * kMaxListedNamesBytes + 1 + 3 * kMaxInterfaces + 2 * (kMaxInterfaces - 1) + 2;

 public:
  // The line with the names of the columns.
  static constexpr char kHeader[] =
      "Etype,FlowDirection,SrcMac,DstMac,SrcAddr,DstAddr,SrcPort,DstPort,Proto,IFIndex,"
      "Packets,Bytes,StartMonoTimeNs,EndMonoTimeNs,TimeFlowStart,TimeFlowEnd,Interface,"
      "TcpFlags,Dscp,IcmpType,IcmpCode,VlanId,Sampling,FlowEndReason,WirePackets,"
      "WireBytes,NetworkNamespace,AgentIp,TcpFlagPairs,Duplicate,Interfaces,IfDirections\n";
  // The greatest length of a record's line.
  static constexpr size_t kMaxLineBytes = 536 + kMaxListsBytes;
  // The room that Write needs; it writes nothing behind it.
  static constexpr size_t kMaxRecordBytes = sizeof(kHeader) - 1 + kMaxLineBytes + kScratchBytes;

  // Writes the header in front of the first record if `with_header`. False: the file already has
  // one.
  explicit CsvEncoder(bool with_header = true) : header_is_due_(with_header) {}

  // Writes `record` as a line; `others` are the other interfaces that saw it, or null if the batch
  // has no such block. Returns the end.
  char* Write(const Record& record, const weir_other_interfaces* others, char* to);
  char* Write(const Record& record, char* to) { return Write(record, nullptr, to); }

 private:
  static char* EndColumn(char* to) {
    *to++ = ',';
    return to;
  }
  static char* WriteName(const Record& record, char* to);
  static char* WriteMeasured(const Record& record, char* to);
  static char* WriteLists(const Record& record, const weir_other_interfaces& others, char* to);

  bool header_is_due_;
  TimeWriter times_;
};

inline char* CsvEncoder::Write(const Record& record, const weir_other_interfaces* others,
                               char* to) {
  if (header_is_due_) to = WriteLiteral(kHeader, to);
  header_is_due_ = false;
  to = EndColumn(WriteNumber(record.eth_protocol, to));
  to = EndColumn(WriteOctet(record.direction, to));
  to = EndColumn(SrcMac(record).WriteTo(to));
  to = EndColumn(DstMac(record).WriteTo(to));
  to = EndColumn(SrcAddr(record).WriteTo(to));
  to = EndColumn(DstAddr(record).WriteTo(to));
  to = EndColumn(WriteNumber(record.src_port, to));
  to = EndColumn(WriteNumber(record.dst_port, to));
  to = EndColumn(WriteOctet(record.transport_protocol, to));
  to = EndColumn(WriteNumber(record.if_index, to));
  to = EndColumn(WriteNumber(record.packets, to));
  to = EndColumn(WriteNumber(record.bytes, to));
  to = EndColumn(WriteNumber(record.start_mono_time_ns, to));
  to = EndColumn(WriteNumber(record.end_mono_time_ns, to));
  to = EndColumn(times_.Write(record.start_wall_time_ns, to));
  to = EndColumn(times_.Write(record.end_wall_time_ns, to));
  to = EndColumn(WriteName(record, to));
  to = EndColumn(WriteMeasured(record, to));
  to = others == nullptr ? EndColumn(to) : WriteLists(record, *others, to);
  *to++ = '\n';
  return to;
}

inline char* CsvEncoder::WriteName(const Record& record, char* to) {
  const PlainName name = LookAtName(record);
  const char first = record.interface_name[0];
  if (!name.plain || first == '=' || first == '+' || first == '-' || first == '@') {
    return WriteCsvName(InterfaceName(record), to);
  }
  return WritePlainName(record, name.size, to);
}

// The columns of optional fields.
inline char* CsvEncoder::WriteMeasured(const Record& record, char* to) {
  const auto has = [&](uint64_t bit) { return (record.present & bit) != 0; };
  if (has(WEIR_HAS_TCP_FLAGS)) to = WriteNumber(record.tcp_flags, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_DSCP)) to = WriteOctet(record.dscp, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_ICMP)) to = WriteOctet(record.icmp_type, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_ICMP)) to = WriteOctet(record.icmp_code, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_VLAN)) to = WriteNumber(record.vlan_id, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_SAMPLING)) to = WriteNumber(record.sampling_interval, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_FLOW_END_REASON)) to = WriteOctet(record.flow_end_reason, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_WIRE_PACKETS)) to = WriteNumber(record.wire_packets, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_WIRE_BYTES)) to = WriteNumber(record.wire_bytes, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_NETWORK_NAMESPACE)) to = WriteNumber(record.network_namespace, to);
  to = EndColumn(to);
  if (has(WEIR_HAS_AGENT_IP)) to = AgentIp(record).WriteTo(to);
  to = EndColumn(to);
  if (has(WEIR_HAS_TCP_FLAG_PAIRS)) to = WriteOctet(record.tcp_flag_pairs, to);
  to = EndColumn(to);
  if (has(WEIR_IS_DUPLICATE)) to = WriteLiteral("true", to);
  return to;
}

// The columns of lists: all interfaces and directions, the record's own first.
inline char* CsvEncoder::WriteLists(const Record& record, const weir_other_interfaces& others,
                                    char* to) {
  const weir_interface* const end = others.interfaces + CountOf(others);
  char names[kMaxListedNamesBytes + kMaxInterfaces];
  char* names_end = names;
  const auto add = [&names_end](std::string_view name) {
    names_end = std::replace_copy(name.begin(), name.end(), names_end, ' ', '_');
  };
  add(InterfaceName(record));
  for (const weir_interface* other = others.interfaces; other != end; ++other) {
    *names_end++ = ' ';
    add(NameOf(*other));
  }
  to = EndColumn(WriteCsvName({names, static_cast<size_t>(names_end - names)}, to));
  to = WriteOctet(record.direction, to);
  for (const weir_interface* other = others.interfaces; other != end; ++other) {
    *to++ = ' ';
    to = WriteOctet(other->direction, to);
  }
  return to;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_CSV_H_
