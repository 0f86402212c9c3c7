// SPDX-License-Identifier: Apache-2.0
// The protobuf numbers of the table, against the encoder, the messages of pbflow.proto and the
// reader: one field at a time.
#include <cstdint>
#include <cstring>
#include <string>

#include "core/record/fields/record_fields.h"
#include "core/record/pbflow.pb.h"
#include "core/record/protobuf.h"
#include "core/record/protobuf_reader.h"
#include "core/record/record.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

uint8_t* BytesOf(Record* record) { return reinterpret_cast<uint8_t*>(record); }

// Returns a record in which only `field` is set and measured, to 1, ::1 or the like.
Record WithOnly(const weir_field& field) {
  Record record{};
  uint8_t* const place = BytesOf(&record) + field.offset;
  const bool big_endian = field.type == WEIR_FIELD_IP || field.type == WEIR_FIELD_MAC;
  if (field.size != 0) place[big_endian ? field.size - 1 : 0] = 1;
  if (field.type == WEIR_FIELD_FIXED_TEXT) place[0] = 'a';
  record.present |= field.present;
  return record;
}

std::string Encoded(const Record& record) {
  char text[ProtobufEncoder::kMaxRecordBytes];
  return {text, ProtobufEncoder().Write(record, text)};
}

pbflow::Record Parsed(const Record& record) {
  pbflow::Record message;
  EXPECT_TRUE(message.ParseFromString(Encoded(record)));
  return message;
}

// Returns the part of `message` that has the number `number`; the message itself if that is 0.
const Message& PartOf(const Message& message, uint32_t number) {
  if (number == 0) return message;
  const FieldDescriptor* const part =
      message.GetDescriptor()->FindFieldByNumber(static_cast<int>(number));
  return message.GetReflection()->GetMessage(message, part);
}

// Returns the value of field `number` as text; empty if the message has no such field or no value.
std::string ValueOf(const Message& message, uint32_t number) {
  const FieldDescriptor* const field =
      message.GetDescriptor()->FindFieldByNumber(static_cast<int>(number));
  if (field == nullptr) return {};
  const google::protobuf::Reflection& values = *message.GetReflection();
  if (!values.HasField(message, field)) return {};
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(values.GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(values.GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::to_string(values.GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return values.GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_STRING:
      return values.GetString(message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return values.GetMessage(message, field).ShortDebugString();
    default:
      return "of another type";
  }
}

std::string Expected(const weir_field& field) {
  switch (field.type) {
    case WEIR_FIELD_BOOL:
      return "true";
    case WEIR_FIELD_IP:
      return R"(ipv6: "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001")";
    case WEIR_FIELD_FIXED_TEXT:
      return "a";
    case WEIR_FIELD_WALL_TIME:
      return "nanos: 1";
    default:
      return "1";
  }
}

TEST(RecordProtobufTest, EachFieldHasItsNumber) {
  for (const weir_field& field : kRecordFields) {
    if (field.protobuf_number == 0) continue;
    const pbflow::Record message = Parsed(WithOnly(field));
    EXPECT_EQ(ValueOf(PartOf(message, field.protobuf_message), field.protobuf_number),
              Expected(field))
        << field.name;
  }
}

TEST(RecordProtobufTest, AFieldWithoutANumberIsNotInTheMessage) {
  const std::string empty = Encoded(Record{});
  for (const weir_field& field : kRecordFields) {
    if (field.protobuf_number != 0) continue;
    EXPECT_EQ(Encoded(WithOnly(field)), empty) << field.name;
  }
}

// Returns true if the table has a field with this number.
bool IsInTable(uint32_t number, uint32_t message) {
  for (const weir_field& field : kRecordFields) {
    if (field.protobuf_number == number && field.protobuf_message == message) return true;
  }
  return false;
}

TEST(RecordProtobufTest, EachNumberOfTheMessageIsInTheTable) {
  const google::protobuf::Descriptor& record = *pbflow::Record::descriptor();
  for (int i = 0; i < record.field_count(); ++i) {
    const FieldDescriptor& field = *record.field(i);
    const auto number = static_cast<uint32_t>(field.number());
    if (number == kProtobufDupList) continue;
    const bool is_part =
        number == kProtobufDataLink || number == kProtobufNetwork || number == kProtobufTransport;
    if (!is_part) {
      EXPECT_TRUE(IsInTable(number, 0)) << field.name();
      continue;
    }
    for (int j = 0; j < field.message_type()->field_count(); ++j) {
      const FieldDescriptor& member = *field.message_type()->field(j);
      EXPECT_TRUE(IsInTable(static_cast<uint32_t>(member.number()), number)) << member.name();
    }
  }
}

TEST(RecordProtobufTest, TheReaderGivesEachFieldBack) {
  for (const weir_field& field : kRecordFields) {
    if (field.protobuf_number == 0) continue;
    Record written = WithOnly(field);
    Record read{};
    ASSERT_EQ(ReadProtobuf(Encoded(written), &read), nullptr) << field.name;
    EXPECT_EQ(
        std::memcmp(BytesOf(&read) + field.offset, BytesOf(&written) + field.offset, field.size), 0)
        << field.name;
    EXPECT_EQ(read.present & field.present, field.present) << field.name;
  }
}

TEST(RecordProtobufTest, ListsHaveTheirNumbers) {
  Record record{};
  record.direction = 1;
  SetInterfaceName("a", &record);
  const pbflow::Record message = Parsed(record);
  const FieldDescriptor* const list =
      message.GetDescriptor()->FindFieldByNumber(static_cast<int>(kProtobufDupList));
  ASSERT_EQ(message.GetReflection()->FieldSize(message, list), 1);
  const Message& entry = message.GetReflection()->GetRepeatedMessage(message, list, 0);
  for (const weir_field& field : kListFields) {
    EXPECT_EQ(field.protobuf_message, kProtobufDupList);
    EXPECT_EQ(ValueOf(entry, field.protobuf_number), Expected(field)) << field.name;
  }
}

}  // namespace
}  // namespace weir
