// SPDX-License-Identifier: Apache-2.0
// A flow record as one JSON object: the reference's keys in the reference's
// order and texts, then weir's own keys for what was measured beyond it.
#ifndef WEIR_CORE_RECORD_JSON_H_
#define WEIR_CORE_RECORD_JSON_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/record/record.h"
#include "core/record/text.h"
#include "core/record/time_text.h"

namespace weir {

// Bytes of the well-formed UTF-8 sequence (RFC 3629) at the start of `text`, 0 if
// there is none.
inline size_t Utf8SequenceLength(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : first >= 0xE0 && first <= 0xEF ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  // The second byte rules out overlong forms, surrogates and what is past U+10FFFF.
  const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// `text` in quotes, escaped; each byte that is not UTF-8 becomes U+FFFD, so that
// the output is JSON whatever an interface is called.
inline void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const char c = text[0];
    if (length == 0) {
      out->append("\xEF\xBF\xBD");
    } else if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<uint8_t>(c) < 0x20) {
      out->append("\\u00");
      AppendHexByte(static_cast<uint8_t>(c), out);
    } else {
      out->append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out->push_back('"');
}

namespace internal {

// Writes the members of one object; every key is a literal that needs no escape.
class JsonObject {
 public:
  explicit JsonObject(std::string* out) : out_(out) { out_->push_back('{'); }

  void Number(std::string_view key, uint64_t value) {
    Key(key);
    AppendNumber(value, out_);
  }
  void String(std::string_view key, std::string_view value) {
    Key(key);
    AppendJsonString(value, out_);
  }
  // `value` has AppendTo and prints nothing that needs an escape.
  template <typename Address>
  void Quoted(std::string_view key, const Address& value) {
    Key(key);
    out_->push_back('"');
    value.AppendTo(out_);
    out_->push_back('"');
  }
  void Time(std::string_view key, int64_t wall_time_ns) {
    Key(key);
    out_->push_back('"');
    AppendTime(wall_time_ns, out_);
    out_->push_back('"');
  }
  void End() { out_->push_back('}'); }

 private:
  void Key(std::string_view key) {
    if (!first_) out_->push_back(',');
    first_ = false;
    out_->push_back('"');
    out_->append(key);
    out_->append("\":");
  }

  std::string* const out_;
  bool first_ = true;
};

inline void AppendMeasuredMembers(const Record& record, JsonObject* object) {
  const auto has = [&](uint64_t bit) { return (record.present & bit) != 0; };
  if (has(WEIR_HAS_TCP_FLAGS)) object->Number("TcpFlags", record.tcp_flags);
  if (has(WEIR_HAS_DSCP)) object->Number("Dscp", record.dscp);
  if (has(WEIR_HAS_ICMP)) {
    object->Number("IcmpType", record.icmp_type);
    object->Number("IcmpCode", record.icmp_code);
  }
  if (has(WEIR_HAS_VLAN)) object->Number("VlanId", record.vlan_id);
  if (has(WEIR_HAS_SAMPLING)) object->Number("Sampling", record.sampling_interval);
  if (has(WEIR_HAS_FLOW_END_REASON)) object->Number("FlowEndReason", record.flow_end_reason);
  if (has(WEIR_HAS_WIRE_PACKETS)) object->Number("WirePackets", record.wire_packets);
  if (has(WEIR_HAS_NETWORK_NAMESPACE)) {
    object->Number("NetworkNamespace", record.network_namespace);
  }
}

}  // namespace internal

// Appends the object, without a newline.
inline void AppendJson(const Record& record, std::string* out) {
  internal::JsonObject object(out);
  object.Number("Etype", record.eth_protocol);
  object.Number("FlowDirection", record.direction);
  object.Quoted("SrcMac", SrcMac(record));
  object.Quoted("DstMac", DstMac(record));
  object.Quoted("SrcAddr", SrcAddr(record));
  object.Quoted("DstAddr", DstAddr(record));
  object.Number("SrcPort", record.src_port);
  object.Number("DstPort", record.dst_port);
  object.Number("Proto", record.transport_protocol);
  object.Number("IFIndex", record.if_index);
  object.Number("Packets", record.packets);
  object.Number("Bytes", record.bytes);
  object.Number("StartMonoTimeNs", record.start_mono_time_ns);
  object.Number("EndMonoTimeNs", record.end_mono_time_ns);
  object.Time("TimeFlowStart", record.start_wall_time_ns);
  object.Time("TimeFlowEnd", record.end_wall_time_ns);
  object.String("Interface", InterfaceName(record));
  internal::AppendMeasuredMembers(record, &object);
  object.End();
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_JSON_H_
