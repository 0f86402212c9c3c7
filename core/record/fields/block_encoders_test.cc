// SPDX-License-Identifier: Apache-2.0
// The encoders of blocks, on a made-up block with a field of each type.
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "core/record/fields/block_csv.h"
#include "core/record/fields/block_json.h"
#include "core/record/fields/block_table.h"
#include "core/record/fields/made_up_block.h"
#include "core/record/ip_addr.h"
#include "core/record/time_text.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr std::string_view kTexts = "unused\xff\"a,b\"\n";

MadeUp Filled() {
  MadeUp data{};
  data.present = kHasVolume | kHasLabel | kIsLocal;
  data.volume = 1536;
  data.seen_ns = 1'661'272'402'123'000'000;
  data.uptime_ns = 77;
  data.delay_ns = 1'500'000'000;
  data.label = {6, 7};
  data.offset = -2;
  data.options = 5;
  data.color = 2;
  data.is_new = 1;
  std::memcpy(data.gateway_mac, "\x02\0\x5e\x10\0\x01", 6);
  std::memcpy(data.gateway, IpAddr::FromV4(0x0A000001).bytes.data(), 16);
  std::memcpy(data.zone, "=a\0ignor", 8);
  return data;
}

// Calls `writer`, and checks that it stays within its room.
template <typename Writer>
std::string Written(Writer* writer, const BlockRow& row) {
  std::string text(writer->Room(row) + 1, '#');
  const char* const end = writer->Write(row, text.data());
  EXPECT_EQ(text.back(), '#');
  text.resize(static_cast<size_t>(end - text.data()));
  return text;
}

std::string Json(const BlockRow& row) {
  BlockJsonWriter writer(*row.block);
  return Written(&writer, row);
}

std::string Csv(const BlockRow& row) {
  BlockCsvWriter writer(*row.block);
  return Written(&writer, row);
}

std::string Cell(std::string_view name, const BlockRow& row) {
  const weir_field& field = MadeUpField(name);
  EXPECT_EQ(name, field.name);
  TimeWriter times;
  std::string text(TableCellRoom(field, row) + 1, '#');
  const char* const end = WriteTableCell(field, row, &times, text.data());
  EXPECT_EQ(text.back(), '#');
  text.resize(static_cast<size_t>(end - text.data()));
  return text;
}

TEST(BlockJsonTest, WritesEachType) {
  const MadeUp data = Filled();
  EXPECT_EQ(Json(RowOf(data, kTexts)),
            ",\"Volume\":1536,\"Seen\":\"2022-08-23T16:33:22.123Z\",\"Uptime\":77,"
            "\"Delay\":1500000000,\"Label\":\"\xEF\xBF\xBD\\\"a,b\\\"\\u000a\",\"Skew\":-2,"
            "\"Options\":5,\"Color\":2,\"IsNew\":true,\"IsLocal\":true,"
            "\"GatewayMac\":\"02:00:5e:10:00:01\",\"Gateway\":\"10.0.0.1\",\"Zone\":\"=a\"");
}

TEST(BlockJsonTest, LeavesOutWhatWasNotMeasured) {
  const MadeUp data{};
  EXPECT_EQ(Json(RowOf(data, {})),
            ",\"Seen\":\"1970-01-01T00:00:00Z\",\"Uptime\":0,\"Delay\":0,\"Skew\":0,\"Options\":0,"
            "\"Color\":0,\"IsNew\":false,\"GatewayMac\":\"00:00:00:00:00:00\",\"Gateway\":\"::\","
            "\"Zone\":\"\"");
}

TEST(BlockCsvTest, WritesEachTypeInItsColumn) {
  const MadeUp data = Filled();
  EXPECT_EQ(BlockCsvWriter(kMadeUpSpec).columns(),
            ",Volume,Seen,Uptime,Delay,Label,Skew,Options,Color,IsNew,IsLocal,GatewayMac,Gateway,"
            "Zone");
  EXPECT_EQ(Csv(RowOf(data, kTexts)),
            ",1536,2022-08-23T16:33:22.123Z,77,1500000000,"
            "\"\xEF\xBF\xBD\"\"a,b\"\"\xEF\xBF\xBD\",-2,5,2,true,true,02:00:5e:10:00:01,10.0.0.1,"
            "'=a");
}

TEST(BlockCsvTest, AColumnIsEmptyIfItsFieldWasNotMeasured) {
  const MadeUp data{};
  EXPECT_EQ(Csv(RowOf(data, {})), ",,1970-01-01T00:00:00Z,0,0,,0,0,0,false,,00:00:00:00:00:00,::,");
}

TEST(BlockTableTest, WritesEachTypeForPeople) {
  const MadeUp data = Filled();
  const BlockRow row = RowOf(data, kTexts);
  EXPECT_EQ(Cell("volume", row), "1.50 KiB");
  EXPECT_EQ(Cell("seen", row), "2022-08-23 16:33:22.123");
  EXPECT_EQ(Cell("uptime", row), "77");
  EXPECT_EQ(Cell("delay", row), "1.5 s");
  EXPECT_EQ(Cell("label", row), "?\"a,b\"?");
  EXPECT_EQ(Cell("skew", row), "-2");
  EXPECT_EQ(Cell("options", row), "fast+safe");
  EXPECT_EQ(Cell("color", row), "Green");
  EXPECT_EQ(Cell("is_new", row), "true");
  EXPECT_EQ(Cell("is_local", row), "true");
  EXPECT_EQ(Cell("gateway_mac", row), "02:00:5e:10:00:01");
  EXPECT_EQ(Cell("gateway", row), "10.0.0.1");
  EXPECT_EQ(Cell("zone", row), "=a");
}

TEST(BlockTableTest, ShowsWhatHasNoNameAsANumber) {
  MadeUp data{};
  const BlockRow row = RowOf(data, {});
  EXPECT_EQ(Cell("volume", row), "-");
  EXPECT_EQ(Cell("options", row), "0");
  data.options = 0x300;
  EXPECT_EQ(Cell("options", row), "0x0300");
  data.options = 0x301;
  EXPECT_EQ(Cell("options", row), "fast+0x0300");
  data.color = 255;
  EXPECT_EQ(Cell("color", row), "255");
}

TEST(BlockTableTest, AlignsNumbersRight) {
  EXPECT_EQ(TableTitle(MadeUpField("gateway_mac")), "GATEWAY MAC");
  EXPECT_TRUE(IsRightAligned(MadeUpField("volume")));
  EXPECT_TRUE(IsRightAligned(MadeUpField("delay")));
  EXPECT_FALSE(IsRightAligned(MadeUpField("color")));
  EXPECT_FALSE(IsRightAligned(MadeUpField("gateway")));
}

// A row comes from a plugin, so its texts may lie anywhere.
TEST(FieldValueTest, ATextOutsideOfTheArenaIsEmpty) {
  MadeUp data{};
  data.present = kHasLabel;
  const weir_field& label = MadeUpField("label");
  constexpr uint32_t kMax = std::numeric_limits<uint32_t>::max();
  for (const weir_text text : {weir_text{0, 4}, weir_text{4, 0}, weir_text{kMax, kMax},
                               weir_text{1, kMax}, weir_text{kMax, 1}}) {
    data.label = text;
    EXPECT_EQ(TextOf(label, RowOf(data, "abc")), "") << text.offset << " " << text.length;
  }
  data.label = {1, 2};
  EXPECT_EQ(TextOf(label, RowOf(data, "abc")), "bc");
}

TEST(FieldValueTest, ReadsTheExtremesOfNumbers) {
  MadeUp data{};
  data.offset = std::numeric_limits<int16_t>::min();
  data.seen_ns = std::numeric_limits<int64_t>::min();
  data.volume = std::numeric_limits<uint64_t>::max();
  data.present = kHasVolume;
  EXPECT_EQ(SignedOf(MadeUpField("skew"), RowOf(data, {})), -32768);
  EXPECT_EQ(SignedOf(MadeUpField("seen"), RowOf(data, {})), data.seen_ns);
  EXPECT_EQ(UnsignedOf(MadeUpField("volume"), RowOf(data, {})), data.volume);
  char text[kMaxPlainValueBytes + kScratchBytes];
  EXPECT_EQ(std::string(text, WriteSigned(data.seen_ns, text)), "-9223372036854775808");
}

TEST(FieldValueTest, AFixedTextNeedsNoNul) {
  MadeUp data{};
  std::memcpy(data.zone, "12345678", 8);
  EXPECT_EQ(TextOf(MadeUpField("zone"), RowOf(data, {})), "12345678");
}

// A newer plugin's descriptions are longer than the host's struct.
TEST(FieldValueTest, DescriptionsMayBeLongerThanTheStruct) {
  struct LongField {
    weir_field field;
    uint64_t later[2];
  };
  LongField fields[] = {{kMadeUpFields[0], {}}, {kMadeUpFields[1], {}}};
  for (LongField& field : fields) field.field.struct_size = sizeof(LongField);
  weir_block_spec spec = kMadeUpSpec;
  spec.fields = &fields[0].field;
  spec.field_count = 2;
  EXPECT_STREQ(FieldOf(spec, 1).name, "seen");
}

}  // namespace
}  // namespace weir
