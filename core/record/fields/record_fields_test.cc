// SPDX-License-Identifier: Apache-2.0
// The table of the record's fields against all that is written by hand: the struct, JSON, CSV, the
// merging of records, and names.
#include "core/record/fields/record_fields.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "core/record/csv.h"
#include "core/record/fields/block_csv.h"
#include "core/record/fields/block_json.h"
#include "core/record/fields/check_block.h"
#include "core/record/fields/field_value.h"
#include "core/record/human.h"
#include "core/record/json.h"
#include "core/record/record.h"
#include "core/record/tcp_flags.h"
#include "core/record/testing/random_records.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

uint8_t* BytesOf(Record* record) { return reinterpret_cast<uint8_t*>(record); }

BlockRow RowOf(const Record& record) {
  return {&kRecordSpec, reinterpret_cast<const uint8_t*>(&record), {}};
}

// Returns a record in which only `field` is set and measured: each of its bytes is 1.
Record WithOnly(const weir_field& field) {
  Record record{};
  std::memset(BytesOf(&record) + field.offset, 1, field.size);
  record.present |= field.present;
  return record;
}

std::string JsonOf(const Record& record) {
  std::string json;
  AppendJson(record, &json);
  return json;
}

TEST(RecordFieldsTest, KeepTheLimitsOfBlocks) {
  EXPECT_EQ(CheckFields(kRecordSpec), absl::OkStatus());
}

TEST(RecordFieldsTest, DescribeEachByteOnce) {
  std::map<size_t, size_t> places = {
      {offsetof(Record, present), sizeof(Record::present)},
      {offsetof(Record, reserved), sizeof(Record::reserved)},
  };
  for (const weir_field& field : kRecordFields) {
    if (field.size == 0) continue;
    EXPECT_TRUE(places.emplace(field.offset, field.size).second) << field.name;
  }
  size_t end = 0;
  for (const auto& [offset, size] : places) {
    EXPECT_EQ(offset, end);
    end = offset + size;
  }
  EXPECT_EQ(end, sizeof(Record));
}

// All bits of `present` but one, which says how flows are told apart, and the two of times.
TEST(RecordFieldsTest, UseEachBitOfPresent) {
  uint64_t bits = 0;
  for (const weir_field& field : kRecordFields) bits |= field.present;
  EXPECT_EQ(bits | kTimeBits, (uint64_t{WEIR_VLAN_IS_KEY} << 1) - 1 - WEIR_VLAN_IS_KEY);
}

// JSON written by hand is what the table gives.
TEST(RecordFieldsTest, JsonOfAnyRecordIsThatOfTheTable) {
  testing::RandomRecords random(21);
  BlockJsonWriter writer(kRecordSpec);
  for (int i = 0; i < 20'000; ++i) {
    const Record record = i % 2 == 0 ? random.Any() : random.OfTraffic();
    const BlockRow row = RowOf(record);
    std::string members(writer.Room(row), '#');
    members.resize(static_cast<size_t>(writer.Write(row, members.data()) - members.data()));
    ASSERT_EQ(JsonOf(record), "{" + members.substr(1) + "}") << "record " << i;
  }
}

TEST(RecordFieldsTest, CsvOfAnyRecordIsThatOfTheTable) {
  testing::RandomRecords random(22);
  BlockCsvWriter writer(kRecordSpec);
  CsvEncoder encoder(/*with_header=*/false);
  for (int i = 0; i < 20'000; ++i) {
    const Record record = i % 2 == 0 ? random.Any() : random.OfTraffic();
    const BlockRow row = RowOf(record);
    std::string columns(writer.Room(row), '#');
    columns.resize(static_cast<size_t>(writer.Write(row, columns.data()) - columns.data()));
    char line[CsvEncoder::kMaxRecordBytes];
    // The two lists are empty columns.
    ASSERT_EQ(std::string(line, encoder.Write(record, line)), columns.substr(1) + ",,\n")
        << "record " << i;
  }
}

TEST(RecordFieldsTest, TheCsvHeaderIsThatOfTheTable) {
  std::string header = BlockCsvWriter(kRecordSpec).columns().substr(1);
  for (const weir_field& field : kListFields) header += std::string(",") + field.csv_column;
  EXPECT_EQ(header + "\n", CsvEncoder::kHeader);
}

TEST(RecordFieldsTest, EachFieldHasItsKeyInJson) {
  const std::string empty = JsonOf(Record{});
  for (const weir_field& field : kRecordFields) {
    const std::string json = JsonOf(WithOnly(field));
    EXPECT_NE(json, empty) << field.name;
    EXPECT_NE(json.find(std::string("\"") + field.json_key + "\":"), std::string::npos)
        << field.name;
    // A field that is not measured is not there.
    if (field.present == 0) continue;
    Record unmeasured = WithOnly(field);
    unmeasured.present = 0;
    EXPECT_EQ(JsonOf(unmeasured), empty) << field.name;
  }
}

TEST(RecordFieldsTest, ListsHaveTheirKeysInJson) {
  const weir_other_interfaces others{};
  char text[JsonEncoder::kMaxRecordBytes];
  const std::string json(text, JsonEncoder().WriteObject(Record{}, &others, text));
  for (const weir_field& field : kListFields) {
    EXPECT_NE(json.find(std::string("\"") + field.json_key + "\":["), std::string::npos);
  }
}

// ---- Merging ---------------------------------------------------------------

// Returns the bytes of `field` after two records were merged in which it is `first` and `second`.
std::string Merged(const weir_field& field, uint8_t first, uint8_t second) {
  Record into{};
  Record other{};
  into.present = other.present = field.present | kTimeBits;
  // The first record is also the one that starts first.
  into.start_mono_time_ns = into.end_mono_time_ns = 10;
  other.start_mono_time_ns = other.end_mono_time_ns = 20;
  const auto set = [&field](uint8_t byte, Record* record) {
    std::memset(BytesOf(record) + field.offset, 0, field.size);
    if (field.size != 0) BytesOf(record)[field.offset] = byte;
  };
  set(first, &into);
  set(second, &other);
  Accumulate(other, &into);
  return {reinterpret_cast<const char*>(BytesOf(&into)) + field.offset, field.size};
}

std::string Number(const weir_field& field, uint8_t value) {
  std::string bytes(field.size, '\0');
  bytes[0] = static_cast<char>(value);
  return bytes;
}

TEST(RecordFieldsTest, MergeByTheirRules) {
  constexpr uint8_t kFirst = 5;
  constexpr uint8_t kSecond = 3;
  for (const weir_field& field : kRecordFields) {
    if (field.size == 0) continue;
    const std::string merged = Merged(field, kFirst, kSecond);
    switch (field.merge) {
      case WEIR_MERGE_SUM:
        EXPECT_EQ(merged, Number(field, kFirst + kSecond)) << field.name;
        break;
      case WEIR_MERGE_MIN:
        EXPECT_EQ(merged, Number(field, kSecond)) << field.name;
        break;
      case WEIR_MERGE_MAX:
        EXPECT_EQ(merged, Number(field, kFirst)) << field.name;
        break;
      case WEIR_MERGE_OR:
        EXPECT_EQ(merged, Number(field, kFirst | kSecond)) << field.name;
        break;
      case WEIR_MERGE_LAST:
        EXPECT_EQ(merged, Number(field, kSecond)) << field.name;
        break;
      default:  // records of one flow have the same key
        EXPECT_EQ(merged, Number(field, kFirst)) << field.name;
    }
  }
}

TEST(RecordFieldsTest, ADuplicateStaysOne) {
  Record into{};
  Record other{};
  other.present = WEIR_IS_DUPLICATE;
  Accumulate(other, &into);
  EXPECT_NE(into.present & WEIR_IS_DUPLICATE, 0u);
}

// The key of a recording is the key of the table, without the namespace, which it does not have.
TEST(RecordFieldsTest, TheKeyIsThatOfRawRecords) {
  for (const weir_field& field : kRecordFields) {
    if (std::string_view(field.name) == "network_namespace") continue;
    Record from_key{};
    SetKey(KeyOf(WithOnly(field)), &from_key);
    EXPECT_EQ(JsonOf(from_key) != JsonOf(Record{}), field.merge == WEIR_MERGE_KEY) << field.name;
  }
}

// ---- Names of values -------------------------------------------------------

TEST(RecordFieldsTest, DirectionsHaveOneName) {
  for (const weir_value_name& name : kDirectionNames) {
    EXPECT_STREQ(DirectionName(static_cast<uint8_t>(name.value)), name.name);
  }
}

TEST(RecordFieldsTest, EachPairOfTcpFlagsHasAName) {
  uint64_t bits = 0;
  for (const weir_value_name& name : kTcpFlagPairNames) bits |= name.value;
  EXPECT_EQ(bits, kTcpFlagPairBits);
}

}  // namespace
}  // namespace weir
