// SPDX-License-Identifier: Apache-2.0
// Writes a flow record as one JSON object: first the keys of netobserv-ebpf-agent's package `flow`,
// in the same order and form; then the keys of optional fields that were measured; then, if the
// batch has them, lists of all interfaces.
#ifndef WEIR_CORE_RECORD_JSON_H_
#define WEIR_CORE_RECORD_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/record/name_text.h"
#include "core/record/other_interfaces.h"
#include "core/record/record.h"
#include "core/record/text.h"
#include "core/record/time_text.h"
#include "core/record/utf8.h"

namespace weir {

// The longest output of WriteJsonString for a text of `text_bytes` bytes: all are escaped.
constexpr size_t MaxJsonStringBytes(size_t text_bytes) { return 6 * text_bytes + 2; }

// Writes `text` in quotes. Escapes control characters (utf8.h) too. Each byte that is not UTF-8
// becomes U+FFFD, so the output is always valid JSON. Needs room for MaxJsonStringBytes +
// kScratchBytes (text.h). Returns the end.
inline char* WriteJsonString(std::string_view text, char* to) {
  *to++ = '"';
  while (!text.empty()) {
    const char c = text[0];
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) {
      to = WriteLiteral(kReplacementCharacter, to);
    } else if (c == '"' || c == '\\') {
      *to++ = '\\';
      *to++ = c;
    } else if (IsControlCharacter(text)) {
      const uint16_t point = Utf8CodePoint(text, length);
      to = WriteHexOctet(static_cast<uint8_t>(point >> 8), WriteLiteral("\\u", to));
      to = WriteHexOctet(static_cast<uint8_t>(point), to);
    } else {
      to = WriteText(text.substr(0, length), to);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  *to++ = '"';
  return to;
}

// Writes records as JSON. One thread.
class JsonEncoder {
  // Both keys with brackets; for each interface its name, its direction and the commas.
  static constexpr size_t kMaxListsBytes =
      sizeof(",\"Interfaces\":[") - 1 + sizeof("],\"IfDirections\":[") - 1 +
      kMaxInterfaces * (MaxJsonStringBytes(sizeof(weir_interface::name)) + 3) +
      2 * (kMaxInterfaces - 1) + 1;

 public:
  // The greatest length of an object. A line has one byte more.
  static constexpr size_t kMaxObjectBytes = 988 + kMaxListsBytes;
  // The room that Write and WriteObject need; they write nothing behind it.
  static constexpr size_t kMaxRecordBytes = kMaxObjectBytes + 1 + kScratchBytes;

  // Writes the object without a newline; `others` are the other interfaces that saw the record, or
  // null if the batch has no such block. Returns the end.
  char* WriteObject(const Record& record, const weir_other_interfaces* others, char* to);

  // Writes the object as a line. Returns the end.
  char* Write(const Record& record, const weir_other_interfaces* others, char* to) {
    to = WriteObject(record, others, to);
    *to++ = '\n';
    return to;
  }
  char* Write(const Record& record, char* to) { return Write(record, nullptr, to); }

 private:
  static char* WriteName(const Record& record, char* to);
  // Writes the optional fields that were measured.
  static char* WriteMeasured(const Record& record, char* to);
  // Writes the lists of all interfaces, the record's own first.
  static char* WriteLists(const Record& record, const weir_other_interfaces& others, char* to);

  TimeWriter times_;
};

inline char* JsonEncoder::WriteObject(const Record& record, const weir_other_interfaces* others,
                                      char* to) {
  to = WriteNumber(record.eth_protocol, WriteLiteral("{\"Etype\":", to));
  to = WriteOctet(record.direction, WriteLiteral(",\"FlowDirection\":", to));
  to = SrcMac(record).WriteTo(WriteLiteral(",\"SrcMac\":\"", to));
  to = DstMac(record).WriteTo(WriteLiteral("\",\"DstMac\":\"", to));
  to = SrcAddr(record).WriteTo(WriteLiteral("\",\"SrcAddr\":\"", to));
  to = DstAddr(record).WriteTo(WriteLiteral("\",\"DstAddr\":\"", to));
  to = WriteNumber(record.src_port, WriteLiteral("\",\"SrcPort\":", to));
  to = WriteNumber(record.dst_port, WriteLiteral(",\"DstPort\":", to));
  to = WriteOctet(record.transport_protocol, WriteLiteral(",\"Proto\":", to));
  to = WriteNumber(record.if_index, WriteLiteral(",\"IFIndex\":", to));
  to = WriteNumber(record.packets, WriteLiteral(",\"Packets\":", to));
  to = WriteNumber(record.bytes, WriteLiteral(",\"Bytes\":", to));
  to = WriteNumber(record.start_mono_time_ns, WriteLiteral(",\"StartMonoTimeNs\":", to));
  to = WriteNumber(record.end_mono_time_ns, WriteLiteral(",\"EndMonoTimeNs\":", to));
  to = times_.Write(record.start_wall_time_ns, WriteLiteral(",\"TimeFlowStart\":\"", to));
  to = times_.Write(record.end_wall_time_ns, WriteLiteral("\",\"TimeFlowEnd\":\"", to));
  to = WriteName(record, WriteLiteral("\",\"Interface\":", to));
  if (record.present != 0) to = WriteMeasured(record, to);
  if (others != nullptr) to = WriteLists(record, *others, to);
  *to++ = '}';
  return to;
}

inline char* JsonEncoder::WriteName(const Record& record, char* to) {
  const PlainName name = LookAtName(record);
  if (!name.plain) return WriteJsonString(InterfaceName(record), to);
  *to++ = '"';
  to = WritePlainName(record, name.size, to);
  *to++ = '"';
  return to;
}

inline char* JsonEncoder::WriteMeasured(const Record& record, char* to) {
  const auto has = [&](uint64_t bit) { return (record.present & bit) != 0; };
  if (has(WEIR_HAS_TCP_FLAGS)) {
    to = WriteNumber(record.tcp_flags, WriteLiteral(",\"TcpFlags\":", to));
  }
  if (has(WEIR_HAS_DSCP)) to = WriteOctet(record.dscp, WriteLiteral(",\"Dscp\":", to));
  if (has(WEIR_HAS_ICMP)) {
    to = WriteOctet(record.icmp_type, WriteLiteral(",\"IcmpType\":", to));
    to = WriteOctet(record.icmp_code, WriteLiteral(",\"IcmpCode\":", to));
  }
  if (has(WEIR_HAS_VLAN)) to = WriteNumber(record.vlan_id, WriteLiteral(",\"VlanId\":", to));
  if (has(WEIR_HAS_SAMPLING)) {
    to = WriteNumber(record.sampling_interval, WriteLiteral(",\"Sampling\":", to));
  }
  if (has(WEIR_HAS_FLOW_END_REASON)) {
    to = WriteOctet(record.flow_end_reason, WriteLiteral(",\"FlowEndReason\":", to));
  }
  if (has(WEIR_HAS_WIRE_PACKETS)) {
    to = WriteNumber(record.wire_packets, WriteLiteral(",\"WirePackets\":", to));
  }
  if (has(WEIR_HAS_WIRE_BYTES)) {
    to = WriteNumber(record.wire_bytes, WriteLiteral(",\"WireBytes\":", to));
  }
  if (has(WEIR_HAS_NETWORK_NAMESPACE)) {
    to = WriteNumber(record.network_namespace, WriteLiteral(",\"NetworkNamespace\":", to));
  }
  if (has(WEIR_HAS_AGENT_IP)) {
    to = AgentIp(record).WriteTo(WriteLiteral(",\"AgentIp\":\"", to));
    *to++ = '"';
  }
  if (has(WEIR_HAS_TCP_FLAG_PAIRS)) {
    to = WriteOctet(record.tcp_flag_pairs, WriteLiteral(",\"TcpFlagPairs\":", to));
  }
  if (has(WEIR_IS_DUPLICATE)) to = WriteLiteral(",\"Duplicate\":true", to);
  return to;
}

inline char* JsonEncoder::WriteLists(const Record& record, const weir_other_interfaces& others,
                                     char* to) {
  const weir_interface* const end = others.interfaces + CountOf(others);
  to = WriteName(record, WriteLiteral(",\"Interfaces\":[", to));
  for (const weir_interface* other = others.interfaces; other != end; ++other) {
    *to++ = ',';
    to = WriteJsonString(NameOf(*other), to);
  }
  to = WriteOctet(record.direction, WriteLiteral("],\"IfDirections\":[", to));
  for (const weir_interface* other = others.interfaces; other != end; ++other) {
    *to++ = ',';
    to = WriteOctet(other->direction, to);
  }
  *to++ = ']';
  return to;
}

// Appends the object of one record to `out`, without a newline. For many records, use a
// JsonEncoder.
inline void AppendJson(const Record& record, std::string* out) {
  char text[JsonEncoder::kMaxRecordBytes];
  out->append(text, JsonEncoder().WriteObject(record, nullptr, text));
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_JSON_H_
