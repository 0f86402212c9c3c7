// SPDX-License-Identifier: Apache-2.0
#include "core/config/schema/field_rules.h"

#include <set>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/config/schema/compiled_rules.h"
#include "core/config/schema/field_names.h"
#include "core/record/utf8.h"
#include "google/protobuf/text_format.h"

namespace weir::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

std::vector<const FieldDescriptor*> FieldsAndExtensions(const Descriptor& message) {
  std::vector<const FieldDescriptor*> fields;
  message.file()->pool()->FindAllExtensions(&message, &fields);
  for (int i = 0; i < message.field_count(); ++i) fields.push_back(message.field(i));
  return fields;
}

std::string WrongRules(const FieldDescriptor& field, std::string_view what) {
  return absl::StrCat("the rules of ", field.full_name(), ": ", what);
}

}  // namespace

// One walk through one message.
class RuleChecker {
 public:
  RuleChecker(const RuleSet& set, bool complete, const RuleSet::IsGiven& is_given,
              const RuleSet::Report& report)
      : set_(set), complete_(complete), is_given_(is_given), report_(report) {}

  // The nesting of the text bounds the recursion.
  void CheckMessage(const Message& message) {
    CheckAbsent(message);
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->is_map()) {
        CheckMap(message, *field);
      } else if (field->is_repeated()) {
        const int size = message.GetReflection()->FieldSize(message, field);
        for (int i = 0; i < size; ++i) CheckElement(message, *field, i);
      } else {
        CheckElement(message, *field, -1);
      }
    }
  }

 private:
  const CompiledRules* RulesOf(const FieldDescriptor& field) const {
    const auto found = set_.rules_.find(&field);
    return found == set_.rules_.end() ? nullptr : found->second.get();
  }

  void Report(const std::string& what) { report_(path_, absl::StrCat(PathText(path_), " ", what)); }

  // Checks the fields with rules that the message does not list.
  void CheckAbsent(const Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const CompiledRules* rules = RulesOf(field);
      if (rules == nullptr && !field.is_required()) continue;
      const bool present = field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                                               : reflection.HasField(message, &field);
      if (present) continue;
      path_.push_back({&field, -1});
      if (!field.is_repeated() && !field.has_presence() && is_given_(path_)) {
        CheckValue(message, field, -1, rules);
      } else if (complete_ && (field.is_required() || rules->rules.required())) {
        ReportMissing(field);
      }
      path_.pop_back();
    }
  }

  // `path_` ends with the field.
  void ReportMissing(const FieldDescriptor& field) {
    const FieldPath around(path_.begin(), path_.end() - 1);
    report_(around, absl::StrCat(PathText(path_), field.is_repeated() ? " needs at least one value"
                                                                      : " is required"));
  }

  void CheckMap(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor* key = field.message_type()->map_key();
    std::set<std::string> keys;
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
      path_.push_back({&field, i});
      std::string key_text;
      TextFormat::PrintFieldValueToString(entry, key, -1, &key_text);
      if (!keys.insert(key_text).second) Report(absl::StrCat("has the key ", key_text, " again"));
      path_.push_back({key, -1});
      CheckValue(entry, *key, -1, nullptr);
      path_.pop_back();
      const FieldDescriptor* value = field.message_type()->map_value();
      path_.push_back({value, -1});
      CheckValue(entry, *value, -1, RulesOf(field));
      path_.pop_back();
      path_.pop_back();
    }
  }

  void CheckElement(const Message& message, const FieldDescriptor& field, int index) {
    path_.push_back({&field, index});
    CheckValue(message, field, index, RulesOf(field));
    path_.pop_back();
  }

  void CheckValue(const Message& message, const FieldDescriptor& field, int index,
                  const CompiledRules* rules) {
    const Reflection& reflection = *message.GetReflection();
    const bool one = index < 0;
#define WEIR_GET(Type)                         \
  (one ? reflection.Get##Type(message, &field) \
       : reflection.GetRepeated##Type(message, &field, index))
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckNumber(WEIR_GET(Int32), rules);
      case FieldDescriptor::CPPTYPE_INT64:
        return CheckNumber(WEIR_GET(Int64), rules);
      case FieldDescriptor::CPPTYPE_UINT32:
        return CheckNumber(WEIR_GET(UInt32), rules);
      case FieldDescriptor::CPPTYPE_UINT64:
        return CheckNumber(WEIR_GET(UInt64), rules);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return CheckNumber(WEIR_GET(Float), rules);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return CheckNumber(WEIR_GET(Double), rules);
      case FieldDescriptor::CPPTYPE_BOOL:
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        return CheckEnum(WEIR_GET(EnumValue), field);
      case FieldDescriptor::CPPTYPE_STRING:
        return CheckString(WEIR_GET(String), field, rules);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return CheckMessage(one ? reflection.GetMessage(message, &field)
                                : reflection.GetRepeatedMessage(message, &field, index));
    }
#undef WEIR_GET
  }

  template <typename Number>
  void CheckNumber(Number value, const CompiledRules* rules) {
    if (rules == nullptr) return;
    const std::string wrong = rules->CheckNumber(value, absl::StrCat(value));
    if (!wrong.empty()) Report(wrong);
  }

  // An open enum takes any number; a configuration takes only known ones.
  void CheckEnum(int value, const FieldDescriptor& field) {
    if (field.enum_type()->FindValueByNumber(value) != nullptr) return;
    Report(absl::StrCat(value, " is not allowed; it must be ", EnumValueList(*field.enum_type())));
  }

  void CheckString(const std::string& value, const FieldDescriptor& field,
                   const CompiledRules* rules) {
    if (field.type() == FieldDescriptor::TYPE_STRING && !IsUtf8(value)) {
      Report("is not valid UTF-8");
      return;
    }
    // The system would take only the part before it, for example of a path.
    if (field.type() == FieldDescriptor::TYPE_STRING && value.find('\0') != std::string::npos) {
      Report("has a NUL byte");
      return;
    }
    if (rules == nullptr) return;
    const std::string wrong = rules->CheckString(value);
    if (!wrong.empty()) Report(wrong);
  }

  const RuleSet& set_;
  const bool complete_;
  const RuleSet::IsGiven& is_given_;
  const RuleSet::Report& report_;
  FieldPath path_;
};

RuleSet::RuleSet() = default;
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

absl::StatusOr<RuleSet> RuleSet::Compile(const Descriptor* message) {
  RuleSet set;
  absl::flat_hash_set<const Descriptor*> seen = {message};
  std::vector<const Descriptor*> to_do = {message};
  while (!to_do.empty()) {
    const Descriptor* type = to_do.back();
    to_do.pop_back();
    for (const FieldDescriptor* field : FieldsAndExtensions(*type)) {
      if (field->message_type() != nullptr && seen.insert(field->message_type()).second) {
        to_do.push_back(field->message_type());
      }
      if (!field->options().HasExtension(weir::rules)) continue;
      auto compiled = CompiledRules::Compile(*field, field->options().GetExtension(weir::rules));
      if (!compiled.ok()) {
        return absl::InvalidArgumentError(WrongRules(*field, compiled.status().message()));
      }
      set.rules_[field] = *std::move(compiled);
    }
  }
  return set;
}

absl::Status RuleSet::CheckPatterns() const {
  std::string first;  // by name, so that every call returns the same
  for (const auto& [field, rules] : rules_) {
    if (!rules->pattern.has_value() || rules->pattern->wrong().empty()) continue;
    std::string wrong = WrongRules(*field, rules->pattern->wrong());
    if (first.empty() || wrong < first) first = std::move(wrong);
  }
  return first.empty() ? absl::OkStatus() : absl::InvalidArgumentError(first);
}

void RuleSet::Check(const Message& message, bool complete, const IsGiven& is_given,
                    const Report& report) const {
  RuleChecker(*this, complete, is_given, report).CheckMessage(message);
}

std::vector<std::string> RuleSet::Explain(const FieldDescriptor& field) const {
  std::vector<std::string> phrases;
  const auto found = rules_.find(&field);
  if (found == rules_.end()) {
    if (field.is_required()) phrases.push_back("required");
    return phrases;
  }
  const FieldRules& rules = found->second->rules;
  if (rules.required() || field.is_required()) phrases.push_back("required");
  if (const std::string range = NumberRange(rules); !range.empty()) phrases.push_back(range);
  if (rules.has_duration()) {
    const std::string range = DurationRange(rules.duration());
    phrases.push_back(range.empty() ? "a duration" : absl::StrCat("a duration ", range));
  }
  if (rules.rfc3339()) phrases.push_back("an instant of RFC 3339");
  if (rules.path() && !rules.has_pattern_text()) phrases.push_back("a path");
  if (rules.cidr()) phrases.push_back("a range of IP addresses (CIDR)");
  if (rules.name_or_regex()) phrases.push_back("a name or a /regular expression/");
  if (rules.has_refers_to()) {
    phrases.push_back(
        absl::StrCat("the ", field.name(), " of a stage of type ", rules.refers_to()));
  }
  if (rules.has_pattern_text()) {
    phrases.push_back(rules.pattern_text());
  } else if (rules.has_pattern()) {
    phrases.push_back(absl::StrCat("matches ", rules.pattern()));
  }
  if (rules.has_max_length()) {
    phrases.push_back(absl::StrCat("at most ", rules.max_length(), " bytes"));
  }
  return phrases;
}

std::string PathText(const FieldPath& path) {
  std::string text;
  for (const FieldStep& step : path) {
    absl::StrAppend(&text, text.empty() ? "" : ".", TextName(*step.field));
    if (step.index >= 0) absl::StrAppend(&text, "[", step.index, "]");
  }
  return text;
}

}  // namespace weir::config
