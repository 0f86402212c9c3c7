// SPDX-License-Identifier: Apache-2.0
#include "core/config/schema/compiled_rules.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/config/schema/cures.h"
#include "core/config/text/diagnostics.h"
#include "core/record/duration.h"
#include "core/record/ip_prefix.h"

namespace weir::config {
namespace {

using google::protobuf::FieldDescriptor;

template <typename Rule, typename ToText>
std::string RangeText(const Rule& rule, const ToText& text) {
  if (rule.has_min() && rule.has_max()) {
    return absl::StrCat("from ", text(rule.min()), " to ", text(rule.max()));
  }
  if (rule.has_min()) return absl::StrCat(text(rule.min()), " or more");
  if (rule.has_max()) return absl::StrCat(text(rule.max()), " or less");
  return "";
}

bool IsNumber(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return true;
    default:
      return false;
  }
}

// Returns why `rules` do not fit the type of the field, or an empty string.
std::string Misfit(const FieldDescriptor& field, const FieldRules& rules) {
  if ((rules.has_min() || rules.has_max()) && !IsNumber(field)) {
    return "min and max are for numbers";
  }
  if (rules.has_min() && std::isnan(rules.min())) return "min is not a number";
  if (rules.has_max() && std::isnan(rules.max())) return "max is not a number";
  if (rules.has_min() && rules.has_max() && rules.min() > rules.max()) {
    return "min is greater than max";
  }
  const bool is_text = field.type() == FieldDescriptor::TYPE_STRING;
  const bool is_bytes = field.type() == FieldDescriptor::TYPE_BYTES;
  if (rules.has_max_length() && !is_text && !is_bytes) return "max_length is for strings";
  if (rules.has_pattern() && !is_text) return "pattern is for strings";
  if (rules.has_duration() && !is_text) return "duration is for strings";
  if (rules.name_or_regex() && !is_text) return "name_or_regex is for strings";
  if (rules.rfc3339() && !is_text) return "rfc3339 is for strings";
  if (rules.has_refers_to() && (!is_text || field.is_repeated())) {
    return "refers_to is for strings that are not repeated";
  }
  if (rules.cidr() && !is_text) return "cidr is for strings";
  if (rules.path() && !is_text) return "path is for strings";
  return "";
}

absl::Status CompileBound(const char* name, bool present, const std::string& text,
                          std::optional<int64_t>* ns) {
  if (!present) return absl::OkStatus();
  *ns = ParseDurationNs(text);
  if (ns->has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("duration.", name, " ", Quoted(text), " is not a duration"));
}

// The bytes of patterns of shells and of regular expressions. A name with one of them is nearly
// always meant as a pattern, and then matches nothing.
constexpr std::string_view kPatternBytes = "*?[]^$|()\\/";

std::string CheckPlainName(const std::string& value) {
  const size_t at = value.find_first_of(kPatternBytes);
  if (at == std::string::npos) return "";
  std::string sentence = absl::StrCat(Quoted(value), " is a plain name with '", value.substr(at, 1),
                                      "'; a pattern is a regular expression between two slashes");
  const std::string meant = MeantRegex(value);
  if (!meant.empty()) absl::StrAppend(&sentence, ", as in \"", absl::CEscape(meant), "\"");
  if (absl::StrContains(value, '/')) return sentence;
  return absl::StrCat(sentence, "; for exactly this name write \"",
                      absl::CEscape(ExactRegex(value)), "\"");
}

std::string CheckNameOrRegex(const std::string& value) {
  const bool is_regex = value.size() >= 2 && value.front() == '/' && value.back() == '/';
  if (!is_regex) return CheckPlainName(value);
  if (value.size() > kMaxMatchedBytes) {
    return absl::StrCat("is ", value.size(), " bytes long; a regular expression may have ",
                        kMaxMatchedBytes);
  }
  std::string wrong;
  if (Regex::Compile(value.substr(1, value.size() - 2), Regex::Unit::kByte, &wrong).has_value()) {
    return "";
  }
  return absl::StrCat(Quoted(value), " is not a valid regular expression: ", wrong);
}

std::string CheckInstant(const std::string& value) {
  absl::Time time;
  std::string error;
  // ParseTime also accepts surrounding spaces and "infinite-future".
  const bool shaped =
      !value.empty() && absl::ascii_isdigit(value.front()) && !absl::ascii_isspace(value.back());
  if (shaped && absl::ParseTime(absl::RFC3339_full, value, &time, &error)) return "";
  return absl::StrCat(Quoted(value),
                      " is not an instant of RFC 3339, as in \"2022-08-23T16:33:22.5Z\"");
}

std::string CheckRange(const std::string& value) {
  if (IpPrefix::Parse(value).has_value()) return "";
  return absl::StrCat(Quoted(value),
                      " is not a range of IP addresses; it is written as in \"10.0.0.0/8\" or "
                      "\"fd00::/8\"");
}

std::string WrongDuration(const std::string& value, const DurationRule& rule,
                          const std::string& cure) {
  const std::string range = DurationRange(rule);
  const bool digits =
      !value.empty() && std::all_of(value.begin(), value.end(), absl::ascii_isdigit);
  if (digits && cure.empty() && !range.empty()) {
    return absl::StrCat(Quoted(value), " has no unit; it must be ", range);
  }
  if (digits && !cure.empty()) {
    return absl::StrCat(Quoted(value), " has no unit; write \"", cure,
                        "\" for seconds, or ms, m or h");
  }
  if (!cure.empty()) {
    return absl::StrCat(Quoted(value),
                        " is not a duration; its units are h, m, s, ms, us and ns: ", "write \"",
                        cure, "\"");
  }
  return absl::StrCat(Quoted(value),
                      " is not a duration; it is written as in \"1h30m\", \"5s\" or \"100ms\"");
}

// Of a value that does not match the pattern.
std::string WrongForm(const std::string& value, const FieldRules& rules, const std::string& cure) {
  const std::string with_cure =
      cure.empty() ? "" : absl::StrCat("; write \"", absl::CEscape(cure), "\"");
  if (!rules.has_pattern_text()) {
    return absl::StrCat(Quoted(value), " does not match the pattern ", rules.pattern(), with_cure);
  }
  std::string sentence = absl::StrCat(Quoted(value), " is not ", rules.pattern_text(), with_cure);
  if (cure.empty() && rules.has_example()) {
    absl::StrAppend(&sentence, ", as in \"", rules.example(), "\"");
  }
  return sentence;
}

bool IsShellHome(std::string_view path) { return path == "~" || absl::StartsWith(path, "~/"); }

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), absl::ascii_iscntrl);
}

std::string CheckPath(const std::string& value) {
  if (HasControlCharacter(value)) {
    return absl::StrCat(Quoted(value), " has a control character; a backslash is written '\\\\'");
  }
  if (!IsShellHome(value)) return "";
  return absl::StrCat(Quoted(value),
                      " begins with '~', which only a shell replaces; write \"${HOME}",
                      absl::CEscape(value.substr(1)), "\"");
}

}  // namespace

const std::string& Pattern::wrong() const {
  absl::call_once(once_, [this] {
    std::string why;
    regex_ = Regex::Compile(text_, Regex::Unit::kCharacter, &why);
    if (!regex_.has_value()) {
      wrong_ = absl::StrCat("the pattern ", Quoted(text_), " is not valid: ", why);
    }
  });
  return wrong_;
}

bool Pattern::Matches(const std::string& value) const {
  return wrong().empty() && regex_->MatchesAll(value);
}

absl::StatusOr<std::unique_ptr<const CompiledRules>> CompiledRules::Compile(
    const FieldDescriptor& field, const FieldRules& rules) {
  const std::string misfit = Misfit(RuledField(field), rules);
  if (!misfit.empty()) return absl::InvalidArgumentError(misfit);
  auto compiled = std::make_unique<CompiledRules>();
  compiled->rules = rules;
  if (rules.has_pattern()) {
    if (rules.pattern().size() > kMaxPatternBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("the pattern ", Quoted(rules.pattern()), " is not valid: it is too long"));
    }
    compiled->pattern.emplace(rules.pattern());
  }
  const DurationRule& duration = rules.duration();
  absl::Status status =
      CompileBound("min", duration.has_min(), duration.min(), &compiled->min_duration_ns);
  status.Update(
      CompileBound("max", duration.has_max(), duration.max(), &compiled->max_duration_ns));
  if (!status.ok()) return status;
  if (compiled->min_duration_ns.value_or(0) > compiled->max_duration_ns.value_or(INT64_MAX)) {
    return absl::InvalidArgumentError("duration.min is longer than duration.max");
  }
  return compiled;
}

std::string CompiledRules::CheckNumber(long double value, std::string_view text) const {
  // A NaN is outside of all bounds.
  const bool inside = (!rules.has_min() || value >= static_cast<long double>(rules.min())) &&
                      (!rules.has_max() || value <= static_cast<long double>(rules.max()));
  return inside ? "" : absl::StrCat(text, " is not allowed; it must be ", NumberRange(rules));
}

std::string CompiledRules::CheckString(const std::string& value) const {
  return Mistake(value, true);
}

std::string CompiledRules::Mistake(const std::string& value, bool with_cure) const {
  if (rules.required() && value.empty()) return "must not be empty";
  if (rules.has_max_length() && value.size() > rules.max_length()) {
    return absl::StrCat("is ", value.size(), " bytes long; it may have ", rules.max_length());
  }
  if (pattern.has_value()) {
    if (value.size() > kMaxMatchedBytes) {
      return absl::StrCat("is ", value.size(), " bytes long; it may have ", kMaxMatchedBytes);
    }
    if (!pattern->wrong().empty()) return absl::StrCat("cannot be checked: ", pattern->wrong());
    if (!pattern->Matches(value)) {
      return WrongForm(value, rules, with_cure ? CureOf(value) : "");
    }
  }
  if (rules.has_duration()) {
    const std::optional<int64_t> ns = ParseDurationNs(value);
    if (!ns.has_value()) {
      return WrongDuration(value, rules.duration(), with_cure ? CureOf(value) : "");
    }
    if (*ns < min_duration_ns.value_or(0) || *ns > max_duration_ns.value_or(INT64_MAX)) {
      return absl::StrCat(Quoted(value), " is not allowed; it must be ",
                          DurationRange(rules.duration()));
    }
  }
  if (rules.name_or_regex()) {
    std::string wrong = CheckNameOrRegex(value);
    if (!wrong.empty()) return wrong;
  }
  if (rules.cidr()) {
    std::string wrong = CheckRange(value);
    if (!wrong.empty()) return wrong;
  }
  if (rules.path()) {
    std::string wrong = CheckPath(value);
    if (!wrong.empty()) return wrong;
  }
  return rules.rfc3339() ? CheckInstant(value) : "";
}

std::string CompiledRules::CureOf(const std::string& value) const {
  constexpr size_t kMostBytes = 256;  // nobody types longer texts, and each form is checked
  if (value.size() > kMostBytes) return "";
  if (Mistake(value, false).empty()) return value;
  for (const std::string& form : OtherForms(value, rules)) {
    if (!form.empty() && Mistake(form, false).empty()) return form;
  }
  return "";
}

std::string NumberText(double number) {
  if (number == std::floor(number) && std::fabs(number) < 1e15) {
    return absl::StrCat(static_cast<int64_t>(number));
  }
  return absl::StrCat(number);
}

std::string NumberRange(const FieldRules& rules) { return RangeText(rules, NumberText); }

std::string DurationRange(const DurationRule& rule) {
  return RangeText(rule, [](const std::string& text) { return text; });
}

const FieldDescriptor& RuledField(const FieldDescriptor& field) {
  return field.is_map() ? *field.message_type()->map_value() : field;
}

}  // namespace weir::config
