// SPDX-License-Identifier: Apache-2.0
// Reads flow records from messages of pbflow.proto, without protobuf's library. Made for untrusted
// input; does not allocate.
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

// The number of fields that had a value for which a record has no place, by subject.
struct ProtobufUnrepresented {
  enum Kind : uint8_t {
    kDrops,
    kDns,
    kRtt,
    kNetworkEvents,
    kTranslation,
    kUserNetwork,  // `udn` of an interface
    kInterfaces,   // entries of `dup_list` beyond kMaxInterfaces
    kOther,        // fields that pbflow.proto does not define
    kKinds,
  };
  uint64_t fields[kKinds] = {};
};

// Reads one pbflow.Record into `record`. Unless `others` is null, sets it to the other interfaces
// in `dup_list`: its `count` and that many interfaces. Unless `unrepresented` is null, adds to it
// the fields for which a record has no place. Returns null, or a phrase that says what is wrong
// with `message`; then `record` and `others` are not valid.
//
// Refuses what protobuf's own parsers refuse. Also refuses groups, a field of another wire type
// than pbflow.proto gives it, a number too large for its place in a record, and a direction other
// than INGRESS and EGRESS.
//
// - The message has no monotonic times: those of the record are 0.
// - A field that is 0 counts as not measured; so does the agent address `::`. Wall times count as
//   measured unless both are 0. If one is missing, it gets the value of the other.
// - The interface name is `interface`, or else the name of the first entry of `dup_list`. A name
// ends
//   before a NUL, and is cut to whole characters within kMaxInterfaceName bytes.
// - Of `dup_list`, the first kMaxInterfaces entries with a name are used, each interface once.
// Later
//   entries are checked and passed over.
inline const char* ReadProtobuf(std::string_view message, Record* record,
                                weir_other_interfaces* others = nullptr,
                                ProtobufUnrepresented* unrepresented = nullptr);

namespace internal {

// Reads the fields of a message in the order of their numbers, as encoders write them. Each
// function reads one field if it is next. It returns true if it has read the field, or if another
// field is next. It returns false if the field is wrong or unusual: ProtobufFields must then read
// it again.
class FieldsInOrder {
 public:
  // Memory up to `limit` (at least `end`) is readable.
  FieldsInOrder(const char* at, const char* end, const char* limit)
      : at_(at), end_(end), limit_(limit) {}

  // Where the next field begins.
  const char* at() const { return at_; }

  // A varint of at most `most`. `tag` is the field's tag, one or two bytes.
  template <size_t kTagSize, typename Value>
  bool Number(const char (&tag)[kTagSize], Value* to,
              uint64_t most = std::numeric_limits<Value>::max()) {
    const char* const value = Behind(tag);
    if (value == nullptr) return true;
    uint64_t number = 0;
    const char* const end = ReadVarint(value, end_, limit_, &number);
    if (end == nullptr || number > most) return false;
    *to = static_cast<Value>(number);
    at_ = end;
    return true;
  }

  // A field of at most 127 bytes. `read` gets these bytes and returns true if it could use all.
  template <size_t kTagSize, typename Read>
  bool Bytes(const char (&tag)[kTagSize], Read read) {
    const char* const length = Behind(tag);
    if (length == nullptr) return true;
    if (length == end_) return false;
    const auto size = static_cast<uint8_t>(*length);
    const char* const bytes = length + 1;
    if (size >= 0x80 || size > end_ - bytes || !read(bytes, bytes + size)) return false;
    at_ = bytes + size;
    return true;
  }

  // A nested message. `read` gets its fields.
  template <size_t kTagSize, typename Read>
  bool Nested(const char (&tag)[kTagSize], Read read) {
    return Bytes(tag, [this, &read](const char* at, const char* end) {
      FieldsInOrder fields(at, end, limit_);
      return read(&fields) && fields.at_ == end;
    });
  }

  // A pbflow.IP; sets the 16 bytes of `address`.
  bool Ip(char tag, uint8_t* address) {
    const char tag_text[] = {tag, '\0'};
    return Bytes(tag_text, [address](const char* at, const char* end) {
      if (end - at == 5 && at[0] == 0x0D) {
        uint32_t number = 0;
        std::memcpy(&number, at + 1, sizeof(number));
        const IpAddr v4 = IpAddr::FromV4(number);
        std::memcpy(address, v4.bytes.data(), v4.bytes.size());
        return true;
      }
      if (end - at != 18 || at[0] != 0x12 || at[1] != kIpLength) return false;
      std::memcpy(address, at + 2, kIpLength);
      return true;
    });
  }

  bool IsAtEnd() const { return at_ == end_; }

  // Returns true if the next field has this tag.
  template <size_t kTagSize>
  bool Is(const char (&tag)[kTagSize]) const {
    return Behind(tag) != nullptr;
  }

 private:
  // Returns the end of the tag, or null if the next field has another tag.
  template <size_t kTagSize>
  const char* Behind(const char (&tag)[kTagSize]) const {
    constexpr ptrdiff_t kSize = kTagSize - 1;
    static_assert(kSize == 1 || kSize == 2);
    if (end_ - at_ < kSize || at_[0] != tag[0]) return nullptr;
    if (kSize == 2 && at_[1] != tag[kSize - 1]) return nullptr;
    return at_ + kSize;
  }

  const char* at_;
  const char* const end_;
  const char* const limit_;
};

// Reads fields into a record. Its functions return null, or what is wrong.
class ProtobufReader {
 public:
  ProtobufReader(Record* record, weir_other_interfaces* others,
                 ProtobufUnrepresented* unrepresented)
      : record_(record), others_(others), unrepresented_(unrepresented) {}

  // Reads fields as long as they come in order (fast), then the others in any order. The second
  // step may read a field again that the first has read in part.
  const char* Read(std::string_view message) {
    *record_ = Record{};
    if (others_ != nullptr) others_->count = others_->reserved = 0;
    const char* const end = message.data() + message.size();
    const char* const rest = ReadInOrder(message.data(), end);
    if (rest != end) {
      const char* const error =
          ReadFields({rest, static_cast<size_t>(end - rest)},
                     [this](const ProtobufField& field) { return ReadField(field); });
      if (error != nullptr) return error;
    }
    return Finish();
  }

 private:
  struct Time {
    uint64_t seconds = 0;  // two's complement
    uint32_t nanoseconds = 0;
    bool is_set = false;
  };
  // An entry of dup_list.
  struct Listed {
    const char* name;
    uint8_t name_size;
    uint8_t direction;

    std::string_view Name() const { return {name, name_size}; }
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

  // Reads the message in a field. If the field comes twice, protobuf joins the messages.
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

  // Returns true if a text is ASCII without C0 control characters and fits into a record.
  static bool IsShortAscii(std::string_view text) {
    if (text.size() > kMaxInterfaceName) return false;
    unsigned bits = 0;  // a byte below 0x20 wraps
    for (const char c : text) bits |= static_cast<uint8_t>(c) | (static_cast<uint8_t>(c) - 0x20u);
    return (bits & ~0x7Fu) == 0;
  }

  // Reads a name, cut to what fits into a record.
  static const char* ReadName(const ProtobufField& field, std::string_view* to) {
    if (field.type == ProtobufField::kBytes && IsShortAscii(field.bytes)) {
      *to = field.bytes;
      return nullptr;
    }
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

  static const char* ReadDirection(const ProtobufField& field, uint8_t* to) {
    if (field.type != ProtobufField::kVarint) return kWrongType;
    if (field.number > kDirectionEgress) return "a direction is neither INGRESS nor EGRESS";
    *to = static_cast<uint8_t>(field.number);
    return nullptr;
  }

  // Returns the start of the first field that it does not read.
  const char* ReadInOrder(const char* at, const char* end);
  bool ReadDupMapEntryInOrder(FieldsInOrder* fields);
  void List(std::string_view name, uint8_t direction);
  void CountUnrepresented(ProtobufUnrepresented::Kind kind) {
    if (unrepresented_ != nullptr) ++unrepresented_->fields[kind];
  }
  void PassOver(const ProtobufField& field);
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
  ProtobufUnrepresented* const unrepresented_;
  Time start_;
  Time end_;
  uint64_t duplicate_ = 0;
  std::string_view interface_;
  Listed list_[kMaxInterfaces];  // the first listed_ are set
  size_t listed_ = 0;
};

inline const char* ProtobufReader::ReadInOrder(const char* at, const char* end) {
  FieldsInOrder fields(at, end, end);
  const auto time = [](FieldsInOrder* parts, Time* to) {
    to->is_set = true;
    return parts->Number("\x08", &to->seconds) &&
           parts->Number("\x10", &to->nanoseconds, 999'999'999);
  };
  const auto mac = [](FieldsInOrder* parts, const char(&tag)[2], uint8_t* to) {
    constexpr unsigned kBits = 8 * kMacLength;
    uint64_t number = 0;
    if (!parts->Number(tag, &number, (uint64_t{1} << kBits) - 1)) return false;
    number = __builtin_bswap64(number << (64 - kBits));
    std::memcpy(to, &number, kMacLength);
    return true;
  };
  const auto name = [this](const char* text, const char* text_end) {
    interface_ = {text, static_cast<size_t>(text_end - text)};
    return IsShortAscii(interface_);
  };
  Record* const record = record_;
  bool in_order =
      fields.Number("\x08", &record->eth_protocol) &&
      fields.Number("\x10", &record->direction, kDirectionEgress) &&
      fields.Nested("\x1A", [&](FieldsInOrder* parts) { return time(parts, &start_); }) &&
      fields.Nested("\x22", [&](FieldsInOrder* parts) { return time(parts, &end_); }) &&
      fields.Nested("\x2A",
                    [&](FieldsInOrder* parts) {
                      return mac(parts, "\x08", record->src_mac) &&
                             mac(parts, "\x10", record->dst_mac);
                    }) &&
      fields.Nested("\x32",
                    [record](FieldsInOrder* parts) {
                      return parts->Ip('\x0A', record->src_addr) &&
                             parts->Ip('\x12', record->dst_addr) &&
                             parts->Number("\x18", &record->dscp);
                    }) &&
      fields.Nested("\x3A",
                    [record](FieldsInOrder* parts) {
                      return parts->Number("\x08", &record->src_port) &&
                             parts->Number("\x10", &record->dst_port) &&
                             parts->Number("\x18", &record->transport_protocol);
                    }) &&
      fields.Number("\x40", &record->bytes) && fields.Number("\x48", &record->packets) &&
      fields.Bytes("\x52", name) && fields.Number("\x58", &duplicate_) &&
      fields.Ip('\x62', record->agent_ip) && fields.Number("\x68", &record->tcp_flags) &&
      fields.Number("\x70", &record->icmp_type) && fields.Number("\x78", &record->icmp_code);
  while (in_order && fields.Is("\xD2\x01")) {
    in_order = fields.Nested(
        "\xD2\x01", [this](FieldsInOrder* parts) { return ReadDupMapEntryInOrder(parts); });
  }
  if (in_order) fields.Number("\xE8\x01", &record->sampling_interval);
  return fields.at();
}

// Does not list an entry that it does not read.
inline bool ProtobufReader::ReadDupMapEntryInOrder(FieldsInOrder* fields) {
  std::string_view name;
  uint8_t direction = 0;
  const bool in_order = fields->Bytes("\x0A",
                                      [&name](const char* text, const char* end) {
                                        name = {text, static_cast<size_t>(end - text)};
                                        return IsShortAscii(name);
                                      }) &&
                        fields->Number("\x10", &direction, kDirectionEgress) && fields->IsAtEnd();
  if (in_order) List(name, direction);
  return in_order;
}

// Counts a field for which a record has no place.
inline void ProtobufReader::PassOver(const ProtobufField& field) {
  using Unrepresented = ProtobufUnrepresented;
  const bool has_value =
      field.type == ProtobufField::kBytes ? !field.bytes.empty() : field.number != 0;
  if (!has_value) return;
  const uint32_t id = field.id;
  CountUnrepresented(id >= 16 && id <= 20                 ? Unrepresented::kDrops
                     : id == 24                           ? Unrepresented::kRtt
                     : (id >= 21 && id <= 23) || id == 25 ? Unrepresented::kDns
                     : id == 27                           ? Unrepresented::kNetworkEvents
                     : id == 28                           ? Unrepresented::kTranslation
                                                          : Unrepresented::kOther);
}

inline void ProtobufReader::List(std::string_view name, uint8_t direction) {
  if (name.empty()) return;
  if (listed_ == kMaxInterfaces) return CountUnrepresented(ProtobufUnrepresented::kInterfaces);
  list_[listed_++] = {name.data(), static_cast<uint8_t>(name.size()), direction};
}

inline const char* ProtobufReader::ReadField(const ProtobufField& field) {
  switch (field.id) {
    case 1:
      return ReadNumber(field, &record_->eth_protocol);
    case 2:
      return ReadDirection(field, &record_->direction);
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
      PassOver(field);
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
  std::string_view name;
  std::string_view udn;
  uint8_t direction = 0;
  const char* const error = ReadNested(field, [&](const ProtobufField& part) -> const char* {
    if (part.id == 1) return ReadName(part, &name);
    if (part.id == 2) return ReadDirection(part, &direction);
    if (part.id == 3) return ReadText(part, &udn);
    return nullptr;
  });
  if (error != nullptr) return error;
  if (!udn.empty()) CountUnrepresented(ProtobufUnrepresented::kUserNetwork);
  List(name, direction);
  return nullptr;
}

// Leaves out the record's own interface, found by name and direction. If the message has no name of
// its own, the record's interface is the first entry, whatever its direction.
inline void ProtobufReader::ListOthers() {
  for (size_t i = interface_.empty() ? 1 : 0; i < listed_; ++i) {
    const Listed& listed = list_[i];
    if (listed.direction == record_->direction && listed.Name() == InterfaceName(*record_)) {
      continue;
    }
    weir_interface other{};
    other.direction = listed.direction;
    listed.Name().copy(other.name, kMaxInterfaceName);
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
  if (!interface_.empty() || listed_ > 0) {
    const std::string_view name = interface_.empty() ? list_[0].Name() : interface_;
    name.copy(record_->interface_name, kMaxInterfaceName);  // zeros follow
  }
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

// Returns false if the time does not fit into 64 bits.
inline bool ProtobufReader::ToNanoseconds(const Time& time, int64_t* nanoseconds) {
  constexpr int64_t kSecond = 1'000'000'000;
  auto seconds = static_cast<int64_t>(time.seconds);
  int64_t rest = time.nanoseconds;
  if (seconds < 0) {  // else the product for the earliest time would overflow
    ++seconds;
    rest -= kSecond;
  }
  int64_t product = 0;
  return !__builtin_mul_overflow(seconds, kSecond, &product) &&
         !__builtin_add_overflow(product, rest, nanoseconds);
}

}  // namespace internal

inline const char* ReadProtobuf(std::string_view message, Record* record,
                                weir_other_interfaces* others,
                                ProtobufUnrepresented* unrepresented) {
  return internal::ProtobufReader(record, others, unrepresented).Read(message);
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_PROTOBUF_READER_H_
