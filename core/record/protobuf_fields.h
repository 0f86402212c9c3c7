// SPDX-License-Identifier: Apache-2.0
// Splits a message in protobuf's wire format into its fields, without protobuf's library. Made for
// untrusted input; does not allocate.
#ifndef WEIR_CORE_RECORD_PROTOBUF_FIELDS_H_
#define WEIR_CORE_RECORD_PROTOBUF_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

// A field of a message. kBytes sets `bytes`; the other wire types set `number`.
struct ProtobufField {
  enum WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  uint32_t id = 0;
  WireType type = kVarint;
  uint64_t number = 0;
  std::string_view bytes;
};

namespace internal {

inline constexpr unsigned kMaxVarintBytes = 10;

// Like ReadVarint, byte by byte, with at most `most_bytes` bytes.
inline const char* ReadLongVarint(const char* at, const char* end, unsigned most_bytes,
                                  uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; shift < 7 * most_bytes && at != end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*at++);
    if (shift == 63 && byte > 1) return nullptr;
    *value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return at;
  }
  return nullptr;
}

// Reads a varint from [at, end). Returns its end; returns null if it has more than kMaxVarintBytes
// or 64 bits, or is cut off. Memory up to `limit` (at least `end`) is readable.
inline const char* ReadVarint(const char* at, const char* end, const char* limit, uint64_t* value) {
  if (at == end) return nullptr;
  const auto first = static_cast<uint8_t>(*at);
  if (first < 0x80) {
    *value = first;
    return at + 1;
  }
  if (limit - at >= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    const uint64_t last_bytes = ~word & 0x8080808080808080;
    if (last_bytes != 0) {
      const int size = __builtin_ctzll(last_bytes) / 8 + 1;
      word &= last_bytes ^ (last_bytes - 1);  // clear the bytes behind the last one
      // Join groups of 7 bits to 14, 28 and 56 bits.
      word = (word & 0x007F007F007F007F) | (word & 0x7F007F007F007F00) >> 1;
      word = (word & 0x00003FFF00003FFF) | (word & 0x3FFF00003FFF0000) >> 2;
      *value = (word & 0x000000000FFFFFFF) | (word & 0x0FFFFFFF00000000) >> 4;
      return size <= end - at ? at + size : nullptr;
    }
  }
  return ReadLongVarint(at, end, kMaxVarintBytes, value);
}

}  // namespace internal

// Reads the fields of a message in order. Borrows its bytes. One thread.
class ProtobufFields {
 public:
  explicit ProtobufFields(std::string_view message)
      : at_(message.data()), end_(message.data() + message.size()) {}

  // Reads the next field. Returns false at the end, and if the bytes are wrong: then error() is not
  // null.
  bool Next(ProtobufField* field) {
    if (at_ == end_) return false;
    uint64_t tag = 0;
    if (!TakeShort(&tag)) return false;
    if (tag >> 32 != 0 || tag >> 3 == 0) return Fail("a field has no valid number");
    field->id = static_cast<uint32_t>(tag >> 3);
    field->type = static_cast<ProtobufField::WireType>(tag & 7);
    switch (field->type) {
      case ProtobufField::kVarint:
        at_ = internal::ReadVarint(at_, end_, end_, &field->number);
        return at_ != nullptr || Fail("a number does not end");
      case ProtobufField::kFixed64:
        return TakeFixed(8, &field->number);
      case ProtobufField::kFixed32:
        return TakeFixed(4, &field->number);
      case ProtobufField::kBytes:
        return TakeBytes(&field->bytes);
    }
    return Fail("a field has a type that is not supported");
  }
  // A phrase such as "it is cut off", or null.
  const char* error() const { return error_; }

 private:
  // Tags and lengths have 32 bits. Like protobuf's parser, refuse longer forms, even with zeros.
  static constexpr unsigned kMaxShortBytes = 5;

  bool Fail(const char* error) {
    error_ = error;
    at_ = end_;
    return false;
  }

  bool TakeShort(uint64_t* value) {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) {
      *value = static_cast<uint8_t>(*at_++);
      return true;
    }
    at_ = internal::ReadLongVarint(at_, end_, kMaxShortBytes, value);
    return at_ != nullptr || Fail("a number does not end");
  }

  // Reads a little-endian number of `size` bytes.
  bool TakeFixed(size_t size, uint64_t* value) {
    if (static_cast<size_t>(end_ - at_) < size) return Fail("it is cut off");
    *value = 0;
    std::memcpy(value, at_, size);
    at_ += size;
    return true;
  }

  bool TakeBytes(std::string_view* bytes) {
    uint64_t size = 0;
    if (!TakeShort(&size)) return false;
    if (size > static_cast<size_t>(end_ - at_)) return Fail("it is cut off");
    *bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }

  const char* at_;
  const char* end_;
  const char* error_ = nullptr;
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_PROTOBUF_FIELDS_H_
