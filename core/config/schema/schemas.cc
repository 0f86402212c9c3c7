// SPDX-License-Identifier: Apache-2.0
#include "core/config/schema/schemas.h"

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/config/text/diagnostics.h"
#include "google/protobuf/descriptor.pb.h"
#include "plugins/sdk/config_rules.descriptors.h"
#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

// The descriptors of weir's components have less than 200 kB, with comments and
// descriptor.proto.
constexpr size_t kMaxDescriptorBytes = 1 << 20;
constexpr int kMaxDescriptorFiles = 256;

// Keeps the first error of one file of a set.
class BuildErrors : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element,
                const google::protobuf::Message* /*descriptor*/, ErrorLocation /*location*/,
                const std::string& message) override {
    if (first_.empty()) first_ = absl::StrCat(file, ": ", element, ": ", message);
  }
  const std::string& first() const { return first_; }

 private:
  std::string first_;
};

// A reserved name is an unknown field like any other.
void DropReservedNames(DescriptorProto* message) {
  message->clear_reserved_name();
  for (DescriptorProto& nested : *message->mutable_nested_type()) DropReservedNames(&nested);
}

// The beginning of nearly every set, as protoc writes it: config_rules.proto after
// descriptor.proto, which it imports.
std::string_view CommonFiles() {
  return {reinterpret_cast<const char*>(kPluginsSdkConfigRulesDescriptors),
          kPluginsSdkConfigRulesDescriptorsSize};
}

// These two files, built once: they are the largest part of most pools, and no code reads their
// comments. Immutable; exists until the process ends.
const DescriptorPool* CommonPool() {
  static const DescriptorPool* const pool = [] {
    auto* const made = new DescriptorPool;
    for (const auto* of : {FileDescriptorProto::descriptor(), FieldRules::descriptor()}) {
      FileDescriptorProto file;
      of->file()->CopyTo(&file);
      made->BuildFile(file);
    }
    return made;
  }();
  return pool;
}

absl::Status BuildFiles(std::string_view serialized, Comments comments, DescriptorPool* pool) {
  FileDescriptorSet set;
  if (!set.ParseFromArray(serialized.data(), static_cast<int>(serialized.size()))) {
    return absl::InvalidArgumentError("they are not a google.protobuf.FileDescriptorSet");
  }
  if (set.file_size() > kMaxDescriptorFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat("they hold ", set.file_size(), " files; allowed are ", kMaxDescriptorFiles));
  }
  for (FileDescriptorProto& file : *set.mutable_file()) {
    for (DescriptorProto& message : *file.mutable_message_type()) DropReservedNames(&message);
    if (comments == Comments::kLeftOut) file.clear_source_code_info();
    BuildErrors errors;
    if (pool->BuildFileCollectingErrors(file, &errors) == nullptr) {
      return absl::InvalidArgumentError(errors.first().empty() ? file.name() : errors.first());
    }
  }
  return absl::OkStatus();
}

// A set with another beginning has all its files: another version of these two, or neither.
absl::StatusOr<std::unique_ptr<DescriptorPool>> BuildPool(std::string_view serialized,
                                                          Comments comments) {
  std::unique_ptr<DescriptorPool> pool;
  if (absl::StartsWith(serialized, CommonFiles())) {
    serialized.remove_prefix(CommonFiles().size());
    pool = std::make_unique<DescriptorPool>(CommonPool());
  } else {
    pool = std::make_unique<DescriptorPool>();
  }
  if (absl::Status status = BuildFiles(serialized, comments, pool.get()); !status.ok())
    return status;
  return pool;
}

// Puts the plugin and the component in front of an error.
absl::Status WithComponent(const ComponentSpec& of, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("plugin '", of.plugin, "': ", StageKindName(of.kind), " type ",
                                   Quoted(of.type), ": ", status.message()));
}

absl::Status WrongDescriptors(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the descriptors of its configuration: ", what));
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Schema>> Schema::Create(const ComponentSpec& spec,
                                                             Comments comments) {
  std::unique_ptr<Schema> schema(new Schema(spec));
  const absl::Status status = schema->Build(comments);
  if (!status.ok()) return WithComponent(spec, status);
  return schema;
}

absl::Status Schema::Build(Comments comments) {
  if (spec_.config_message.empty() && spec_.descriptor_set.empty()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<DescriptorPool>> pool = BuildPool(spec_.descriptor_set, comments);
  if (!pool.ok()) return WrongDescriptors(pool.status().message());
  pool_ = *std::move(pool);
  message_ = pool_->FindMessageTypeByName(spec_.config_message);
  if (message_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the descriptors of its configuration lack the message ", Quoted(spec_.config_message)));
  }
  factory_ = std::make_unique<google::protobuf::DynamicMessageFactory>(pool_.get());
  prototype_ = factory_->GetPrototype(message_);
  absl::StatusOr<RuleSet> rules = RuleSet::Compile(message_);
  if (!rules.ok()) return rules.status();
  rules_ = *std::move(rules);
  return absl::OkStatus();
}

std::unique_ptr<google::protobuf::Message> Schema::NewMessage() const {
  if (prototype_ == nullptr) return nullptr;
  return std::unique_ptr<google::protobuf::Message>(prototype_->New());
}

absl::StatusOr<const Schema*> ComponentType::schema() const {
  absl::call_once(once_, [this] { schema_ = Schema::Create(spec_); });
  if (!schema_.ok()) return schema_.status();
  return schema_->get();
}

absl::Status ComponentType::Check() const {
  const absl::StatusOr<const Schema*> built = schema();
  if (!built.ok()) return built.status();
  const absl::Status status = (*built)->rules().CheckPatterns();
  return status.ok() ? status : WithComponent(spec_, status);
}

absl::Status ConfigSchemas::Add(ComponentSpec spec) {
  const ComponentType* present = Find(spec.kind, spec.type);
  if (present != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat(
        "plugin '", spec.plugin, "': ", StageKindName(spec.kind), " type ", Quoted(spec.type),
        " is that of plugin '", present->spec().plugin, "' already"));
  }
  if (const size_t bytes = spec.descriptor_set.size(); bytes > kMaxDescriptorBytes) {
    return WithComponent(
        spec, WrongDescriptors(
                  absl::StrCat("they have ", bytes, " bytes; allowed are ", kMaxDescriptorBytes)));
  }
  const auto key = std::make_pair(spec.kind, spec.type);
  types_[key] = std::make_unique<const ComponentType>(std::move(spec));
  return absl::OkStatus();
}

const ComponentType* ConfigSchemas::Find(StageKind kind, std::string_view type) const {
  const auto found = types_.find(std::make_pair(kind, std::string(type)));
  return found == types_.end() ? nullptr : found->second.get();
}

bool ConfigSchemas::Exists(StageKind kind, const std::string& type) const {
  const auto name = std::make_pair(kind, type);
  return types_.count(name) > 0 || names_.count(name) > 0;
}

std::vector<std::string> ConfigSchemas::Types(StageKind kind) const {
  std::set<std::string> types;
  for (const auto& [name, type] : types_) {
    if (name.first == kind) types.insert(name.second);
  }
  for (const auto& name : names_) {
    if (name.first == kind) types.insert(name.second);
  }
  return {types.begin(), types.end()};
}

std::vector<const ComponentType*> ConfigSchemas::All() const {
  std::vector<const ComponentType*> all;
  for (const auto& [key, type] : types_) all.push_back(type.get());
  return all;
}

}  // namespace weir::config
