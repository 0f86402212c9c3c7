// SPDX-License-Identifier: Apache-2.0
// A fuzzer's entry to the descriptors of a plugin: any descriptors are refused with a reason,
// or can be described and configured.
//
// An input is a weir.fuzz.HostilePlugin as text, so that a corpus is readable and mutations
// reach deep. Any other input is the bytes of a FileDescriptorSet; every message in it is tried.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/config/describe/config_example.h"
#include "core/config/describe/describe.h"
#include "core/config/loader.h"
#include "core/config/schema/schemas.h"
#include "core/config/schema/schemas_fuzz.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "plugins/sdk/config_rules.descriptors.h"
#include "plugins/sdk/config_rules.pb.h"

namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using weir::config::ComponentSpec;
using weir::config::ComponentType;
using weir::config::ConfigSchemas;
using weir::config::Schema;

constexpr size_t kMaxMessages = 8;

void Require(bool condition) {
  if (!condition) std::abort();
}

// Ignores errors.
class Silence : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int /*line*/, int /*column*/, const std::string& /*message*/) override {}
};

ComponentSpec Spec(weir::StageKind kind, const std::string& type) {
  ComponentSpec spec;
  spec.kind = kind;
  spec.type = type;
  spec.summary = "Is up to no good.";
  spec.plugin = "hostile.so";
  return spec;
}

// Gives a pipeline or an error with a message.
void LoadPipeline(const std::string& text, const ConfigSchemas& schemas) {
  const auto environment = [](std::string_view) -> std::optional<std::string> { return "1"; };
  const auto pipeline = weir::config::LoadText(text, "f", schemas, environment);
  Require(pipeline.ok() || !pipeline.status().message().empty());
}

void RequireRefusal(const absl::Status& status) {
  Require(status.code() == absl::StatusCode::kInvalidArgument && !status.message().empty());
}

// The steps of the host: catalogue, `weir describe`, `weir validate`.
void MeetPlugin(const std::string& descriptors, const std::string& message,
                const std::string& pipeline) {
  ConfigSchemas schemas;
  Require(schemas.Add(Spec(weir::StageKind::kSource, "in")).ok());
  ComponentSpec spec = Spec(weir::StageKind::kSink, "hostile");
  spec.descriptor_set = descriptors;
  spec.config_message = message;
  const absl::Status status = schemas.Add(spec);
  const ComponentType* const type = schemas.Find(weir::StageKind::kSink, "hostile");
  Require(status.ok() == (type != nullptr));
  if (type == nullptr) {
    RequireRefusal(status);
    return;
  }
  const absl::Status sound = type->Check();
  if (!sound.ok()) RequireRefusal(sound);
  const absl::StatusOr<const Schema*> built = type->schema();
  if (!built.ok()) {
    Require(built.status() == sound);
    // A pipeline with this type gets the reason.
    LoadPipeline(pipeline, schemas);
    return;
  }
  const Schema* const schema = *built;
  Require(schema->message() == nullptr || schema->message()->full_name() == message);
  const std::string description = weir::config::Describe(*schema);
  Require(!description.empty() && description.back() == '\n');
  LoadPipeline("source { name: 'flows' type: 'in' }\n" + weir::config::ExampleStage(*schema, 0),
               schemas);
  LoadPipeline(pipeline, schemas);
}

// Collects the full names of messages, also nested ones, at most kMaxMessages.
void Collect(const std::string& prefix, const DescriptorProto& message,
             std::vector<std::string>* names) {
  if (names->size() == kMaxMessages) return;
  const std::string name = prefix.empty() ? message.name() : prefix + "." + message.name();
  names->push_back(name);
  for (const DescriptorProto& nested : message.nested_type()) Collect(name, nested, names);
}

void MeetBytes(const std::string& bytes) {
  std::vector<std::string> names = {"weir.test.Writer"};
  FileDescriptorSet set;
  if (set.ParsePartialFromString(bytes)) {
    for (const FileDescriptorProto& file : set.file()) {
      for (const DescriptorProto& message : file.message_type()) {
        Collect(file.package(), message, &names);
      }
    }
  }
  for (const std::string& name : names) MeetPlugin(bytes, name, "");
}

void MeetText(const weir::fuzz::HostilePlugin& plugin) {
  // With the files that weir has, byte for byte, and with other files of the same names.
  const std::string known(reinterpret_cast<const char*>(weir::kPluginsSdkConfigRulesDescriptors),
                          weir::kPluginsSdkConfigRulesDescriptorsSize);
  FileDescriptorSet others;
  FileDescriptorProto::descriptor()->file()->CopyTo(others.add_file());
  weir::FieldRules::descriptor()->file()->CopyTo(others.add_file());
  const std::string own = plugin.descriptors().SerializePartialAsString();
  for (const std::string& common : {known, others.SerializeAsString()}) {
    MeetPlugin(common + own, plugin.message(), plugin.pipeline());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  Silence silence;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silence);
  parser.AllowPartialMessage(true);
  parser.SetRecursionLimit(50);
  weir::fuzz::HostilePlugin plugin;
  if (parser.ParseFromString(input, &plugin)) {
    MeetText(plugin);
  } else {
    MeetBytes(input);
  }
  return 0;
}
