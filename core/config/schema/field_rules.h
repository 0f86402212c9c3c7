// SPDX-License-Identifier: Apache-2.0
// The rules of plugins/sdk/config_rules.proto: compiled once for a message type and all messages
// that it can contain, then applied to configurations.
#ifndef WEIR_CORE_CONFIG_SCHEMA_FIELD_RULES_H_
#define WEIR_CORE_CONFIG_SCHEMA_FIELD_RULES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace weir::config {

// The rules of one field, ready to be applied.
struct CompiledRules;

// One step on the way from a message to a value in it.
struct FieldStep {
  const google::protobuf::FieldDescriptor* field;
  int index;  // in a repeated field or map; -1 for a singular field or the field as such
};
using FieldPath = std::vector<FieldStep>;

// "tls.ca_file", "output[2].path".
std::string PathText(const FieldPath& path);

// Logically constant after Compile; any thread.
class RuleSet {
 public:
  RuleSet();
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  // Compiles the rules of `message` and of all messages that it can contain. Returns
  // INVALID_ARGUMENT with the name of the field for a rule that is wrong or does not fit its
  // field. A wrong pattern is reported when a value is first matched.
  static absl::StatusOr<RuleSet> Compile(const google::protobuf::Descriptor* message);

  // Returns INVALID_ARGUMENT with the name of the field if a pattern is wrong.
  absl::Status CheckPatterns() const;

  // Receives a violation: its path, and a sentence that begins with the path. For an absent
  // field it is the path of the message without it (empty for the whole message).
  using Report = std::function<void(const FieldPath& path, std::string sentence)>;

  // Returns true if the text has the field. Called only if the message cannot tell: for a proto3
  // field without `optional` that has the value 0 or "".
  using IsGiven = std::function<bool(const FieldPath& path)>;

  // Applies the rules to `message`, which has the type of Compile. Also checks that strings are
  // UTF-8, that enums have a known value, and that maps have every key once. If `complete` is
  // false, a mistake has removed fields, and absent fields are not reported.
  void Check(const google::protobuf::Message& message, bool complete, const IsGiven& is_given,
             const Report& report) const;

  // Returns what the rules of a field allow, one phrase for each rule ("from 1 to 100",
  // "required").
  std::vector<std::string> Explain(const google::protobuf::FieldDescriptor& field) const;

 private:
  friend class RuleChecker;
  absl::flat_hash_map<const google::protobuf::FieldDescriptor*,
                      std::unique_ptr<const CompiledRules>>
      rules_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SCHEMA_FIELD_RULES_H_
