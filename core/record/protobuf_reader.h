// SPDX-License-Identifier: Apache-2.0
// Records out of the messages of pbflow.proto, as others send them: straight from the
// bytes, without protobuf's library, without allocation, and with nothing believed.
#ifndef WEIR_CORE_RECORD_PROTOBUF_READER_H_
#define WEIR_CORE_RECORD_PROTOBUF_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/record/constants.h"
#include "core/record/other_interfaces.h"
#include "core/record/protobuf_fields.h"
#include "core/record/record.h"
#include "core/record/utf8.h"

namespace weir {

// Reads one pbflow.Record into `record`, and into `others`, unless that is null, the
// interfaces of `dup_list` beside its own. Returns null, or in a few words what is wrong with
// `message`; both are then of no use. Fields that weir has no place for are passed over.
//
// Refused is what protobuf's own parsers refuse, groups, a field of another type than it
// should have, and a number that its place in a record has no room for.
//
// The message has no monotonic times: those of the record are 0. A field that is 0 counts as
// not measured, an agent's address if it is `::`, and wall times if both are 0. Where one of them
// is missing, it is as the other one. The name of the interface is that of `interface`, or of the
// first entry of `dup_list`. Names end before a NUL, and have as many whole characters as fit into
// kMaxInterfaceName bytes. Of `dup_list` the first kMaxInterfaces entries with a name count,
// each interface once; those behind them are checked and passed over.
inline const char* ReadProtobuf(std::string_view message, Record* record,
                                weir_other_interfaces* others = nullptr);

namespace internal {

// Reads fields into a record. Functions return what is wrong, or null.
class ProtobufReader {
 public:
  ProtobufReader(Record* record, weir_other_interfaces* others)
      : record_(record), others_(others) {}

  const char* Read(std::string_view message) {
    *record_ = Record{};
    if (others_ != nullptr) *others_ = weir_other_interfaces{};
    const char* const error =
        ReadFields(message, [this](const ProtobufField& field) { return ReadField(field); });
    return error != nullptr ? error : Finish();
  }

 private:
  struct Time {
    uint64_t seconds = 0;  // two's complement
    uint32_t nanoseconds = 0;
    bool is_set = false;
  };
  // An entry of dup_list.
  struct Listed {
    std::string_view name;
    uint8_t direction = 0;
  };

  template <typename ReadOne>
  static const char* ReadFields(std::string_view message, ReadOne read_one) {
    ProtobufFields fields(message);
    ProtobufField field;
    while (fields.Next(&field)) {
      if (const char* const error = read_one(field); error != nullptr) return error;
    }
    return fields.error();
  }

  // A message of its own in a field. Of several they are one, as protobuf has it.
  template <typename ReadOne>
  static const char* ReadNested(const ProtobufField& field, ReadOne read_one) {
    return field.type == ProtobufField::kBytes ? ReadFields(field.bytes, read_one) : kWrongType;
  }

  template <typename Number>
  static const char* ReadNumber(const ProtobufField& field, Number* to,
                                uint64_t most = std::numeric_limits<Number>::max()) {
    if (field.type != ProtobufField::kVarint) return kWrongType;
    if (field.number > most) return "a number is too large";
    *to = static_cast<Number>(field.number);
    return nullptr;
  }

  static const char* ReadText(const ProtobufField& field, std::string_view* to) {
    if (field.type != ProtobufField::kBytes) return kWrongType;
    for (std::string_view rest = field.bytes; !rest.empty();) {
      const size_t length = Utf8SequenceLength(rest);
      if (length == 0) return "a text is not UTF-8";
      rest.remove_prefix(length);
    }
    *to = field.bytes;
    return nullptr;
  }

  // What of a text a record has room for.
  static const char* ReadName(const ProtobufField& field, std::string_view* to) {
    std::string_view text;
    const char* const error = ReadText(field, &text);
    text = text.substr(0, text.find('\0'));
    size_t size = 0;
    while (size < text.size()) {
      const size_t length = Utf8SequenceLength(text.substr(size));
      if (size + length > kMaxInterfaceName) break;
      size += length;
    }
    *to = text.substr(0, size);
    return error;
  }

  static const char* ReadMac(const ProtobufField& field, uint8_t* mac) {
    constexpr unsigned kBits = 8 * kMacLength;
    uint64_t number = 0;
    const char* const error = ReadNumber(field, &number, (uint64_t{1} << kBits) - 1);
    number = __builtin_bswap64(number << (64 - kBits));
    std::memcpy(mac, &number, kMacLength);
    return error;
  }

  static const char* ReadIp(const ProtobufField& field, uint8_t* address) {
    return ReadNested(field, [address](const ProtobufField& ip) -> const char* {
      if (ip.id == 1) {
        if (ip.type != ProtobufField::kFixed32) return kWrongType;
        const IpAddr v4 = IpAddr::FromV4(static_cast<uint32_t>(ip.number));
        std::memcpy(address, v4.bytes.data(), v4.bytes.size());
      } else if (ip.id == 2) {
        if (ip.type != ProtobufField::kBytes) return kWrongType;
        if (ip.bytes.size() != kIpLength) return "an IPv6 address does not have 16 bytes";
        std::memcpy(address, ip.bytes.data(), kIpLength);
      }
      return nullptr;
    });
  }

  static const char* ReadTime(const ProtobufField& field, Time* time) {
    time->is_set = true;
    return ReadNested(field, [time](const ProtobufField& part) -> const char* {
      if (part.id == 1) return ReadNumber(part, &time->seconds);
      if (part.id == 2) return ReadNumber(part, &time->nanoseconds, 999'999'999);
      return nullptr;
    });
  }

  const char* ReadField(const ProtobufField& field);
  const char* ReadDataLink(const ProtobufField& field);
  const char* ReadNetwork(const ProtobufField& field);
  const char* ReadTransport(const ProtobufField& field);
  const char* ReadDupMapEntry(const ProtobufField& field);
  const char* Finish();
  void ListOthers();
  static bool ToNanoseconds(const Time& time, int64_t* nanoseconds);

  static constexpr char kWrongType[] = "a field has another type than it should have";

  Record* const record_;
  weir_other_interfaces* const others_;
  Time start_;
  Time end_;
  uint64_t duplicate_ = 0;
  std::string_view interface_;
  Listed list_[kMaxInterfaces];
  size_t listed_ = 0;
};

inline const char* ProtobufReader::ReadField(const ProtobufField& field) {
  switch (field.id) {
    case 1:
      return ReadNumber(field, &record_->eth_protocol);
    case 2:
      return ReadNumber(field, &record_->direction);
    case 3:
      return ReadTime(field, &start_);
    case 4:
      return ReadTime(field, &end_);
    case 5:
      return ReadDataLink(field);
    case 6:
      return ReadNetwork(field);
    case 7:
      return ReadTransport(field);
    case 8:
      return ReadNumber(field, &record_->bytes);
    case 9:
      return ReadNumber(field, &record_->packets);
    case 10:
      return ReadName(field, &interface_);
    case 11:
      return ReadNumber(field, &duplicate_);
    case 12:
      return ReadIp(field, record_->agent_ip);
    case 13:
      return ReadNumber(field, &record_->tcp_flags);
    case 14:
      return ReadNumber(field, &record_->icmp_type);
    case 15:
      return ReadNumber(field, &record_->icmp_code);
    case 26:
      return ReadDupMapEntry(field);
    case 29:
      return ReadNumber(field, &record_->sampling_interval);
    default:
      return nullptr;
  }
}

inline const char* ProtobufReader::ReadDataLink(const ProtobufField& field) {
  return ReadNested(field, [this](const ProtobufField& part) -> const char* {
    if (part.id == 1) return ReadMac(part, record_->src_mac);
    if (part.id == 2) return ReadMac(part, record_->dst_mac);
    return nullptr;
  });
}

inline const char* ProtobufReader::ReadNetwork(const ProtobufField& field) {
  return ReadNested(field, [this](const ProtobufField& part) -> const char* {
    if (part.id == 1) return ReadIp(part, record_->src_addr);
    if (part.id == 2) return ReadIp(part, record_->dst_addr);
    if (part.id == 3) return ReadNumber(part, &record_->dscp);
    return nullptr;
  });
}

inline const char* ProtobufReader::ReadTransport(const ProtobufField& field) {
  return ReadNested(field, [this](const ProtobufField& part) -> const char* {
    if (part.id == 1) return ReadNumber(part, &record_->src_port);
    if (part.id == 2) return ReadNumber(part, &record_->dst_port);
    if (part.id == 3) return ReadNumber(part, &record_->transport_protocol);
    return nullptr;
  });
}

inline const char* ProtobufReader::ReadDupMapEntry(const ProtobufField& field) {
  Listed entry;
  const char* const error = ReadNested(field, [&entry](const ProtobufField& part) -> const char* {
    std::string_view udn;  // has no place in a record
    if (part.id == 1) return ReadName(part, &entry.name);
    if (part.id == 2) return ReadNumber(part, &entry.direction);
    if (part.id == 3) return ReadText(part, &udn);
    return nullptr;
  });
  if (!entry.name.empty() && listed_ < kMaxInterfaces) list_[listed_++] = entry;
  return error;
}

// Leaves out the record's own, by name and direction; without a name of its own it is the
// first, whatever its direction.
inline void ProtobufReader::ListOthers() {
  for (size_t i = interface_.empty() ? 1 : 0; i < listed_; ++i) {
    weir_interface other{};
    other.direction = list_[i].direction;
    list_[i].name.copy(other.name, kMaxInterfaceName);
    if (!AddInterface(other, *record_, others_)) return;
  }
}

inline const char* ProtobufReader::Finish() {
  if (!start_.is_set) start_ = end_;
  if (!end_.is_set) end_ = start_;
  if (!ToNanoseconds(start_, &record_->start_wall_time_ns) ||
      !ToNanoseconds(end_, &record_->end_wall_time_ns)) {
    return "a time is out of range";
  }
  SetInterfaceName(interface_.empty() ? list_[0].name : interface_, record_);
  if (others_ != nullptr) ListOthers();
  const auto measured = [this](bool is, uint64_t bit) { record_->present |= is ? bit : 0; };
  measured(record_->tcp_flags != 0, WEIR_HAS_TCP_FLAGS);
  measured(record_->dscp != 0, WEIR_HAS_DSCP);
  measured(record_->icmp_type != 0 || record_->icmp_code != 0, WEIR_HAS_ICMP);
  measured(record_->sampling_interval != 0, WEIR_HAS_SAMPLING);
  measured(duplicate_ != 0, WEIR_IS_DUPLICATE);
  measured(AgentIp(*record_) != IpAddr{}, WEIR_HAS_AGENT_IP);
  measured(record_->start_wall_time_ns != 0 || record_->end_wall_time_ns != 0, WEIR_HAS_WALL_TIME);
  return nullptr;
}

// False where 64 bits do not hold it.
inline bool ProtobufReader::ToNanoseconds(const Time& time, int64_t* nanoseconds) {
  constexpr int64_t kSecond = 1'000'000'000;
  auto seconds = static_cast<int64_t>(time.seconds);
  int64_t rest = time.nanoseconds;
  if (seconds < 0) {  // the product of the least time's own seconds would not fit
    ++seconds;
    rest -= kSecond;
  }
  int64_t product = 0;
  return !__builtin_mul_overflow(seconds, kSecond, &product) &&
         !__builtin_add_overflow(product, rest, nanoseconds);
}

}  // namespace internal

inline const char* ReadProtobuf(std::string_view message, Record* record,
                                weir_other_interfaces* others) {
  return internal::ProtobufReader(record, others).Read(message);
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_PROTOBUF_READER_H_
