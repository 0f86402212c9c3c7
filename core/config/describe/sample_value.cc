// SPDX-License-Identifier: Apache-2.0
#include "core/config/describe/sample_value.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/config/schema/compiled_rules.h"

namespace weir::config {
namespace {

using google::protobuf::FieldDescriptor;

// Texts from typical to odd.
std::vector<std::string> CandidateTexts(const FieldRules& rules) {
  if (rules.has_duration()) return {rules.duration().min(), "1s", rules.duration().max()};
  if (rules.rfc3339()) return {"2022-08-23T16:33:22Z", "2022-08-23T16:33Z"};
  if (rules.cidr()) return {"192.0.2.0/24", "::1"};
  std::vector<std::string> texts;
  if (rules.path()) texts = {"/path/to/file"};
  if (rules.name_or_regex()) texts = {"eth0"};
  for (const char* text : {"...", "x", "name", "eth0", "/tmp/x", "192.0.2.1", "192.0.2.1:9999",
                           "collector.example", "collector.example:9999", "http://example.com/",
                           "a@example.com", "a-b", "a_b", "a.b", "Name", "x1"}) {
    texts.emplace_back(text);
  }
  constexpr size_t kLongest = 64;
  for (size_t length = 1; length <= kLongest; ++length) {
    for (const char c : {'a', 'A', '0', '1'}) texts.emplace_back(length, c);
  }
  return texts;
}

std::string SampleText(const FieldDescriptor& field, const FieldRules& rules) {
  const auto compiled = CompiledRules::Compile(field, rules);
  if (!compiled.ok()) return "...";
  for (const std::string& text : CandidateTexts(rules)) {
    if (!text.empty() && (*compiled)->CheckString(text).empty()) return text;
  }
  return "...";
}

// The least that is allowed and not negative; else the greatest.
std::string SampleNumber(const FieldDescriptor& field, const FieldRules& rules) {
  double number = std::max(rules.has_min() ? rules.min() : 0.0, 0.0);
  if (rules.has_max()) number = std::min(number, rules.max());
  const bool whole = field.cpp_type() != FieldDescriptor::CPPTYPE_FLOAT &&
                     field.cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE;
  if (!whole) return absl::StrCat(number);
  return absl::StrFormat("%.0f", number < 0 ? std::floor(number) : std::ceil(number));
}

}  // namespace

std::string InQuotes(std::string_view text) {
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

std::string ProtobufDefault(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(field.default_value_int32());
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(field.default_value_int64());
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(field.default_value_uint32());
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(field.default_value_uint64());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(field.default_value_float());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(field.default_value_double());
    case FieldDescriptor::CPPTYPE_BOOL:
      return field.default_value_bool() ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return field.default_value_enum()->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return InQuotes(field.default_value_string());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "";
  }
  return "";
}

std::string SampleValue(const FieldDescriptor& field, const FieldRules& rules) {
  const FieldDescriptor& ruled = RuledField(field);
  const bool is_text = ruled.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  if (rules.has_example()) return is_text ? InQuotes(rules.example()) : rules.example();
  switch (ruled.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return InQuotes(SampleText(field, rules));
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_ENUM:
      return ProtobufDefault(ruled);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "";
    default:
      return SampleNumber(ruled, rules);
  }
}

}  // namespace weir::config
