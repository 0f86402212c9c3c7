// SPDX-License-Identifier: Apache-2.0
// The fields of a message in protobuf's wire format, one after another: what reads messages
// without protobuf's library stands on. Nothing is believed, and nothing is allocated.
#ifndef WEIR_CORE_RECORD_PROTOBUF_FIELDS_H_
#define WEIR_CORE_RECORD_PROTOBUF_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

// A field of a message; `number` or `bytes` by its wire type.
struct ProtobufField {
  enum WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  uint32_t id = 0;
  WireType type = kVarint;
  uint64_t number = 0;
  std::string_view bytes;
};

// Takes fields off a message, one after another. Borrows its bytes. One thread.
class ProtobufFields {
 public:
  explicit ProtobufFields(std::string_view message) : rest_(message) {}

  // False at the end, and where the bytes are no fields: then error() is not null.
  bool Next(ProtobufField* field) {
    if (rest_.empty()) return false;
    uint64_t tag = 0;
    if (!TakeVarint(&tag, kMaxShortBytes)) return false;
    if (tag >> 32 != 0 || tag >> 3 == 0) return Fail("a field has no valid number");
    field->id = static_cast<uint32_t>(tag >> 3);
    field->type = static_cast<ProtobufField::WireType>(tag & 7);
    switch (field->type) {
      case ProtobufField::kVarint:
        return TakeVarint(&field->number);
      case ProtobufField::kFixed64:
        return TakeFixed(8, &field->number);
      case ProtobufField::kFixed32:
        return TakeFixed(4, &field->number);
      case ProtobufField::kBytes:
        return TakeBytes(&field->bytes);
    }
    return Fail("a field has a type that is not supported");
  }
  const char* error() const { return error_; }

 private:
  // Of tags and lengths, which have 32 bits: in more bytes protobuf does not take them, though
  // these be zeros.
  static constexpr unsigned kMaxShortBytes = 5;
  static constexpr unsigned kMaxBytes = 10;

  bool Fail(const char* error) {
    error_ = error;
    return false;
  }

  bool TakeVarint(uint64_t* value, unsigned most_bytes = kMaxBytes) {
    *value = 0;
    for (unsigned shift = 0; shift < 7 * most_bytes && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_[0]);
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      *value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return true;
    }
    return Fail("a number does not end");
  }

  // Little-endian.
  bool TakeFixed(size_t size, uint64_t* value) {
    if (rest_.size() < size) return Fail("it is cut off");
    *value = 0;
    std::memcpy(value, rest_.data(), size);
    rest_.remove_prefix(size);
    return true;
  }

  bool TakeBytes(std::string_view* bytes) {
    uint64_t size = 0;
    if (!TakeVarint(&size, kMaxShortBytes)) return false;
    if (size > rest_.size()) return Fail("it is cut off");
    *bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  const char* error_ = nullptr;
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_PROTOBUF_FIELDS_H_
