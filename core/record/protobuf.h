// SPDX-License-Identifier: Apache-2.0
// Writes flow records as messages of pbflow.proto (beside this file), without protobuf's library.
// Writes the same bytes as generated code: fields in the order of their numbers, without zeros.
#ifndef WEIR_CORE_RECORD_PROTOBUF_H_
#define WEIR_CORE_RECORD_PROTOBUF_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/record/agent_tcp_flags.h"
#include "core/record/name_text.h"
#include "core/record/other_interfaces.h"
#include "core/record/record.h"
#include "core/record/text.h"
#include "core/record/utf8.h"
#include "core/record/varint.h"

namespace weir {

struct ProtobufOptions {
  // What stands in front of each message.
  enum class Framing {
    // Nothing: the message alone.
    kNone,
    // The length as a varint, as in a file of messages.
    kDelimited,
    // The tag of Records.entries and the length: all of them together are one Records message.
    kEntry,
  };
  Framing framing = Framing::kNone;
  // The agent address of records without one (WEIR_HAS_AGENT_IP).
  std::optional<IpAddr> agent_ip;
  // True: TCP flags as netobserv agents send them (agent_tcp_flags.h). False: as in IPFIX.
  bool agent_tcp_flags = false;
};

// Immutable, so thread-safe.
class ProtobufEncoder {
  // An entry of dup_list: tag and length; tag, length and text of a name in which each byte becomes
  // U+FFFD; tag and value of a direction.
  static constexpr size_t kMaxDupMapEntryBytes = 3 + 2 + 3 * sizeof(weir_interface::name) + 3;

 public:
  // The greatest length of a message, without its framing.
  static constexpr size_t kMaxMessageBytes = 360 + WEIR_MAX_OTHER_INTERFACES * kMaxDupMapEntryBytes;
  // The room that Write needs; it writes nothing behind it.
  static constexpr size_t kMaxRecordBytes = kMaxMessageBytes + 3 + kScratchBytes;

  explicit ProtobufEncoder(const ProtobufOptions& options = {});

  // Writes a pbflow.Record with the framing of the options. `others` are the other interfaces that
  // saw the record, or null. Returns the end.
  char* Write(const Record& record, const weir_other_interfaces* others, char* to) const;
  char* Write(const Record& record, char* to) const { return Write(record, nullptr, to); }

 private:
  char* WriteMessage(const Record& record, const weir_other_interfaces* others, char* to) const;
  // Writes the fields behind agent_ip. `name` is the result of LookAtName.
  char* WriteMeasured(const Record& record, const PlainName& name,
                      const weir_other_interfaces* others, char* to) const;
  // Writes the interfaces that have a name; the message has no field for their indexes.
  static char* WriteOthers(const weir_other_interfaces& others, char* to);

  const ProtobufOptions::Framing framing_;
  const bool agent_tcp_flags_;
  char agent_ip_[20];  // the encoded field agent_ip
  size_t agent_ip_size_ = 0;
};

namespace internal {

// Tags of fields with a number below 16.
constexpr char VarintTag(int field) { return static_cast<char>(field << 3); }
constexpr char LengthTag(int field) { return static_cast<char>(field << 3 | 2); }
constexpr char Fixed32Tag(int field) { return static_cast<char>(field << 3 | 5); }

// Writes a scalar field, unless it is 0: proto3 leaves it out.
inline char* WriteVarintField(int field, uint64_t value, char* to) {
  if (value == 0) return to;
  *to++ = VarintTag(field);
  return WriteVarint(value, to);
}

// Writes a length of less than 128, and behind it what `write_body` writes to its argument.
template <typename WriteBody>
char* WriteShort(char* to, WriteBody write_body) {
  char* const end = write_body(to + 1);
  *to = static_cast<char>(end - to - 1);
  return end;
}

template <typename WriteBody>
char* WriteShortField(int field, char* to, WriteBody write_body) {
  *to++ = LengthTag(field);
  return WriteShort(to, write_body);
}

inline char* WriteIpField(int field, const IpAddr& address, char* to) {
  return WriteShortField(field, to, [&](char* body) {
    if (address.IsV4()) {
      *body++ = Fixed32Tag(1);
      const uint32_t number = address.IntEncodeV4();
      std::memcpy(body, &number, sizeof(number));
      return body + sizeof(number);
    }
    *body++ = LengthTag(2);
    *body++ = static_cast<char>(kIpLength);
    std::memcpy(body, address.bytes.data(), kIpLength);
    return body + kIpLength;
  });
}

// Writes a google.protobuf.Timestamp: seconds rounded down, and 0 to 999,999,999 nanoseconds.
inline char* WriteTimestampField(int field, int64_t wall_time_ns, char* to) {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t seconds = wall_time_ns / kSecond;
  int64_t nanoseconds = wall_time_ns % kSecond;
  if (nanoseconds < 0) {
    nanoseconds += kSecond;
    --seconds;
  }
  return WriteShortField(field, to, [&](char* body) {
    body = WriteVarintField(1, static_cast<uint64_t>(seconds), body);
    return WriteVarintField(2, static_cast<uint64_t>(nanoseconds), body);
  });
}

// Returns the six bytes as a number, the first byte highest.
inline uint64_t MacNumber(const uint8_t* mac) {
  uint64_t number = 0;
  std::memcpy(&number, mac, kMacLength);
  return __builtin_bswap64(number) >> (64 - 8 * kMacLength);
}

inline char* WriteUtf8(std::string_view text, char* to) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) {
      to = WriteLiteral(kReplacementCharacter, to);
    } else if (length == 1) {
      *to++ = text[0];
    } else {
      to = WriteText(text.substr(0, length), to);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return to;
}

inline char* WriteName(const Record& record, const PlainName& name, char* to) {
  return name.plain ? WritePlainName(record, name.size, to) : WriteUtf8(InterfaceName(record), to);
}

// Writes an entry of dup_list with the name that `write_name` writes.
template <typename WriteNameText>
char* WriteDupMapEntry(uint8_t direction, char* to, WriteNameText write_name) {
  return WriteShort(WriteLiteral("\xD2\x01", to), [&](char* entry) {  // field 26
    *entry++ = LengthTag(1);
    entry = WriteShort(entry, write_name);
    return WriteVarintField(2, direction, entry);
  });
}

}  // namespace internal

inline ProtobufEncoder::ProtobufEncoder(const ProtobufOptions& options)
    : framing_(options.framing), agent_tcp_flags_(options.agent_tcp_flags) {
  if (!options.agent_ip.has_value()) return;
  const char* const end = internal::WriteIpField(12, *options.agent_ip, agent_ip_);
  agent_ip_size_ = static_cast<size_t>(end - agent_ip_);
}

inline char* ProtobufEncoder::Write(const Record& record, const weir_other_interfaces* others,
                                    char* to) const {
  if (framing_ == ProtobufOptions::Framing::kNone) return WriteMessage(record, others, to);
  if (framing_ == ProtobufOptions::Framing::kEntry) *to++ = internal::LengthTag(1);
  // Most lengths take one byte. If this one takes two, the message is moved.
  char* const end = WriteMessage(record, others, to + 1);
  const auto size = static_cast<size_t>(end - to - 1);
  if (size < 0x80) {
    *to = static_cast<char>(size);
    return end;
  }
  std::memmove(to + 2, to + 1, size);
  to[0] = static_cast<char>(0x80 | (size & 0x7F));
  to[1] = static_cast<char>(size >> 7);
  return end + 1;
}

inline char* ProtobufEncoder::WriteMessage(const Record& record,
                                           const weir_other_interfaces* others, char* to) const {
  to = internal::WriteVarintField(1, record.eth_protocol, to);
  to = internal::WriteVarintField(2, record.direction, to);
  to = internal::WriteTimestampField(3, record.start_wall_time_ns, to);
  to = internal::WriteTimestampField(4, record.end_wall_time_ns, to);
  to = internal::WriteShortField(5, to, [&](char* body) {
    body = internal::WriteVarintField(1, internal::MacNumber(record.src_mac), body);
    return internal::WriteVarintField(2, internal::MacNumber(record.dst_mac), body);
  });
  to = internal::WriteShortField(6, to, [&](char* body) {
    const IpAddr src = SrcAddr(record);
    const IpAddr dst = DstAddr(record);
    if (src != IpAddr{} || dst != IpAddr{}) {
      body = internal::WriteIpField(1, src, body);
      body = internal::WriteIpField(2, dst, body);
    }
    const bool measured = (record.present & WEIR_HAS_DSCP) != 0;
    return internal::WriteVarintField(3, measured ? record.dscp : 0, body);
  });
  to = internal::WriteShortField(7, to, [&](char* body) {
    body = internal::WriteVarintField(1, record.src_port, body);
    body = internal::WriteVarintField(2, record.dst_port, body);
    return internal::WriteVarintField(3, record.transport_protocol, body);
  });
  to = internal::WriteVarintField(8, record.bytes, to);
  to = internal::WriteVarintField(9, record.packets, to);
  const PlainName name = LookAtName(record);
  if (record.interface_name[0] != '\0') {
    to = internal::WriteShortField(
        10, to, [&](char* body) { return internal::WriteName(record, name, body); });
  }
  if ((record.present & WEIR_IS_DUPLICATE) != 0) to = internal::WriteVarintField(11, 1, to);
  if ((record.present & WEIR_HAS_AGENT_IP) != 0) {
    to = internal::WriteIpField(12, AgentIp(record), to);
  } else {
    std::memcpy(to, agent_ip_, agent_ip_size_);
    to += agent_ip_size_;
  }
  return WriteMeasured(record, name, others, to);
}

inline char* ProtobufEncoder::WriteMeasured(const Record& record, const PlainName& name,
                                            const weir_other_interfaces* others, char* to) const {
  const auto measured = [&](uint64_t bit, uint64_t value) {
    return (record.present & bit) != 0 ? value : 0;
  };
  const uint16_t tcp_flags = agent_tcp_flags_ ? AgentTcpFlags(record) : record.tcp_flags;
  to = internal::WriteVarintField(13, measured(WEIR_HAS_TCP_FLAGS, tcp_flags), to);
  to = internal::WriteVarintField(14, measured(WEIR_HAS_ICMP, record.icmp_type), to);
  to = internal::WriteVarintField(15, measured(WEIR_HAS_ICMP, record.icmp_code), to);
  if (record.interface_name[0] != '\0') {
    to = internal::WriteDupMapEntry(
        record.direction, to, [&](char* body) { return internal::WriteName(record, name, body); });
  }
  if (others != nullptr) to = WriteOthers(*others, to);
  const uint64_t sampling = measured(WEIR_HAS_SAMPLING, record.sampling_interval);
  if (sampling != 0) to = WriteVarint(sampling, WriteLiteral("\xE8\x01", to));  // field 29
  return to;
}

inline char* ProtobufEncoder::WriteOthers(const weir_other_interfaces& others, char* to) {
  const weir_interface* const end = others.interfaces + CountOf(others);
  for (const weir_interface* other = others.interfaces; other != end; ++other) {
    if (other->name[0] == '\0') continue;
    to = internal::WriteDupMapEntry(other->direction, to, [other](char* body) {
      return internal::WriteUtf8(NameOf(*other), body);
    });
  }
  return to;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_PROTOBUF_H_
