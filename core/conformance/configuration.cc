// SPDX-License-Identifier: Apache-2.0
#include "core/conformance/configuration.h"

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/config/loader.h"
#include "core/config/schema/component_spec.h"
#include "core/config/schema/field_rules.h"
#include "core/config/text/environment.h"
#include "core/record/stage_kind.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace weir::conformance {
namespace {

// A path that cannot exist, because /dev/null is not a folder.
constexpr char kNowhere[] = "/dev/null/nowhere";

// The type of the stages that complete a pipeline around the component.
constexpr char kOther[] = "conformance";

absl::StatusOr<std::string> ConfigurationIn(const config::PipelineConfig& pipeline,
                                            const config::ComponentSpec& spec) {
  for (const config::StageConfig& stage : pipeline.stages) {
    if (stage.kind == spec.kind && stage.type == spec.type) return stage.config;
  }
  return absl::NotFoundError(
      absl::StrCat("has no ", StageKindName(spec.kind), " '", spec.type, "'"));
}

// Returns a pipeline with the component. Its fields begin on the second line.
std::string PipelineText(const config::ComponentSpec& spec, const std::string& fields) {
  std::string text;
  const bool is_source = spec.kind == StageKind::kSource;
  if (!is_source) absl::StrAppend(&text, "source { name: \"in\" type: \"", kOther, "\" } ");
  if (spec.kind != StageKind::kSink) {
    absl::StrAppend(&text, "sink { name: \"out\" type: \"", kOther, "\" input: \"tested\" } ");
  }
  absl::StrAppend(&text, StageKindName(spec.kind), " { name: \"tested\" type: \"", spec.type, "\" ",
                  is_source ? "" : "input: \"in\" ");
  if (spec.config_message.empty())
    return absl::StrCat(text, fields.empty() ? "" : "\n", fields, "}");
  return absl::StrCat(text, "config {\n", fields, "\n} }");
}

// Moves the positions in a message of the loader up by the line that PipelineText added.
std::string WithUserPositions(std::string_view message) {
  const std::string prefix = absl::StrCat(kConfigText, ":");
  std::vector<std::string> lines;
  for (std::string_view line : absl::StrSplit(message, '\n')) {
    int number = 0;
    std::string_view rest = line;
    if (absl::ConsumePrefix(&rest, prefix) &&
        absl::SimpleAtoi(rest.substr(0, rest.find(':')), &number)) {
      // Line 1 is the position of the stage, which stands for a missing field.
      lines.push_back(number == 1 ? std::string(rest.substr(rest.find(' ') + 1))
                                  : absl::StrCat(prefix, number - 1, rest.substr(rest.find(':'))));
    } else {
      lines.emplace_back(line);
    }
  }
  return absl::StrJoin(lines, "\n");
}

bool Fits(const config::Schema& schema, const google::protobuf::Message& message) {
  bool fits = true;
  schema.rules().Check(
      message, true, [](const config::FieldPath&) { return true; },
      [&fits](const config::FieldPath&, const std::string&) { fits = false; });
  return fits;
}

}  // namespace

absl::StatusOr<std::string> ConfigurationFromText(const config::Schema& schema,
                                                  const std::string& text) {
  config::ConfigSchemas schemas;
  for (const StageKind kind : {StageKind::kSource, StageKind::kSink}) {
    config::ComponentSpec other;
    other.kind = kind;
    other.type = kOther;
    if (absl::Status status = schemas.Add(other); !status.ok()) return status;
  }
  if (absl::Status status = schemas.Add(schema.spec()); !status.ok()) return status;
  const auto pipeline = config::LoadText(PipelineText(schema.spec(), text), kConfigText, schemas,
                                         config::ProcessEnvironment());
  if (pipeline.ok()) return ConfigurationIn(*pipeline, schema.spec());
  return absl::InvalidArgumentError(WithUserPositions(pipeline.status().message()));
}

absl::StatusOr<std::string> ConfigurationFromFile(const config::Schema& schema,
                                                  const std::string& path,
                                                  const config::ConfigSchemas& schemas,
                                                  const config::NeedTypes& need) {
  const auto pipeline = config::LoadFile(path, schemas, config::ProcessEnvironment(), need);
  if (!pipeline.ok()) return pipeline.status();
  return ConfigurationIn(*pipeline, schema.spec());
}

std::string HopelessConfiguration(const config::Schema& schema, const std::string& wire) {
  using google::protobuf::FieldDescriptor;
  const std::unique_ptr<google::protobuf::Message> message = schema.NewMessage();
  if (message == nullptr || !message->ParseFromString(wire)) return {};
  bool changed = false;
  for (int i = 0; i < schema.message()->field_count(); ++i) {
    const FieldDescriptor* const field = schema.message()->field(i);
    if (field->type() != FieldDescriptor::TYPE_STRING) continue;
    const std::unique_ptr<google::protobuf::Message> before(message->New());
    before->CopyFrom(*message);
    if (field->is_repeated()) {
      message->GetReflection()->ClearField(message.get(), field);
      message->GetReflection()->AddString(message.get(), field, kNowhere);
    } else {
      message->GetReflection()->SetString(message.get(), field, kNowhere);
    }
    if (Fits(schema, *message)) {
      changed = true;
    } else {
      message->CopyFrom(*before);
    }
  }
  return changed ? message->SerializePartialAsString() : std::string();
}

}  // namespace weir::conformance
