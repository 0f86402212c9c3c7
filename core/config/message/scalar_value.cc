// SPDX-License-Identifier: Apache-2.0
#include "core/config/message/scalar_value.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/config/schema/compiled_rules.h"
#include "core/config/schema/field_names.h"
#include "core/config/text/diagnostics.h"
#include "core/suggestion/suggestion.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::io::Tokenizer;

bool IsWhole(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_FLOAT &&
         field.cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE;
}

template <typename Integer>
std::string WholeNumberRange(const FieldRules& rules) {
  using Limits = std::numeric_limits<Integer>;
  const std::string min = rules.has_min() ? NumberText(rules.min()) : absl::StrCat(Limits::min());
  const std::string max = rules.has_max() ? NumberText(rules.max()) : absl::StrCat(Limits::max());
  return absl::StrCat("a whole number from ", min, " to ", max);
}

// "a whole number from 1 to 10": the bounds of the rules, or else of the type.
std::string NumberKind(const FieldDescriptor& field) {
  const FieldRules& rules = field.options().GetExtension(weir::rules);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return WholeNumberRange<int32_t>(rules);
    case FieldDescriptor::CPPTYPE_UINT32:
      return WholeNumberRange<uint32_t>(rules);
    case FieldDescriptor::CPPTYPE_INT64:
      return WholeNumberRange<int64_t>(rules);
    case FieldDescriptor::CPPTYPE_UINT64:
      return WholeNumberRange<uint64_t>(rules);
    default:
      break;
  }
  const std::string range = NumberRange(rules);
  return range.empty() ? "a number" : absl::StrCat("a number ", range);
}

// True if the field can have this value.
bool IsInRange(const FieldDescriptor& field, uint64_t number) {
  const FieldRules& rules = field.options().GetExtension(weir::rules);
  const auto value = static_cast<long double>(number);
  if (rules.has_min() && value < static_cast<long double>(rules.min())) return false;
  if (rules.has_max() && value > static_cast<long double>(rules.max())) return false;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return number <= static_cast<uint64_t>(std::numeric_limits<int32_t>::max());
    case FieldDescriptor::CPPTYPE_UINT32:
      return number <= std::numeric_limits<uint32_t>::max();
    case FieldDescriptor::CPPTYPE_INT64:
      return number <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    default:
      return true;
  }
}

// What a value of the field looks like.
std::string ValueKind(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "a text in quotes";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumValueList(*field.enum_type());
    default:
      return NumberKind(field);
  }
}

std::string TextOf(const ScalarText& text) {
  std::string value;
  for (const std::string_view part : text.parts) {
    Tokenizer::ParseStringAppend(std::string(part), &value);
  }
  return value;
}

// The number that somebody means by `text`, as in "100k" or "64MiB"; nothing if it has no such
// unit.
std::optional<uint64_t> NumberWithUnit(std::string_view text) {
  const auto unit_begin = std::find_if_not(text.begin(), text.end(), absl::ascii_isdigit);
  const std::string_view digits = text.substr(0, static_cast<size_t>(unit_begin - text.begin()));
  std::string unit = absl::AsciiStrToLower(text.substr(digits.size()));
  if (absl::EndsWith(unit, "b")) unit.pop_back();
  const uint64_t base = absl::EndsWith(unit, "i") ? 1024 : 1000;
  if (base == 1024) unit.pop_back();
  const uint64_t factor = unit == "k"   ? base
                          : unit == "m" ? base * base
                          : unit == "g" ? base * base * base
                                        : 0;
  uint64_t number = 0;
  if (factor == 0 || !absl::SimpleAtoi(digits, &number)) return std::nullopt;
  if (__builtin_mul_overflow(number, factor, &number)) return std::nullopt;
  return number;
}

// The whole number that somebody means by 1e6 or 5.0; nothing if `text` is no such number.
std::optional<uint64_t> WholeNumber(std::string_view text) {
  constexpr double kMax = 1e15;  // all whole numbers up to it are doubles
  double number = 0;
  if (!absl::SimpleAtod(text, &number)) return std::nullopt;
  if (!(number >= 0) || number > kMax || number != std::floor(number)) return std::nullopt;
  return static_cast<uint64_t>(number);
}

// The whole number that somebody means by 1_000 or 100.000; nothing for other texts.
std::optional<uint64_t> GroupedNumber(std::string_view text) {
  const char separator = absl::StrContains(text, '_') ? '_' : '.';
  std::string digits;
  size_t of_group = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) {
      digits += text[i];
      ++of_group;
      continue;
    }
    const bool first = digits.size() == of_group;
    if (text[i] != separator || of_group == 0 || (first ? of_group > 3 : of_group != 3)) {
      return std::nullopt;
    }
    of_group = 0;
  }
  uint64_t number = 0;
  if (of_group != 3 || digits.size() == of_group || !absl::SimpleAtoi(digits, &number)) {
    return std::nullopt;
  }
  return number;
}

// For a number such as 5.0, 1e6, 1_000 or 100.000; the latter may mean 100 or 100000.
std::string WholeNumberHint(const FieldDescriptor& field, const std::string& value) {
  std::vector<std::string> meant;
  for (const std::optional<uint64_t>& number : {WholeNumber(value), GroupedNumber(value)}) {
    if (number.has_value() && IsInRange(field, *number)) meant.push_back(absl::StrCat(*number));
  }
  if (meant.empty() || meant.front() == value) return "";
  return absl::StrCat("; write ", absl::StrJoin(meant, " or "));
}

std::string NumberHint(const FieldDescriptor& field, const ScalarText& text) {
  if (text.negative) return "";
  const bool is_string = text.kind == TokenKind::kString;
  if (!is_string && text.kind != TokenKind::kNumber) return "";
  const std::string value = is_string ? TextOf(text) : std::string(text.parts.front());
  if (const std::optional<uint64_t> number = NumberWithUnit(value); number.has_value()) {
    // A cure would be another mistake.
    if (!IsInRange(field, *number)) {
      return absl::StrCat("; a number has no unit: ", value, " is ", *number);
    }
    return absl::StrCat("; a number has no ", is_string ? "quotes and no unit" : "unit", ": write ",
                        *number);
  }
  double number = 0;
  if (is_string && absl::SimpleAtod(value, &number)) {
    return absl::StrCat("; write ", value, " without quotes");
  }
  return IsWhole(field) ? WholeNumberHint(field, value) : "";
}

std::string BoolHint(const ScalarText& text) {
  const std::string value = absl::AsciiStrToLower(
      text.kind == TokenKind::kString ? TextOf(text) : std::string(text.parts.front()));
  for (const char* yes : {"true", "yes", "on", "y", "enabled"}) {
    if (value == yes) return "; write true";
  }
  for (const char* no : {"false", "no", "off", "n", "disabled"}) {
    if (value == no) return "; write false";
  }
  return "";
}

std::string EnumHint(const EnumDescriptor& type, const ScalarText& text) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  if (text.kind == TokenKind::kString) {
    const std::string meant = Nearest(TextOf(text), names);
    return meant.empty() ? "" : absl::StrCat("; write ", meant, " without quotes");
  }
  return DidYouMean(text.parts.front(), names);
}

// True for a text without quotes that can be put between quotes as it is.
bool IsQuotable(const ScalarText& text) {
  const bool is_plain = std::all_of(text.whole.begin(), text.whole.end(), [](unsigned char c) {
    return absl::ascii_isgraph(c) && c != '"' && c != '\'' && c != '\\';
  });
  return text.kind != TokenKind::kString && is_plain &&
         std::any_of(text.whole.begin(), text.whole.end(), absl::ascii_isalnum);
}

std::string StringHint(const FieldDescriptor& field, const ScalarText& text) {
  if (!IsQuotable(text)) return "";
  const FieldRules& rules = field.options().GetExtension(weir::rules);
  const auto compiled = CompiledRules::Compile(field, rules);
  const std::string cure = compiled.ok() ? (*compiled)->CureOf(text.whole) : text.whole;
  // The text in quotes would be another mistake.
  if (cure.empty()) return "";
  // As in the file: with ${VAR}, not its value.
  const std::string meant = absl::StartsWith(cure, text.whole)
                                ? absl::StrCat(text.written, cure.substr(text.whole.size()))
                                : cure;
  const bool digits = std::all_of(text.whole.begin(), text.whole.end(), absl::ascii_isdigit);
  return absl::StrCat("; write \"", absl::CEscape(meant), "\"",
                      rules.has_duration() && digits ? " for seconds" : "");
}

// For $VAR without braces.
std::string VariableHint(const FieldDescriptor& field, const ScalarText& text) {
  const std::string_view whole = text.whole;
  const auto is_name_byte = [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; };
  const auto end = std::find_if_not(whole.begin() + 1, whole.end(), is_name_byte);
  const std::string_view name = whole.substr(1, static_cast<size_t>(end - whole.begin()) - 1);
  if (name.empty() || absl::ascii_isdigit(static_cast<unsigned char>(name.front()))) return "";
  const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  const std::string_view quote = is_text ? "\"" : "";
  return absl::StrCat("; the value of a variable is written ", quote, "${", name, "}",
                      whole.substr(name.size() + 1), quote);
}

std::string Hint(const FieldDescriptor& field, const ScalarText& text) {
  if (absl::StartsWith(text.whole, "$")) return VariableHint(field, text);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return StringHint(field, text);
  if (text.parts.empty()) return "";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return BoolHint(text);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumHint(*field.enum_type(), text);
    default:
      return NumberHint(field, text);
  }
}

// One value on its way into a message.
class Setter {
 public:
  Setter(const FieldDescriptor& field, const ScalarText& text, Message* message)
      : field_(field),
        text_(text),
        message_(message),
        reflection_(*message->GetReflection()),
        add_(field.is_repeated()) {}

  // False, without a change, if the text is not a value of the field.
  bool Run() {
    switch (field_.cpp_type()) {
#define WEIR_SET(TYPE, Type, value)                           \
  case FieldDescriptor::CPPTYPE_##TYPE: {                     \
    const auto parsed = value;                                \
    if (!parsed.has_value()) return false;                    \
    add_ ? reflection_.Add##Type(message_, &field_, *parsed)  \
         : reflection_.Set##Type(message_, &field_, *parsed); \
    return true;                                              \
  }
      WEIR_SET(INT32, Int32, Signed<int32_t>())
      WEIR_SET(INT64, Int64, Signed<int64_t>())
      WEIR_SET(UINT32, UInt32, Unsigned<uint32_t>())
      WEIR_SET(UINT64, UInt64, Unsigned<uint64_t>())
      WEIR_SET(FLOAT, Float, Float())
      WEIR_SET(DOUBLE, Double, Double())
      WEIR_SET(BOOL, Bool, Bool())
      WEIR_SET(ENUM, Enum, EnumValue())
      WEIR_SET(STRING, String, String())
#undef WEIR_SET
      default:
        return false;
    }
  }

 private:
  std::string Part() const {
    return text_.parts.empty() ? std::string() : std::string(text_.parts.front());
  }

  std::optional<uint64_t> Magnitude(uint64_t max) const {
    uint64_t value = 0;
    if (text_.kind != TokenKind::kNumber) return std::nullopt;
    const std::string part = Part();
    if (part == "0x" || part == "0X") return std::nullopt;  // ParseInteger reads 0
    if (!Tokenizer::ParseInteger(part, max, &value)) return std::nullopt;
    return value;
  }

  template <typename Integer>
  std::optional<Integer> Unsigned() const {
    if (text_.negative) return std::nullopt;
    const std::optional<uint64_t> value = Magnitude(std::numeric_limits<Integer>::max());
    if (!value.has_value()) return std::nullopt;
    return static_cast<Integer>(*value);
  }

  template <typename Integer>
  std::optional<Integer> Signed() const {
    const uint64_t max = static_cast<uint64_t>(std::numeric_limits<Integer>::max());
    const std::optional<uint64_t> value = Magnitude(text_.negative ? max + 1 : max);
    if (!value.has_value()) return std::nullopt;
    return static_cast<Integer>(text_.negative ? 0 - *value : *value);
  }

  std::optional<double> Double() const {
    const std::optional<double> value = DoubleMagnitude();
    if (!value.has_value()) return std::nullopt;
    return text_.negative ? -*value : *value;
  }
  std::optional<float> Float() const {
    const std::optional<double> value = Double();
    if (!value.has_value()) return std::nullopt;
    // Beyond the range of a float: infinity, as in protobuf.
    constexpr double kMax = std::numeric_limits<float>::max();
    if (*value > kMax) return std::numeric_limits<float>::infinity();
    if (*value < -kMax) return -std::numeric_limits<float>::infinity();
    return static_cast<float>(*value);
  }
  std::optional<double> DoubleMagnitude() const {
    std::string part = absl::AsciiStrToLower(Part());
    if (text_.kind == TokenKind::kWord) {
      if (part == "inf" || part == "infinity") return std::numeric_limits<double>::infinity();
      if (part == "nan") return std::numeric_limits<double>::quiet_NaN();
      return std::nullopt;
    }
    if (text_.kind != TokenKind::kNumber) return std::nullopt;
    const bool whole = std::all_of(part.begin(), part.end(), absl::ascii_isdigit);
    // An octal number is not a number of this type; protobuf refuses it too.
    if (part.size() > 1 && part[0] == '0' && absl::ascii_isdigit(part[1])) return std::nullopt;
    if (!whole && absl::EndsWith(part, "f")) part.pop_back();
    double value = 0;
    const bool decimal = part.find_first_not_of("0123456789.e+-") == std::string::npos;
    if (!decimal || !absl::SimpleAtod(part, &value)) return std::nullopt;
    return Tokenizer::ParseFloat(part);
  }

  std::optional<bool> Bool() const {
    const std::string part = Part();
    if (text_.negative) return std::nullopt;
    if (text_.kind == TokenKind::kNumber) {
      const std::optional<uint64_t> value = Magnitude(1);
      if (!value.has_value()) return std::nullopt;
      return *value == 1;
    }
    if (text_.kind != TokenKind::kWord) return std::nullopt;
    if (part == "true" || part == "True" || part == "t") return true;
    if (part == "false" || part == "False" || part == "f") return false;
    return std::nullopt;
  }

  std::optional<const EnumValueDescriptor*> EnumValue() const {
    const EnumValueDescriptor* value = nullptr;
    if (text_.kind == TokenKind::kWord && !text_.negative) {
      value = field_.enum_type()->FindValueByName(Part());
    } else if (const std::optional<int32_t> number = Signed<int32_t>(); number.has_value()) {
      value = field_.enum_type()->FindValueByNumber(*number);
    }
    if (value == nullptr) return std::nullopt;
    return value;
  }

  std::optional<std::string> String() const {
    if (text_.kind != TokenKind::kString || text_.negative) return std::nullopt;
    return TextOf(text_);
  }

  const FieldDescriptor& field_;
  const ScalarText& text_;
  Message* const message_;
  const Reflection& reflection_;
  const bool add_;
};

}  // namespace

std::string SetScalar(const FieldDescriptor& field, const ScalarText& text, Message* message) {
  if (Setter(field, text, message).Run()) return "";
  const std::string found = text.kind == TokenKind::kString && !text.negative
                                ? absl::StrCat("the text ", Quoted(TextOf(text)))
                            : text.whole.empty() ? "the end of the file"
                                                 : Quoted(text.whole);
  return absl::StrCat(Quoted(TextName(field)), " must be ", ValueKind(field), "; found ", found,
                      Hint(field, text));
}

}  // namespace weir::config
