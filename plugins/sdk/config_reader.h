// SPDX-License-Identifier: Apache-2.0
// Reads a configuration in protobuf's wire format without protobuf's library, for plugins
// that link none: a plain struct takes the place of the generated message.
//
//   struct MyConfig {
//     std::string path;
//     uint32_t limit = 10;  // the default that the .proto tells people of
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
// The host has checked the configuration by its descriptors; here nothing is believed all
// the same: no byte behind the end is read, whatever the bytes are.
#ifndef WEIR_PLUGINS_SDK_CONFIG_READER_H_
#define WEIR_PLUGINS_SDK_CONFIG_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/record/protobuf_fields.h"

namespace weir::sdk {

// Fields one after another, in the order of the message. Fields that nobody reads are passed
// over; of a field that comes more than once the last counts, or each is an element of a
// repeated field (written [packed = false], as proto2 does by itself). Borrows the bytes.
// One thread.
class ConfigReader {
 public:
  ConfigReader(const void* data, int size)
      : fields_({static_cast<const char*>(data), size < 0 ? 0 : static_cast<size_t>(size)}) {}

  // Goes on to the next field; false at the end, and after an error.
  bool Next() { return !wrong_type_ && fields_.Next(&field_); }
  // The number of the field, as in the .proto.
  uint32_t field() const { return field_.id; }

  // string and bytes; a message too, for a reader of its own.
  void Read(std::string* value) {
    if (Expect(ProtobufField::kBytes)) *value = std::string(field_.bytes);
  }
  // int32, int64, uint32, uint64, bool and enums; not sint and fixed.
  void Read(bool* value) { ReadNumber(value); }
  void Read(uint32_t* value) { ReadNumber(value); }
  void Read(uint64_t* value) { ReadNumber(value); }
  void Read(int32_t* value) { ReadNumber(value); }
  void Read(int64_t* value) { ReadNumber(value); }

  // False if the bytes are no message, or a field was read as another type than it has.
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

  ProtobufFields fields_;
  ProtobufField field_;
  bool wrong_type_ = false;
};

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_CONFIG_READER_H_
