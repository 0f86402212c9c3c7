// SPDX-License-Identifier: Apache-2.0
// The rules of plugins/sdk/config_rules.proto: compiled once for a message type and
// all that it can hold, then applied to configurations.
#ifndef WEIR_CORE_CONFIG_FIELD_RULES_H_
#define WEIR_CORE_CONFIG_FIELD_RULES_H_

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

// One step of the way from a message to a value inside of it.
struct FieldStep {
  const google::protobuf::FieldDescriptor* field;
  int index;  // in a repeated field or map; -1 for a singular field or the field as such
};
using FieldPath = std::vector<FieldStep>;

// "tls.ca_file", "output[2].path".
std::string PathText(const FieldPath& path);

// Constant once compiled, for all who look, so any thread may use it.
class RuleSet {
 public:
  RuleSet();
  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  // The rules of `message` and of all messages that it can hold. INVALID_ARGUMENT,
  // naming the field, for a rule that does not fit its field or makes no sense. Patterns
  // are left for their first use, which reports a wrong one at the value.
  static absl::StatusOr<RuleSet> Compile(const google::protobuf::Descriptor* message);

  // INVALID_ARGUMENT, naming the field, if a pattern is wrong.
  absl::Status CheckPatterns() const;

  // Gets a breach: where, and a sentence that begins with the path. An absent field
  // has the path of the message that lacks it (empty: the whole message).
  using Report = std::function<void(const FieldPath& path, std::string sentence)>;

  // Whether the field stands in the text: asked where the message cannot tell, of a
  // field of proto3 without `optional` that has the value 0 or "".
  using IsGiven = std::function<bool(const FieldPath& path)>;

  // Applies the rules to `message`, of the type they were compiled for, and sees to
  // it that strings are UTF-8, enums have a known value and maps no key twice.
  // `complete` is false where fields were left out after an error that has been
  // reported: then nothing is said of absent ones.
  void Check(const google::protobuf::Message& message, bool complete, const IsGiven& is_given,
             const Report& report) const;

  // What the rules of a field allow, a phrase each ("from 1 to 100", "required").
  // For people.
  std::vector<std::string> Explain(const google::protobuf::FieldDescriptor& field) const;

 private:
  friend class RuleChecker;
  absl::flat_hash_map<const google::protobuf::FieldDescriptor*,
                      std::unique_ptr<const CompiledRules>>
      rules_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_FIELD_RULES_H_
