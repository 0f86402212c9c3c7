// SPDX-License-Identifier: Apache-2.0
// The rules of one field of a configuration message.
#ifndef WEIR_CORE_CONFIG_COMPILED_RULES_H_
#define WEIR_CORE_CONFIG_COMPILED_RULES_H_

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

// Longer patterns are refused, and so are longer values where a pattern is to be
// matched or read: the time that it takes grows with both lengths.
inline constexpr size_t kMaxPatternBytes = 512;
inline constexpr size_t kMaxMatchedBytes = 1024;

// A regular expression that values must match. It is compiled when it is first needed: that
// takes long, and a file has few of the fields that there are. Any thread may use it.
class Pattern {
 public:
  explicit Pattern(std::string text) : text_(std::move(text)) {}

  // Why it cannot be used, as a sentence without an end; empty if it can.
  const std::string& wrong() const;
  // Of one that can be used.
  bool Matches(const std::string& value) const;

 private:
  const std::string text_;
  mutable absl::once_flag once_;
  mutable std::optional<Regex> regex_;
  mutable std::string wrong_;
};

// Constant for all who look, so any thread may use it.
struct CompiledRules {
  // INVALID_ARGUMENT, without the field's name, if they do not fit `field`. Whether the
  // pattern is a regular expression is not looked at.
  static absl::StatusOr<std::unique_ptr<const CompiledRules>> Compile(
      const google::protobuf::FieldDescriptor& field, const FieldRules& rules);

  // What is wrong with a value, as the end of a sentence; empty if nothing is.
  std::string CheckNumber(long double value, std::string_view text) const;
  std::string CheckString(const std::string& value) const;

  FieldRules rules;
  std::optional<Pattern> pattern;
  std::optional<int64_t> min_duration_ns;
  std::optional<int64_t> max_duration_ns;
};

// "from 1 to 10", "1 or more", "10 or less"; empty without bounds.
std::string NumberRange(const FieldRules& rules);
std::string DurationRange(const DurationRule& rule);

// The field that rules of `field` are about: the value of a map, else itself.
const google::protobuf::FieldDescriptor& RuledField(const google::protobuf::FieldDescriptor& field);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_COMPILED_RULES_H_
