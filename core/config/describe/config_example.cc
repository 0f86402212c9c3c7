// SPDX-License-Identifier: Apache-2.0
#include "core/config/describe/config_example.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/config/describe/sample_value.h"
#include "core/config/message/scalar_value.h"
#include "core/config/schema/field_names.h"
#include "core/config/text/lexer.h"
#include "google/protobuf/message.h"
#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

const FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(weir::rules);
}

class ExampleWriter {
 public:
  explicit ExampleWriter(const Schema& schema) : schema_(schema) {}

  std::string Run(int indent) {
    const ComponentSpec& spec = schema_.spec();
    indent_ = indent;
    Line(absl::StrCat(StageKindName(spec.kind), " {"));
    indent_ += 2;
    Line(absl::StrCat("name: ", InQuotes(absl::StrCat("my_", spec.type))));
    Line(absl::StrCat("type: ", InQuotes(spec.type)));
    if (spec.kind != StageKind::kSource) {
      Line(absl::StrCat("input: ", InQuotes(kExampleInput), "  # the name of another stage"));
    }
    if (schema_.message() != nullptr) {
      Open("config {");
      Fields(*schema_.message());
      Close();
    }
    indent_ -= 2;
    Line("}");
    return std::move(out_);
  }

 private:
  // The `#` of all lines of a commented block are in one column, so that an editor can
  // remove them together.
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
    if (!IsFirstOfOneof(field) && around_.size() > 1) {
      Line(absl::StrCat("# or ", field.name()));
    } else if (field.is_map()) {
      MapField(field);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      MessageField(field);
    } else {
      Line(absl::StrCat(field.name(), ": ", ValueOf(field)));
    }
    comment_at_ = was_comment_at;
  }

  // The example sets one field of a oneof in a nested block.
  static bool IsFirstOfOneof(const FieldDescriptor& field) {
    const auto* oneof = field.real_containing_oneof();
    return oneof == nullptr || oneof->field(0) == &field;
  }

  // The default if it is legal, else a sample, with the default behind it as a comment.
  std::string ValueOf(const FieldDescriptor& field) const {
    const FieldRules& rules = RulesOf(field);
    const std::string sample = SampleValue(field, rules);
    if (!rules.has_default_text()) {
      if (field.has_default_value()) return ProtobufDefault(field);
      if (!rules.has_pattern() || IsLegal(field, sample)) return sample;
      return absl::StrCat(sample, "  # replace it by a value that matches ", rules.pattern());
    }
    const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    const std::string value =
        is_text ? InQuotes(rules.default_text()) : std::string(rules.default_text());
    if (IsLegal(field, value)) return value;
    return absl::StrCat(sample, "  # by default: ", rules.default_text());
  }

  // True if `text` is a value of the field that its rules allow. A text without rules could be
  // anything: a default with spaces is then taken for prose.
  bool IsLegal(const FieldDescriptor& field, const std::string& text) const {
    const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    const FieldRules& rules = RulesOf(field);
    const bool has_rule =
        rules.has_duration() || rules.has_pattern() || rules.rfc3339() || rules.cidr();
    if (is_text && !has_rule && (absl::StrContains(text, ' ') || absl::StrContains(text, '`'))) {
      return false;
    }
    const std::unique_ptr<google::protobuf::Message> top = schema_.NewMessage();
    const std::unique_ptr<google::protobuf::Message> message(
        top->GetReflection()->GetMessageFactory()->GetPrototype(field.containing_type())->New());
    if (!SetScalar(field, ScalarTextOf(text), message.get()).empty()) return false;
    bool legal = true;
    schema_.rules().Check(
        *message, /*complete=*/false,
        [&field](const FieldPath& path) { return path.back().field == &field; },
        [&legal](const FieldPath&, const std::string&) { legal = false; });
    return legal;
  }

  static ScalarText ScalarTextOf(const std::string& text) {
    ScalarText scalar;
    const std::vector<Token> tokens = Lex(text, [](size_t, const std::string&) {});
    if (tokens.size() != 2) return scalar;  // one token and the end
    scalar.kind = tokens.front().kind;
    scalar.parts.push_back(text);
    scalar.whole = text;
    return scalar;
  }

  void MessageField(const FieldDescriptor& field) {
    const Descriptor* message = field.message_type();
    // Once is enough.
    if (std::find(around_.begin(), around_.end(), message) != around_.end()) return;
    if (message->file()->package() == "google.protobuf" || message->field_count() == 0) {
      Line(absl::StrCat(TextName(field), " {}"));
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
      Line(absl::StrCat(field.name(), " { key: ", key, " value {} }"));
    } else {
      Line(absl::StrCat(field.name(), " { key: ", key,
                        " value: ", SampleValue(field, RulesOf(field)), " }"));
    }
  }

  const Schema& schema_;
  std::string out_;
  int indent_ = 0;
  int comment_at_ = -1;                    // the column of the `#`; -1: no comment
  std::vector<const Descriptor*> around_;  // the messages around the current field
};

}  // namespace

std::string DefaultText(const FieldDescriptor& field) {
  const FieldRules& rules = RulesOf(field);
  if (rules.has_default_text()) return rules.default_text();
  if (field.is_repeated() || field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return "";
  if (field.has_default_value()) return ProtobufDefault(field);
  // What an absent number or text means is known to the plugin only.
  const bool is_closed = field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL ||
                         field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
  const bool required = field.is_required() || rules.required();
  return is_closed && !required && !field.has_optional_keyword() ? ProtobufDefault(field) : "";
}

std::string ExampleStage(const Schema& schema, int indent) {
  return ExampleWriter(schema).Run(indent);
}

}  // namespace weir::config
