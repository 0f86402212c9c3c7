// SPDX-License-Identifier: Apache-2.0
// Reads a configuration in protobuf's wire format without protobuf's library. A plain struct
// takes the place of the generated message, so the plugin links no protobuf.
//
//   struct MyConfig {
//     std::string path;
//     uint32_t limit = 10;  // the same default as in the .proto
//
//     bool ParseFromArray(const void* data, int size) {  // what sdk::Define calls
//       weir::sdk::ConfigReader reader(data, size);
//       while (reader.Next()) {
//         if (reader.field() == 1) reader.Read(&path);
//         if (reader.field() == 2) reader.Read(&limit);
//       }
//       return reader.ok();
//     }
//   };
//
// The host has checked the configuration by its descriptors. The reader relies on none of that:
// it never reads past the end, whatever the bytes are.
#ifndef WEIR_PLUGINS_SDK_CONFIG_READER_H_
#define WEIR_PLUGINS_SDK_CONFIG_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "core/record/protobuf_fields.h"

namespace weir::sdk {

// Gives the fields one after another, in the order of the message. A field that the caller does
// not read is passed over. If a field comes more than once, the last value counts; of a repeated
// field each is an element. Repeated numbers must not be packed (proto2 does not pack them unless
// the .proto says [packed = true]). Borrows the bytes. One thread.
class ConfigReader {
 public:
  ConfigReader(const void* data, int size)
      : fields_({static_cast<const char*>(data), size < 0 ? 0 : static_cast<size_t>(size)}) {}

  // Moves to the next field. Returns false at the end and after an error.
  bool Next() { return !wrong_type_ && fields_.Next(&field_); }
  // Returns the number of the current field, as in the .proto.
  uint32_t field() const { return field_.id; }

  // Reads a string or bytes field; also the bytes of a message field, for a reader of its own.
  void Read(std::string* value) {
    if (Expect(ProtobufField::kBytes)) *value = std::string(field_.bytes);
  }
  // Read a field of the type bool, uint32, uint64, int32 or int64, or an enum.
  void Read(bool* value) { ReadNumber(value); }
  void Read(uint32_t* value) { ReadNumber(value); }
  void Read(uint64_t* value) { ReadNumber(value); }
  void Read(int32_t* value) { ReadNumber(value); }
  void Read(int64_t* value) { ReadNumber(value); }
  // Read a field of the type sint32 or sint64.
  void ReadSigned(int32_t* value) { ReadZigZag(value); }
  void ReadSigned(int64_t* value) { ReadZigZag(value); }
  // Reads a double, fixed64 or sfixed64 field by the type of `value`.
  void Read(double* value) { ReadBits(ProtobufField::kFixed64, value); }
  void ReadFixed(uint64_t* value) { ReadBits(ProtobufField::kFixed64, value); }
  void ReadFixed(int64_t* value) { ReadBits(ProtobufField::kFixed64, value); }
  // Reads a float, fixed32 or sfixed32 field by the type of `value`.
  void Read(float* value) { ReadBits(ProtobufField::kFixed32, value); }
  void ReadFixed(uint32_t* value) { ReadBits(ProtobufField::kFixed32, value); }
  void ReadFixed(int32_t* value) { ReadBits(ProtobufField::kFixed32, value); }

  // Returns false if the bytes are not a message, or if a field was read as another wire type
  // than it has.
  bool ok() const { return !wrong_type_ && fields_.error() == nullptr; }

 private:
  bool Expect(ProtobufField::WireType type) {
    wrong_type_ = wrong_type_ || field_.type != type;
    return !wrong_type_;
  }
  template <typename Number>
  void ReadNumber(Number* value) {
    if (Expect(ProtobufField::kVarint)) *value = static_cast<Number>(field_.number);
  }
  // 0, -1, 1, -2 ... are encoded as 0, 1, 2, 3 ...
  template <typename Number>
  void ReadZigZag(Number* value) {
    if (!Expect(ProtobufField::kVarint)) return;
    *value = static_cast<Number>(field_.number >> 1 ^ (0 - (field_.number & 1)));
  }
  // The field's bits as a value of the same size; little-endian (raw_record.h).
  template <typename Value>
  void ReadBits(ProtobufField::WireType type, Value* value) {
    if (Expect(type)) std::memcpy(value, &field_.number, sizeof(*value));
  }

  ProtobufFields fields_;
  ProtobufField field_;
  bool wrong_type_ = false;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_CONFIG_READER_H_
