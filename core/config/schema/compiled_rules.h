// SPDX-License-Identifier: Apache-2.0
// The rules of one field of a configuration message.
#ifndef WEIR_CORE_CONFIG_SCHEMA_COMPILED_RULES_H_
#define WEIR_CORE_CONFIG_SCHEMA_COMPILED_RULES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/call_once.h"
#include "absl/status/statusor.h"
#include "core/regex/regex.h"
#include "google/protobuf/descriptor.h"
#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {

// Longer patterns are refused, and longer values of fields with a pattern: the time of a match
// grows with both lengths.
inline constexpr size_t kMaxPatternBytes = 512;
inline constexpr size_t kMaxMatchedBytes = 1024;

// A regular expression that values must match. Compiled when it is first needed: it takes long,
// and a file uses few fields. Any thread.
class Pattern {
 public:
  explicit Pattern(std::string text) : text_(std::move(text)) {}

  // Returns why the expression is wrong, as a sentence without a full stop; empty if it is not.
  const std::string& wrong() const;
  // Returns false for a wrong expression.
  bool Matches(const std::string& value) const;

 private:
  const std::string text_;
  mutable absl::once_flag once_;
  mutable std::optional<Regex> regex_;
  mutable std::string wrong_;
};

// Logically constant; any thread.
struct CompiledRules {
  // Returns INVALID_ARGUMENT, without the name of the field, if the rules do not fit `field`.
  // Does not check the pattern.
  static absl::StatusOr<std::unique_ptr<const CompiledRules>> Compile(
      const google::protobuf::FieldDescriptor& field, const FieldRules& rules);

  // Return the mistake of a value as the end of a sentence, or an empty string.
  std::string CheckNumber(long double value, std::string_view text) const;
  std::string CheckString(const std::string& value) const;

  // Returns a text that the rules allow and that `value` probably means: `value` itself if the
  // rules allow it. Returns an empty string if there is none.
  std::string CureOf(const std::string& value) const;

  // As CheckString; with or without a cure in the sentence. A cure takes further checks.
  std::string Mistake(const std::string& value, bool with_cure) const;

  FieldRules rules;
  std::optional<Pattern> pattern;
  std::optional<int64_t> min_duration_ns;
  std::optional<int64_t> max_duration_ns;
};

// Returns a bound without an exponent, if it is a whole number.
std::string NumberText(double number);

// Return "from 1 to 10", "1 or more" or "10 or less"; empty without bounds.
std::string NumberRange(const FieldRules& rules);
std::string DurationRange(const DurationRule& rule);

// Returns the field that the rules of `field` apply to: the value of a map, else the field.
const google::protobuf::FieldDescriptor& RuledField(const google::protobuf::FieldDescriptor& field);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SCHEMA_COMPILED_RULES_H_
