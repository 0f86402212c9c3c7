// SPDX-License-Identifier: Apache-2.0
// The component types that a configuration may name, and the messages that
// configure them. Each component has a descriptor pool of its own, so that plugins
// which bring different versions of one .proto do not meet; where they bring the same
// version of config_rules.proto as the host, they share that. A pool is built when it is
// first asked for: a pipeline has few of the components that there are.
#ifndef WEIR_CORE_CONFIG_SCHEMAS_H_
#define WEIR_CORE_CONFIG_SCHEMAS_H_

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
#include "core/config/component_spec.h"
#include "core/config/field_rules.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

namespace weir::config {

// Whether a schema has the comments of its .proto files: for descriptions only, and a large
// part of what there is to build and to keep.
enum class Comments { kLeftOut, kKept };

// How one component type is configured. Immutable, so any thread may read it.
class Schema {
 public:
  // Reads the descriptors of `spec`, which must outlive what is made. INVALID_ARGUMENT,
  // naming the plugin, for descriptors that do not build or lack the message, and for a
  // field rule that makes no sense (of patterns see RuleSet).
  static absl::StatusOr<std::unique_ptr<const Schema>> Create(
      const ComponentSpec& spec, Comments comments = Comments::kLeftOut);

  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  const ComponentSpec& spec() const { return spec_; }
  // The message that configures it; null: it takes no configuration.
  const google::protobuf::Descriptor* message() const { return message_; }
  // An empty message of that type; null where message() is. Must not outlive this.
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

// One component type. Any thread may use it: the first to ask for the schema builds it.
class ComponentType {
 public:
  explicit ComponentType(ComponentSpec spec) : spec_(std::move(spec)) {}

  const ComponentSpec& spec() const { return spec_; }
  // The same schema, or the same error of Schema::Create, to all who ask.
  absl::StatusOr<const Schema*> schema() const;
  // The error of schema(), or of a pattern, which else is looked at when a value is to be
  // matched.
  absl::Status Check() const;

 private:
  const ComponentSpec spec_;
  mutable absl::once_flag once_;
  mutable absl::StatusOr<std::unique_ptr<const Schema>> schema_;
};

// All of them. Filled on one thread, then read by any.
class ConfigSchemas {
 public:
  // Adds one component type, whose descriptors are not read yet. On an error
  // (INVALID_ARGUMENT for descriptors that are too large, ALREADY_EXISTS for a kind and
  // type that is there) nothing has changed.
  absl::Status Add(ComponentSpec spec);

  // Adds the name of a type that exists, but whose plugin is not open: for messages.
  void AddName(const ComponentName& name) { names_.emplace(name.kind, name.type); }

  // Takes over all of `other`, of which no kind and type may be here already.
  void Merge(ConfigSchemas other) { types_.merge(other.types_); }

  // Null if there is none.
  const ComponentType* Find(StageKind kind, std::string_view type) const;

  // Whether a type exists: by Find or by AddName.
  bool Exists(StageKind kind, const std::string& type) const;

  // The types of one kind that exist, sorted.
  std::vector<std::string> Types(StageKind kind) const;

  // All, sorted by kind and type.
  std::vector<const ComponentType*> All() const;

 private:
  std::map<std::pair<StageKind, std::string>, std::unique_ptr<const ComponentType>> types_;
  std::set<std::pair<StageKind, std::string>> names_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SCHEMAS_H_
