// SPDX-License-Identifier: Apache-2.0
#include "core/record/fields/check_field.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/record/fields/field_value.h"
#include "core/record/utf8.h"

namespace weir {
namespace {

constexpr std::string_view kKeywords[] = {"and", "or", "not", "in", "any", "all"};

bool IsKeyword(std::string_view word) {
  for (const std::string_view keyword : kKeywords) {
    if (word == keyword) return true;
  }
  return false;
}

// Returns "is missing", "is empty" or the like for a text that is none or too long.
std::string CheckLength(const char* text, size_t max) {
  if (text == nullptr) return "is missing";
  const size_t length = strnlen(text, max + 1);
  if (length == 0) return "is empty";
  if (length > max) return absl::StrCat("has more than ", max, " bytes");
  return {};
}

// Checks a word of letters, digits and '_' that begins with a letter.
std::string CheckName(const char* text, bool capitals) {
  if (std::string wrong = CheckLength(text, WEIR_MAX_FIELD_NAME_BYTES); !wrong.empty()) {
    return wrong;
  }
  for (const char* at = text; *at != '\0'; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    const bool is_letter = absl::ascii_islower(c) || (capitals && absl::ascii_isupper(c));
    if (is_letter || (at != text && (absl::ascii_isdigit(c) || c == '_'))) continue;
    return absl::StrCat("must have only ", capitals ? "" : "lower-case ",
                        "letters, digits and '_', and begin with a letter");
  }
  return {};
}

std::string CheckKey(const char* key) { return key == nullptr ? "" : CheckName(key, true); }

// Checks a text for people: one line.
std::string CheckProse(const char* text) {
  if (std::string wrong = CheckLength(text, WEIR_MAX_FIELD_TEXT_BYTES); !wrong.empty()) {
    return wrong;
  }
  std::string_view rest = text;
  if (!IsUtf8(rest)) return "is not UTF-8";
  for (; !rest.empty(); rest.remove_prefix(Utf8SequenceLength(rest))) {
    if (IsControlCharacter(rest)) return "has a control character";
  }
  return {};
}

std::string CheckOptionalProse(const char* text) { return text == nullptr ? "" : CheckProse(text); }

bool IsInteger(const weir_field& field) {
  return field.type == WEIR_FIELD_UNSIGNED || field.type == WEIR_FIELD_SIGNED;
}

bool IsTime(const weir_field& field) {
  return field.type == WEIR_FIELD_WALL_TIME || field.type == WEIR_FIELD_MONO_TIME;
}

bool HasSizeOfType(const weir_field& field) {
  const uint32_t size = field.size;
  switch (field.type) {
    case WEIR_FIELD_UNSIGNED:
    case WEIR_FIELD_SIGNED:
      return size == 1 || size == 2 || size == 4 || size == 8;
    case WEIR_FIELD_BOOL:
      return size <= 1;
    case WEIR_FIELD_IP:
      return size == static_cast<uint32_t>(kIpLength);
    case WEIR_FIELD_MAC:
      return size == static_cast<uint32_t>(kMacLength);
    case WEIR_FIELD_FIXED_TEXT:
      return size >= 1 && size <= WEIR_MAX_FIXED_TEXT_BYTES;
    default:
      return size == sizeof(uint64_t);
  }
}

uint32_t AlignmentOf(const weir_field& field) {
  if (field.type == WEIR_FIELD_TEXT) return alignof(weir_text);
  if (IsInteger(field) || IsTime(field) || field.type == WEIR_FIELD_DURATION) return field.size;
  return 1;
}

std::string CheckPlace(const weir_field& field, const weir_block_spec& block) {
  if (field.type < WEIR_FIELD_UNSIGNED || field.type > WEIR_FIELD_DURATION) {
    return absl::StrCat("there is no type ", field.type);
  }
  if (!HasSizeOfType(field))
    return absl::StrCat("a size of ", field.size, " does not fit the type");
  if (field.size == 0 && (field.offset != 0 || field.present == 0)) {
    return "a bool without bytes needs a bit in `present`, and the offset 0";
  }
  if (field.offset > block.size || field.size > block.size - field.offset) {
    return absl::StrCat("ends behind the block, which has ", block.size, " bytes");
  }
  if (field.size != 0 && field.offset % AlignmentOf(field) != 0) {
    return absl::StrCat("the offset ", field.offset, " is not a multiple of ", AlignmentOf(field));
  }
  if ((field.present & (field.present - 1)) != 0) return "`present` has more than one bit";
  if (field.present != 0 && block.present_offset == WEIR_NO_PRESENT_WORD) {
    return "has a bit in `present`, but the block has no such word";
  }
  return {};
}

std::string CheckMax(const weir_field& field) {
  if (field.max == 0) return {};
  if (field.type != WEIR_FIELD_UNSIGNED) return "only an unsigned number has a max";
  weir_field all = field;
  all.max = 0;
  if (field.max > MaxOf(all)) return absl::StrCat("the max ", field.max, " does not fit its size");
  return {};
}

std::string CheckValueName(const weir_field& field, const weir_value_name& value) {
  if (std::string wrong = CheckWord(value.name); !wrong.empty()) return wrong;
  if (std::string wrong = CheckOptionalProse(value.label); !wrong.empty()) {
    return absl::StrCat("label ", wrong);
  }
  if (value.value > MaxOf(field)) return absl::StrCat("the value ", value.value, " is too large");
  if (field.display == WEIR_DISPLAY_FLAGS && value.value == 0) return "a flag needs a bit";
  return {};
}

std::string CheckValueNames(const weir_field& field) {
  const bool has_names = field.display == WEIR_DISPLAY_NAMES || field.display == WEIR_DISPLAY_FLAGS;
  const uint32_t count = field.value_name_count;
  if (!has_names) return count == 0 ? "" : "only a display of names or flags has names of values";
  if (count == 0 || count > WEIR_MAX_VALUE_NAMES || field.value_names == nullptr) {
    return absl::StrCat("must have 1 to ", WEIR_MAX_VALUE_NAMES, " names of values");
  }
  std::set<std::string_view> names;
  for (uint32_t i = 0; i < count; ++i) {
    std::string wrong = CheckValueName(field, field.value_names[i]);
    if (wrong.empty() && !names.insert(field.value_names[i].name).second) wrong = "occurs twice";
    if (!wrong.empty()) return absl::StrCat("name ", i, " of a value: ", wrong);
  }
  return {};
}

std::string CheckDisplay(const weir_field& field) {
  if (field.display < WEIR_DISPLAY_PLAIN || field.display > WEIR_DISPLAY_FLAGS) {
    return absl::StrCat("there is no display ", field.display);
  }
  const bool fits = field.display == WEIR_DISPLAY_PLAIN || field.type == WEIR_FIELD_UNSIGNED ||
                    (field.display == WEIR_DISPLAY_COUNT && field.type == WEIR_FIELD_SIGNED);
  if (!fits) return "its display is for unsigned numbers only";
  return CheckValueNames(field);
}

std::string CheckMerge(const weir_field& field) {
  const bool adds = IsInteger(field) || field.type == WEIR_FIELD_DURATION;
  bool fits = true;
  switch (field.merge) {
    case WEIR_MERGE_KEY:
    case WEIR_MERGE_FIRST:
    case WEIR_MERGE_LAST:
      break;
    case WEIR_MERGE_SUM:
      fits = adds;
      break;
    case WEIR_MERGE_MIN:
    case WEIR_MERGE_MAX:
      fits = adds || IsTime(field);
      break;
    case WEIR_MERGE_OR:
      fits = field.type == WEIR_FIELD_UNSIGNED || field.type == WEIR_FIELD_BOOL;
      break;
    default:
      return absl::StrCat("there is no merge rule ", field.merge);
  }
  return fits ? "" : "its merge rule does not fit the type";
}

bool IsProtobufNumber(uint32_t number) {
  constexpr uint32_t kMax = (1u << 29) - 1;
  return number <= kMax && (number < 19000 || number > 19999);
}

std::string CheckNumbers(const weir_field& field) {
  if (!IsProtobufNumber(field.protobuf_number) || !IsProtobufNumber(field.protobuf_message)) {
    return "protobuf has no field of this number";
  }
  if (field.protobuf_message != 0 && field.protobuf_number == 0) {
    return "protobuf_message needs a protobuf_number";
  }
  constexpr uint16_t kMaxElement = 0x7FFF;
  if (field.ipfix_element > kMaxElement || field.ipfix_element_v6 > kMaxElement) {
    return "IPFIX has no element of this number";
  }
  if (field.ipfix_element == 0 && (field.ipfix_element_v6 != 0 || field.ipfix_enterprise != 0)) {
    return "ipfix_element_v6 and ipfix_enterprise need an ipfix_element";
  }
  return {};
}

std::string CheckTexts(const weir_field& field) {
  const auto wrong_in = [](const char* what, const std::string& wrong) {
    return wrong.empty() ? wrong : absl::StrCat(what, " ", wrong);
  };
  std::string wrong = wrong_in("json_key", CheckKey(field.json_key));
  if (wrong.empty()) wrong = wrong_in("csv_column", CheckKey(field.csv_column));
  if (wrong.empty()) wrong = wrong_in("unit", CheckOptionalProse(field.unit));
  if (wrong.empty()) wrong = wrong_in("noun", CheckOptionalProse(field.noun));
  if (wrong.empty()) wrong = wrong_in("help", CheckProse(field.help));
  if (wrong.empty() && field.either != nullptr) wrong = wrong_in("either", CheckWord(field.either));
  return wrong;
}

}  // namespace

std::string CheckWord(const char* text) {
  std::string wrong = CheckName(text, false);
  if (wrong.empty() && IsKeyword(text)) wrong = "is a word of the filter's language";
  return wrong;
}

std::string CheckFieldName(const weir_field& field) {
  std::string wrong = CheckWord(field.name);
  return wrong.empty() ? wrong : absl::StrCat("name ", wrong);
}

std::string CheckField(const weir_field& field, const weir_block_spec& block) {
  std::string wrong = CheckPlace(field, block);
  if (wrong.empty()) wrong = CheckMax(field);
  if (wrong.empty()) wrong = CheckTexts(field);
  if (wrong.empty()) wrong = CheckDisplay(field);
  if (wrong.empty()) wrong = CheckMerge(field);
  if (wrong.empty()) wrong = CheckNumbers(field);
  return wrong;
}

}  // namespace weir
