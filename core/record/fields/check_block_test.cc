// SPDX-License-Identifier: Apache-2.0
// Defective descriptions of blocks: each breaks one limit and has a message of its own.
#include "core/record/fields/check_block.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/record/fields/block_description.h"
#include "core/record/fields/made_up_block.h"
#include "core/record/fields/record_fields.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kColor = 7;
constexpr uint32_t kOptions = 6;

// A description that may be changed.
struct Changed {
  Changed() : spec(kMadeUpSpec), fields(std::begin(kMadeUpFields), std::end(kMadeUpFields)) {
    spec.fields = fields.data();
  }
  weir_field& Field(const char* name) {
    for (weir_field& field : fields) {
      if (std::strcmp(field.name, name) == 0) return field;
    }
    return fields[0];
  }

  weir_block_spec spec;
  std::vector<weir_field> fields;
  std::vector<weir_value_name> names{std::begin(kColorNames), std::end(kColorNames)};
};

TEST(CheckBlockTest, TakesAGoodBlockAndTheRecord) {
  EXPECT_EQ(CheckBlock(&kMadeUpSpec), absl::OkStatus());
  EXPECT_EQ(CheckFields(kRecordSpec), absl::OkStatus());
}

TEST(CheckBlockTest, RefusesEachDefect) {
  const std::string long_name(WEIR_MAX_FIELD_NAME_BYTES + 1, 'a');
  const std::string long_text(WEIR_MAX_FIELD_TEXT_BYTES + 1, 'a');
  const std::vector<weir_value_name> many(WEIR_MAX_VALUE_NAMES + 1, weir_value_name{1, "a", ""});
  const struct {
    std::function<void(Changed*)> change;
    const char* message;
  } kCases[] = {
      {[](Changed* c) { c->spec.struct_size -= 8; }, "block of a plugin: its struct_size is 32"},
      {[](Changed* c) { c->spec.name = nullptr; }, "its name is missing"},
      {[](Changed* c) { c->spec.name = ""; }, "two or more words"},
      {[](Changed* c) { c->spec.name = "alone"; }, "two or more words"},
      {[](Changed* c) { c->spec.name = "a..b"; }, "two or more words"},
      {[](Changed* c) { c->spec.name = "a.b."; }, "two or more words"},
      {[](Changed* c) { c->spec.name = "Acme.rtt"; }, "two or more words"},
      {[](Changed* c) { c->spec.name = "a.\x1b[2J"; }, "two or more words"},
      {[&](Changed* c) { c->spec.name = long_name.c_str(); }, "its name has more than 64 bytes"},
      {[](Changed* c) { c->spec.version = 0; }, "block 'test.made_up': its version must be 1"},
      {[](Changed* c) { c->spec.reserved = 1; }, "a reserved member is not 0"},
      {[](Changed* c) { c->spec.size = 0; }, "its size is 0"},
      {[](Changed* c) { c->spec.size = 12; }, "its size is 12"},
      {[](Changed* c) { c->spec.size = WEIR_MAX_BLOCK_BYTES + 8; }, "its size is 4104"},
      {[](Changed* c) { c->spec.present_offset = 4; }, "its present_offset is 4"},
      {[](Changed* c) { c->spec.present_offset = c->spec.size; }, "its present_offset is 88"},
      {[](Changed* c) { c->spec.present_offset = UINT32_MAX - 7; }, "its present_offset is"},
      {[](Changed* c) { c->spec.present_offset = WEIR_NO_PRESENT_WORD; },
       "field 'volume': has a bit in `present`, but the block has no such word"},
      {[](Changed* c) { c->spec.field_count = 0; }, "it has 0 fields"},
      {[](Changed* c) { c->spec.field_count = UINT32_MAX; }, "it has 4294967295 fields"},
      {[](Changed* c) { c->spec.fields = nullptr; }, "its fields are missing"},
      {[](Changed* c) {
         c->spec.fields = reinterpret_cast<const weir_field*>(
             reinterpret_cast<const char*>(c->fields.data()) + 4);
       },
       "its fields are not aligned"},
      {[](Changed* c) { c->fields[0].struct_size = 8; }, "its fields have the struct_size 8"},
      {[](Changed* c) { c->fields[0].struct_size = UINT32_MAX; }, "have the struct_size"},
      {[](Changed* c) { c->fields[3].struct_size += 8; }, "field 3: its struct_size differs"},
      {[](Changed* c) { c->fields[2].name = nullptr; }, "field 2: name is missing"},
      {[](Changed* c) { c->fields[2].name = ""; }, "field 2: name is empty"},
      {[](Changed* c) { c->fields[2].name = "Rtt"; }, "field 2: name must have only lower-case"},
      {[](Changed* c) { c->fields[2].name = "2nd"; }, "field 2: name must have only lower-case"},
      {[](Changed* c) { c->fields[2].name = "any"; }, "name is a word of the filter's language"},
      {[&](Changed* c) { c->fields[2].name = long_name.c_str(); }, "name has more than 64 bytes"},
      {[](Changed* c) { c->fields[2].name = "seen"; }, "field 'seen': 'seen' occurs twice"},
      {[](Changed* c) { c->fields[2].name = "bytes"; }, "'bytes' is a name of the record"},
      {[](Changed* c) { c->fields[2].name = "duration"; }, "'duration' is a name of the record"},
      {[](Changed* c) { c->fields[2].name = "port"; }, "'port' is a name of the record"},
      {[](Changed* c) { c->fields[2].json_key = "Interfaces"; }, "'Interfaces' is a name of"},
      {[](Changed* c) { c->fields[2].json_key = "a\"b"; }, "json_key must have only letters"},
      {[](Changed* c) { c->fields[2].json_key = "Seen"; }, "'Seen' occurs twice"},
      {[](Changed* c) { c->fields[2].csv_column = "a,b"; }, "csv_column must have only letters"},
      {[](Changed* c) { c->fields[2].csv_column = "Etype"; }, "'Etype' is a name of the record"},
      {[](Changed* c) { c->fields[2].unit = "\x1b[2J"; }, "unit has a control character"},
      {[](Changed* c) { c->fields[2].noun = "\xff"; }, "noun is not UTF-8"},
      {[](Changed* c) { c->fields[2].help = nullptr; }, "help is missing"},
      {[](Changed* c) { c->fields[2].help = "two\nlines"; }, "help has a control character"},
      {[&](Changed* c) { c->fields[2].help = long_text.c_str(); }, "help has more than 256 bytes"},
      {[](Changed* c) { c->fields[2].either = "a b"; }, "either must have only lower-case"},
      {[](Changed* c) { c->fields[2].either = "time"; }, "'time' must belong to two fields"},
      {[](Changed* c) { c->fields.back().either = "time"; }, "'time' must belong to two fields"},
      {[](Changed* c) {
         c->fields[2].either = c->fields[3].either = "volume";
         c->fields[3].type = WEIR_FIELD_MONO_TIME;
       },
       "'volume' occurs twice"},
      {[](Changed* c) { c->fields[2].type = 0; }, "field 'uptime': there is no type 0"},
      {[](Changed* c) { c->fields[2].type = 11; }, "there is no type 11"},
      {[](Changed* c) { c->fields[2].type = -1; }, "there is no type -1"},
      {[](Changed* c) { c->fields[0].size = 3; }, "a size of 3 does not fit the type"},
      {[](Changed* c) { c->fields[0].size = 0; }, "a size of 0 does not fit the type"},
      {[](Changed* c) { c->fields[1].size = 4; }, "a size of 4 does not fit the type"},
      {[](Changed* c) { c->Field("is_new").size = 2; }, "a size of 2 does not fit the type"},
      {[](Changed* c) { c->Field("gateway").size = 4; }, "a size of 4 does not fit the type"},
      {[](Changed* c) { c->Field("gateway_mac").size = 8; }, "a size of 8 does not fit the type"},
      {[](Changed* c) { c->Field("zone").size = 257; }, "a size of 257 does not fit the type"},
      {[](Changed* c) { c->Field("is_local").offset = 1; }, "a bool without bytes needs a bit"},
      {[](Changed* c) { c->Field("is_local").present = 0; }, "a bool without bytes needs a bit"},
      {[](Changed* c) { c->fields[0].offset = 4; }, "the offset 4 is not a multiple of 8"},
      {[](Changed* c) { c->Field("label").offset = 42; }, "the offset 42 is not a multiple of 4"},
      {[](Changed* c) { c->fields[0].offset = 88; }, "ends behind the block, which has 88 bytes"},
      {[](Changed* c) { c->fields[0].offset = UINT32_MAX - 7; }, "ends behind the block"},
      {[](Changed* c) { c->Field("zone").size = 13; }, "ends behind the block"},
      {[](Changed* c) { c->fields[0].offset = 0; }, "overlaps another field or the word `present`"},
      {[](Changed* c) { c->fields[2].offset = c->fields[1].offset; }, "overlaps another field"},
      {[](Changed* c) { c->fields[0].present = 3; }, "`present` has more than one bit"},
      {[](Changed* c) { c->fields[1].max = 5; }, "only an unsigned number has a max"},
      {[](Changed* c) { c->fields[kColor].max = 256; }, "the max 256 does not fit its size"},
      {[](Changed* c) { c->fields[0].display = 6; }, "there is no display 6"},
      {[](Changed* c) { c->fields[0].display = -1; }, "there is no display -1"},
      {[](Changed* c) { c->fields[1].display = WEIR_DISPLAY_COUNT; }, "its display is for"},
      {[](Changed* c) { c->fields[0].display = WEIR_DISPLAY_NAMES; }, "must have 1 to 256 names"},
      {[](Changed* c) { c->fields[kColor].value_names = nullptr; }, "must have 1 to 256 names"},
      {[&](Changed* c) {
         c->fields[kColor].value_names = many.data();
         c->fields[kColor].value_name_count = static_cast<uint32_t>(many.size());
       },
       "must have 1 to 256 names"},
      {[](Changed* c) { c->fields[kColor].display = WEIR_DISPLAY_PLAIN; }, "only a display of"},
      {[](Changed* c) { c->names[1].name = nullptr; }, "name 1 of a value: is missing"},
      {[](Changed* c) { c->names[1].name = "a-b"; }, "name 1 of a value: must have only"},
      {[](Changed* c) { c->names[1].name = "or"; }, "name 1 of a value: is a word of the filter"},
      {[](Changed* c) { c->names[1].name = "red"; }, "name 1 of a value: occurs twice"},
      {[](Changed* c) { c->names[1].value = 256; }, "name 1 of a value: the value 256 is too"},
      {[](Changed* c) { c->names[1].label = "\n"; }, "label has a control character"},
      {[](Changed* c) {
         c->names[0].value = 0;
         c->fields[kOptions].value_names = c->names.data();
       },
       "field 'options': name 0 of a value: a flag needs a bit"},
      {[](Changed* c) { c->fields[0].merge = 0; }, "there is no merge rule 0"},
      {[](Changed* c) { c->fields[0].merge = 8; }, "there is no merge rule 8"},
      {[](Changed* c) { c->fields[0].merge = WEIR_MERGE_KEY; }, "cannot be a key"},
      {[](Changed* c) { c->fields[1].merge = WEIR_MERGE_SUM; }, "its merge rule does not fit"},
      {[](Changed* c) { c->Field("gateway").merge = WEIR_MERGE_MAX; }, "rule does not fit"},
      {[](Changed* c) { c->Field("skew").merge = WEIR_MERGE_OR; }, "its merge rule does not fit"},
      {[](Changed* c) { c->fields[0].protobuf_number = 1u << 29; }, "protobuf has no field"},
      {[](Changed* c) { c->fields[0].protobuf_number = 19'000; }, "protobuf has no field"},
      {[](Changed* c) { c->fields[0].protobuf_message = 5; }, "needs a protobuf_number"},
      {[](Changed* c) { c->fields[0].ipfix_element = 0x8000; }, "IPFIX has no element"},
      {[](Changed* c) { c->fields[0].ipfix_element_v6 = 1; }, "need an ipfix_element"},
      {[](Changed* c) { c->fields[0].ipfix_enterprise = 1; }, "need an ipfix_element"},
      {[](Changed* c) { c->fields[0].reserved = 1; }, "field 'volume': a reserved member is not 0"},
  };
  for (const auto& defect : kCases) {
    Changed changed;
    changed.fields[kColor].value_names = changed.names.data();
    defect.change(&changed);
    const absl::Status status = CheckBlock(&changed.spec);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << defect.message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(defect.message));
    EXPECT_EQ(BlockDescription::Create(&changed.spec).status(), status);
  }
  EXPECT_THAT(std::string(CheckBlock(nullptr).message()), HasSubstr("it is missing"));
}

// Any bytes in the numbers of a description: no crash, and nothing that was accepted reaches
// outside of the block.
TEST(CheckBlockTest, AcceptsNothingOutsideOfTheBlock) {
  uint32_t random = 1;
  const auto next = [&random] { return random = random * 1664525u + 1013904223u; };
  int accepted = 0;
  for (int i = 0; i < 30'000; ++i) {
    Changed changed;
    weir_field& field = changed.fields[next() >> 16 & 7];
    uint32_t* const numbers[] = {&field.offset, &field.size, &changed.spec.size,
                                 &changed.spec.present_offset};
    *numbers[next() >> 16 & 3] = next() >> (next() >> 16 & 31);
    if (next() >> 31 == 0) field.type = static_cast<int32_t>(next() >> 16) % 12;
    if (!CheckBlock(&changed.spec).ok()) continue;
    ++accepted;
    for (const weir_field& one : changed.fields) {
      ASSERT_LE(uint64_t{one.offset} + one.size, changed.spec.size);
    }
    ASSERT_LE(uint64_t{changed.spec.present_offset} + 8, changed.spec.size);
  }
  EXPECT_GT(accepted, 50);
}

TEST(CheckBlockTest, BlocksMustDifferInAllNames) {
  const weir_field kFields[] = {
      DescribeField("other", WEIR_FIELD_UNSIGNED, 0, 8, "A number.").Key("Zone"),
  };
  weir_block_spec other = kMadeUpSpec;
  other.name = "test.other";
  other.present_offset = WEIR_NO_PRESENT_WORD;
  other.fields = kFields;
  other.field_count = 1;
  ASSERT_EQ(CheckBlock(&other), absl::OkStatus());
  const absl::Status status = CheckNoConflict(other, kMadeUpSpec);
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(),
            "block 'test.other': field 'other': 'Zone' is a name of block 'test.made_up'");
  weir_field fine = kFields[0];
  fine.json_key = fine.csv_column = "Other";
  other.fields = &fine;
  EXPECT_EQ(CheckNoConflict(other, kMadeUpSpec), absl::OkStatus());
}

TEST(BlockDescriptionTest, CopiesAll) {
  auto changed = std::make_unique<Changed>();
  changed->fields[kColor].value_names = changed->names.data();
  std::string help = "A text that goes.";
  changed->fields[0].help = help.c_str();
  auto copy = BlockDescription::Create(&changed->spec);
  ASSERT_TRUE(copy.ok()) << copy.status();
  help = "Another.";
  changed.reset();
  const weir_block_spec& spec = (*copy)->spec();
  EXPECT_STREQ(spec.name, "test.made_up");
  ASSERT_EQ(spec.field_count, std::size(kMadeUpFields));
  EXPECT_STREQ(spec.fields[0].help, "A text that goes.");
  EXPECT_STREQ(spec.fields[0].unit, "bytes");
  ASSERT_EQ(spec.fields[kColor].value_name_count, 2u);
  EXPECT_STREQ(spec.fields[kColor].value_names[1].label, "Green");
  EXPECT_EQ(CheckBlock(&spec), absl::OkStatus());
}

}  // namespace
}  // namespace weir
