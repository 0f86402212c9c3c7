// SPDX-License-Identifier: Apache-2.0
// A block with a field of each type, for tests.
#ifndef WEIR_CORE_RECORD_FIELDS_MADE_UP_BLOCK_H_
#define WEIR_CORE_RECORD_FIELDS_MADE_UP_BLOCK_H_

#include <cstdint>
#include <iterator>
#include <string_view>

#include "core/record/fields/describe_field.h"
#include "core/record/fields/field_value.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

struct MadeUp {
  uint64_t present;
  uint64_t volume;
  int64_t seen_ns;
  uint64_t uptime_ns;
  uint64_t delay_ns;
  weir_text label;
  int16_t offset;
  uint16_t options;
  uint8_t color;
  uint8_t is_new;
  uint8_t gateway_mac[6];
  uint8_t gateway[16];
  char zone[8];
};

inline constexpr uint64_t kHasVolume = 1;
inline constexpr uint64_t kHasLabel = 2;
inline constexpr uint64_t kIsLocal = 4;

inline constexpr weir_value_name kColorNames[] = {{1, "red", nullptr}, {2, "green", "Green"}};
inline constexpr weir_value_name kOptionNames[] = {{1, "fast", nullptr}, {4, "safe", nullptr}};

inline constexpr weir_field kMadeUpFields[] = {
    DescribeField("volume", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(MadeUp, volume), "Bytes of it.")
        .Key("Volume")
        .Present(kHasVolume)
        .Unit("bytes")
        .Display(WEIR_DISPLAY_BYTES)
        .Merge(WEIR_MERGE_SUM),
    DescribeField("seen", WEIR_FIELD_WALL_TIME, WEIR_MEMBER(MadeUp, seen_ns), "When.").Key("Seen"),
    DescribeField("uptime", WEIR_FIELD_MONO_TIME, WEIR_MEMBER(MadeUp, uptime_ns), "When.")
        .Key("Uptime"),
    DescribeField("delay", WEIR_FIELD_DURATION, WEIR_MEMBER(MadeUp, delay_ns), "How long.")
        .Key("Delay"),
    DescribeField("label", WEIR_FIELD_TEXT, WEIR_MEMBER(MadeUp, label), "A text.")
        .Key("Label")
        .Present(kHasLabel),
    DescribeField("skew", WEIR_FIELD_SIGNED, WEIR_MEMBER(MadeUp, offset), "A signed number.")
        .Key("Skew"),
    DescribeField("options", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(MadeUp, options), "Flags.")
        .Key("Options")
        .Flags(kOptionNames)
        .Merge(WEIR_MERGE_OR),
    DescribeField("color", WEIR_FIELD_UNSIGNED, WEIR_MEMBER(MadeUp, color), "An enumeration.")
        .Key("Color")
        .Names(kColorNames),
    DescribeField("is_new", WEIR_FIELD_BOOL, WEIR_MEMBER(MadeUp, is_new), "True or false.")
        .Key("IsNew"),
    DescribeField("is_local", WEIR_FIELD_BOOL, 0, 0, "True or nothing.")
        .Key("IsLocal")
        .Present(kIsLocal),
    DescribeField("gateway_mac", WEIR_FIELD_MAC, WEIR_MEMBER(MadeUp, gateway_mac), "A MAC.")
        .Key("GatewayMac"),
    DescribeField("gateway", WEIR_FIELD_IP, WEIR_MEMBER(MadeUp, gateway), "An address.")
        .Key("Gateway"),
    DescribeField("zone", WEIR_FIELD_FIXED_TEXT, WEIR_MEMBER(MadeUp, zone), "A short text.")
        .Key("Zone"),
    // In no format.
    DescribeField("first_option", WEIR_FIELD_BOOL, 0, 0, "Only in filters.").Present(kHasVolume),
};

inline constexpr weir_block_spec kMadeUpSpec = {
    sizeof(weir_block_spec),  1, "test.made_up", sizeof(MadeUp), 0, kMadeUpFields,
    std::size(kMadeUpFields), 0,
};

inline BlockRow RowOf(const MadeUp& data, std::string_view texts) {
  return {&kMadeUpSpec, reinterpret_cast<const uint8_t*>(&data), texts};
}

inline const weir_field& MadeUpField(std::string_view name) {
  for (const weir_field& field : kMadeUpFields) {
    if (name == field.name) return field;
  }
  return kMadeUpFields[0];
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_MADE_UP_BLOCK_H_
