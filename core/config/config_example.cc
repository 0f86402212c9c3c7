// SPDX-License-Identifier: Apache-2.0
#include "core/config/config_example.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/config/strict_parser.h"
#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

const FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(weir::rules);
}

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

// A text that the rules of the field allow, as far as that can be guessed.
std::string SampleText(const FieldRules& rules) {
  if (rules.has_duration()) return rules.duration().has_min() ? rules.duration().min() : "1s";
  if (rules.rfc3339()) return "2022-08-23T16:33:22Z";
  if (rules.cidr()) return "192.0.2.0/24";
  return "...";
}

// The least that is allowed, else 0.
std::string SampleNumber(const FieldRules& rules) {
  const double number = std::max(rules.has_min() ? rules.min() : 0.0, 0.0);
  return absl::StrCat(rules.has_max() ? std::min(number, rules.max()) : number);
}

// A value for a field that has no default.
std::string SampleValue(const FieldDescriptor& field, const FieldRules& rules) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return InQuotes(SampleText(rules));
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_ENUM:
      return ProtobufDefault(field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "";
    default:
      return SampleNumber(rules);
  }
}

std::string ValueOf(const FieldDescriptor& field, const FieldRules& rules) {
  if (rules.has_default_text()) {
    const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    return is_text ? InQuotes(rules.default_text()) : rules.default_text();
  }
  return field.has_default_value() ? ProtobufDefault(field) : SampleValue(field, rules);
}

class ExampleWriter {
 public:
  std::string Run(const Schema& schema, int indent) {
    const ComponentSpec& spec = schema.spec();
    indent_ = indent;
    Line(absl::StrCat(StageKindName(spec.kind), " {"));
    indent_ += 2;
    Line(absl::StrCat("name: ", InQuotes(absl::StrCat("my_", spec.type))));
    Line(absl::StrCat("type: ", InQuotes(spec.type)));
    if (spec.kind != StageKind::kSource) Line("input: \"the name of another stage\"");
    if (schema.message() != nullptr) {
      Open("config {");
      Fields(*schema.message());
      Close();
    }
    indent_ -= 2;
    Line("}");
    return std::move(out_);
  }

 private:
  // All of a comment has its sign in one column, so that an editor can take it away.
  void Line(std::string_view text) {
    const int before = comment_at_ < 0 ? indent_ : comment_at_;
    absl::StrAppend(&out_, Spaces(before), comment_at_ < 0 ? "" : "# ", Spaces(indent_ - before),
                    text, "\n");
  }
  static std::string Spaces(int count) { return std::string(static_cast<size_t>(count), ' '); }
  void Open(std::string_view text) {
    Line(text);
    indent_ += 2;
  }
  void Close() {
    indent_ -= 2;
    Line("}");
  }

  void Fields(const Descriptor& message) {
    around_.push_back(&message);
    for (int i = 0; i < message.field_count(); ++i) Field(*message.field(i));
    around_.pop_back();
  }

  void Field(const FieldDescriptor& field) {
    if (field.options().deprecated()) return;
    const int was_comment_at = comment_at_;
    const bool required = field.is_required() || RulesOf(field).required();
    if (comment_at_ < 0 && !required) comment_at_ = indent_;
    if (field.is_map()) {
      MapField(field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      MessageField(field);
    } else {
      Line(absl::StrCat(field.name(), ": ", ValueOf(field, RulesOf(field))));
    }
    comment_at_ = was_comment_at;
  }

  void MessageField(const FieldDescriptor& field) {
    const Descriptor* message = field.message_type();
    const bool holds_itself = std::find(around_.begin(), around_.end(), message) != around_.end();
    const bool is_foreign = message->file()->package() == "google.protobuf";
    if (holds_itself || is_foreign || message->field_count() == 0) {
      Line(absl::StrCat(TextName(field), " { }"));
      return;
    }
    Open(absl::StrCat(TextName(field), " {"));
    Fields(*message);
    Close();
  }

  void MapField(const FieldDescriptor& field) {
    const FieldDescriptor& value = *field.message_type()->map_value();
    const std::string key = SampleValue(*field.message_type()->map_key(), {});
    if (value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Line(absl::StrCat(field.name(), " { key: ", key, " value { } }"));
    } else {
      Line(absl::StrCat(field.name(), " { key: ", key,
                        " value: ", SampleValue(value, RulesOf(field)), " }"));
    }
  }

  std::string out_;
  int indent_ = 0;
  int comment_at_ = -1;                    // the column of the sign; -1: no comment
  std::vector<const Descriptor*> around_;  // the messages we are in
};

}  // namespace

std::string DefaultText(const FieldDescriptor& field) {
  const FieldRules& rules = RulesOf(field);
  if (rules.has_default_text()) return rules.default_text();
  if (field.is_repeated() || field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return "";
  if (field.has_default_value()) return ProtobufDefault(field);
  // Elsewhere absence of a number or text is for the plugin to say.
  const bool is_closed = field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL ||
                         field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
  const bool required = field.is_required() || rules.required();
  return is_closed && !required && !field.has_optional_keyword() ? ProtobufDefault(field) : "";
}

std::string ExampleStage(const Schema& schema, int indent) {
  return ExampleWriter().Run(schema, indent);
}

}  // namespace weir::config
