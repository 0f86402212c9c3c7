// SPDX-License-Identifier: Apache-2.0
#include "core/record/csv.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>

#include "core/record/testing/plain_text.h"
#include "core/record/testing/random_records.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

std::string Name(std::string_view name) {
  std::string out(3 * name.size() + 3 + kScratchBytes, ' ');
  out.resize(static_cast<size_t>(WriteCsvName(name, out.data()) - out.data()));
  return out;
}

TEST(CsvTest, QuotesNamesByRfc4180) {
  EXPECT_EQ(Name("eth0"), "eth0");
  EXPECT_EQ(Name(""), "");
  EXPECT_EQ(Name("a,b"), "\"a,b\"");
  EXPECT_EQ(Name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(Name("\""), "\"\"\"\"");
  EXPECT_EQ(Name("a b'c\\d;e"), "a b'c\\d;e");
  EXPECT_EQ(Name("\xC3\xA9\xF0\x9F\x98\x80"), "\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(CsvTest, NamesAreOneLineOfText) {
  const std::string bad = kReplacementCharacter;
  EXPECT_EQ(Name("a\nb\r\t\x1b[2J\x7f"), "a" + bad + "b" + bad + bad + bad + "[2J" + bad);
  EXPECT_EQ(Name("\xC2\x9B"), bad);  // a C1 control character
  EXPECT_EQ(Name("a\xE2\x80\xAE"
                 "b"),
            "a" + bad + "b");  // right-to-left override
  EXPECT_EQ(Name("\xC2\xA0\xFF"), "\xC2\xA0" + bad);
}

TEST(CsvTest, NoNameIsAFormula) {
  EXPECT_EQ(Name("=1+1"), "'=1+1");
  EXPECT_EQ(Name("+1"), "'+1");
  EXPECT_EQ(Name("-1"), "'-1");
  EXPECT_EQ(Name("@a"), "'@a");
  EXPECT_EQ(Name("=a,\"b"), "\"'=a,\"\"b\"");
  EXPECT_EQ(Name("a=1"), "a=1");
}

// The record has all fields, so a missing column shows.
TEST(CsvEncoderTest, HasTheColumnsOfJson) {
  std::string header;
  for (const auto& [key, value] : testing::PlainFieldsOf(Record{})) {
    header += (header.empty() ? "" : ",") + key;
  }
  EXPECT_EQ(CsvEncoder::kHeader, header + "\n");
}

TEST(CsvEncoderTest, WritesAnyRecordAsThePlainWayDoes) {
  testing::RandomRecords random(12);
  CsvEncoder encoder;
  for (int i = 0; i < 20'000; ++i) {
    const Record record = i % 2 == 0 ? random.Any() : random.OfTraffic();
    const weir_other_interfaces any = random.AnyOthers();
    const weir_other_interfaces* const others = i % 4 < 2 ? &any : nullptr;
    std::string expected;
    for (const auto& [key, value] : testing::PlainFieldsOf(record, others)) {
      if (key != "Etype") expected += ',';
      const bool names = key == "Interface" || key == "Interfaces";
      expected += names ? Name(value.value_or("")) : value.value_or("");
    }
    char text[CsvEncoder::kMaxRecordBytes];
    const std::string line(text, encoder.Write(record, others, text));
    // The header is written once.
    ASSERT_EQ(line, (i == 0 ? CsvEncoder::kHeader : "") + expected + "\n");
    ASSERT_EQ(std::count(line.begin(), line.end(), '\n'), i == 0 ? 2 : 1);
  }
}

TEST(CsvEncoderTest, LeavesOutTheHeaderOnDemand) {
  char text[CsvEncoder::kMaxRecordBytes];
  EXPECT_EQ(std::string(text, CsvEncoder(false).Write(Record{}, text)).substr(0, 4), "0,0,");
}

TEST(CsvEncoderTest, TheLongestLineIsAsLongAsItSays) {
  Record record;
  std::fill_n(reinterpret_cast<uint8_t*>(&record), sizeof(record), 0xFF);
  record.interface_name[0] = '"';
  record.start_wall_time_ns = record.end_wall_time_ns = std::numeric_limits<int64_t>::max();
  weir_other_interfaces others;
  std::fill_n(reinterpret_cast<uint8_t*>(&others), sizeof(others), 0xFF);
  std::string room(CsvEncoder::kMaxRecordBytes + 1, '#');
  CsvEncoder encoder;
  const char* const end = encoder.Write(record, &others, room.data());
  EXPECT_EQ(static_cast<size_t>(end - room.data()),
            std::string_view(CsvEncoder::kHeader).size() + CsvEncoder::kMaxLineBytes);
  EXPECT_EQ(room.back(), '#');
}

}  // namespace
}  // namespace weir
