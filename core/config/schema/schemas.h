// SPDX-License-Identifier: Apache-2.0
// The component types that a configuration can name, and the messages that configure them.
// Each component has its own descriptor pool, so that plugins can bring different versions of
// the same .proto. Plugins with the host's version of config_rules.proto share its descriptors.
// A pool is built when it is first needed, because a pipeline uses few components.
#ifndef WEIR_CORE_CONFIG_SCHEMA_SCHEMAS_H_
#define WEIR_CORE_CONFIG_SCHEMA_SCHEMAS_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/config/schema/component_spec.h"
#include "core/config/schema/field_rules.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

namespace weir::config {

// Whether a schema has the comments of its .proto files. Only descriptions need them, and they
// take a large part of the time and memory of a schema.
enum class Comments { kLeftOut, kKept };

// The configuration of one component type. Immutable; any thread.
class Schema {
 public:
  // Reads the descriptors of `spec`, which must outlive the schema. Returns INVALID_ARGUMENT with
  // the name of the plugin if the descriptors do not build or lack the message, or if a field
  // rule is wrong. Patterns are not checked here (see RuleSet).
  static absl::StatusOr<std::unique_ptr<const Schema>> Create(
      const ComponentSpec& spec, Comments comments = Comments::kLeftOut);

  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  const ComponentSpec& spec() const { return spec_; }
  // The message that configures it; null if it takes no configuration.
  const google::protobuf::Descriptor* message() const { return message_; }
  // Returns an empty message of this type, or null if message() is null. Must not outlive this.
  std::unique_ptr<google::protobuf::Message> NewMessage() const;
  const RuleSet& rules() const { return rules_; }

 private:
  explicit Schema(const ComponentSpec& spec) : spec_(spec) {}
  absl::Status Build(Comments comments);

  const ComponentSpec& spec_;
  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  std::unique_ptr<google::protobuf::DynamicMessageFactory> factory_;
  const google::protobuf::Descriptor* message_ = nullptr;
  const google::protobuf::Message* prototype_ = nullptr;
  RuleSet rules_;
};

// One component type. Any thread; the first call of schema() builds the schema.
class ComponentType {
 public:
  explicit ComponentType(ComponentSpec spec) : spec_(std::move(spec)) {}

  const ComponentSpec& spec() const { return spec_; }
  // Every call returns the same schema, or the same error of Schema::Create.
  absl::StatusOr<const Schema*> schema() const;
  // Returns the error of schema() or of a pattern. Without this call, a wrong pattern is found
  // when it is first used.
  absl::Status Check() const;

 private:
  const ComponentSpec spec_;
  mutable absl::once_flag once_;
  mutable absl::StatusOr<std::unique_ptr<const Schema>> schema_;
};

// All component types. One thread fills it; then any thread may read it.
class ConfigSchemas {
 public:
  // Adds one component type; its descriptors are not read yet. Returns INVALID_ARGUMENT for
  // descriptors that are too large, ALREADY_EXISTS for a kind and type that exist. After an error
  // nothing has changed.
  absl::Status Add(ComponentSpec spec);

  // Adds the name of a type whose plugin is not open, for messages.
  void AddName(const ComponentName& name) { names_.emplace(name.kind, name.type); }

  // Takes all types of `other`; none of them may exist here.
  void Merge(ConfigSchemas other) { types_.merge(other.types_); }

  // Returns null if the type does not exist.
  const ComponentType* Find(StageKind kind, std::string_view type) const;

  // Returns true if the type was added by Add or AddName.
  bool Exists(StageKind kind, const std::string& type) const;

  // Returns the existing types of one kind, sorted.
  std::vector<std::string> Types(StageKind kind) const;

  // Returns all types, sorted by kind and type.
  std::vector<const ComponentType*> All() const;

 private:
  std::map<std::pair<StageKind, std::string>, std::unique_ptr<const ComponentType>> types_;
  std::set<std::pair<StageKind, std::string>> names_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SCHEMA_SCHEMAS_H_
