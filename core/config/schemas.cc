// SPDX-License-Identifier: Apache-2.0
#include "core/config/schemas.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/config/diagnostics.h"
#include "google/protobuf/descriptor.pb.h"

namespace weir::config {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

// Those of weir's own components, comments and descriptor.proto included, have less
// than 200 kB.
constexpr size_t kMaxDescriptorBytes = 1 << 20;
constexpr int kMaxDescriptorFiles = 256;

// What is wrong with one file of a set.
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

// The text parser skips fields with a reserved name without a word; without the
// reservation it says that there is no such field.
void DropReservedNames(DescriptorProto* message) {
  message->clear_reserved_name();
  for (DescriptorProto& nested : *message->mutable_nested_type()) DropReservedNames(&nested);
}

absl::Status BuildFiles(const std::string& serialized, DescriptorPool* pool) {
  if (serialized.size() > kMaxDescriptorBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("they have ", serialized.size(), " bytes; allowed are ", kMaxDescriptorBytes));
  }
  FileDescriptorSet set;
  if (!set.ParseFromString(serialized)) {
    return absl::InvalidArgumentError("they are not a google.protobuf.FileDescriptorSet");
  }
  if (set.file_size() > kMaxDescriptorFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat("they hold ", set.file_size(), " files; allowed are ", kMaxDescriptorFiles));
  }
  for (FileDescriptorProto& file : *set.mutable_file()) {
    // Nobody reads these comments, which are most of the set.
    if (file.name() == "google/protobuf/descriptor.proto") file.clear_source_code_info();
    for (DescriptorProto& message : *file.mutable_message_type()) DropReservedNames(&message);
    BuildErrors errors;
    if (pool->BuildFileCollectingErrors(file, &errors) == nullptr) {
      return absl::InvalidArgumentError(errors.first().empty() ? file.name() : errors.first());
    }
  }
  return absl::OkStatus();
}

}  // namespace

Schema::Schema(ComponentSpec spec) : spec_(std::move(spec)) {}

absl::StatusOr<std::unique_ptr<const Schema>> Schema::Create(ComponentSpec spec) {
  std::unique_ptr<Schema> schema(new Schema(std::move(spec)));
  const absl::Status status = schema->Build();
  if (!status.ok()) {
    const ComponentSpec& of = schema->spec_;
    return absl::Status(status.code(),
                        absl::StrCat("plugin '", of.plugin, "': ", StageKindName(of.kind), " type ",
                                     Quoted(of.type), ": ", status.message()));
  }
  return schema;
}

absl::Status Schema::Build() {
  if (spec_.config_message.empty() && spec_.descriptor_set.empty()) return absl::OkStatus();
  pool_ = std::make_unique<DescriptorPool>();
  const absl::Status status = BuildFiles(spec_.descriptor_set, pool_.get());
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("the descriptors of its configuration: ", status.message()));
  }
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

absl::Status ConfigSchemas::Add(ComponentSpec spec) {
  const auto key = std::make_pair(spec.kind, spec.type);
  const Schema* present = Find(spec.kind, spec.type);
  if (present != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat(
        "plugin '", spec.plugin, "': ", StageKindName(spec.kind), " type ", Quoted(spec.type),
        " is that of plugin '", present->spec().plugin, "' already"));
  }
  absl::StatusOr<std::unique_ptr<const Schema>> schema = Schema::Create(std::move(spec));
  if (!schema.ok()) return schema.status();
  schemas_[key] = *std::move(schema);
  return absl::OkStatus();
}

const Schema* ConfigSchemas::Find(StageKind kind, std::string_view type) const {
  const auto found = schemas_.find(std::make_pair(kind, std::string(type)));
  return found == schemas_.end() ? nullptr : found->second.get();
}

std::vector<std::string> ConfigSchemas::Types(StageKind kind) const {
  std::vector<std::string> types;
  for (const auto& [key, schema] : schemas_) {
    if (key.first == kind) types.push_back(key.second);
  }
  return types;
}

std::vector<const Schema*> ConfigSchemas::All() const {
  std::vector<const Schema*> all;
  for (const auto& [key, schema] : schemas_) all.push_back(schema.get());
  return all;
}

}  // namespace weir::config
