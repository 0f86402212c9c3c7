// SPDX-License-Identifier: Apache-2.0
#include "core/config/references.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/config/text/diagnostics.h"
#include "core/suggestion/suggestion.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Returns the configuration of a stage, or null if it has none.
std::unique_ptr<Message> MessageOf(const StageConfig& stage, const ConfigSchemas& schemas) {
  const ComponentType* const type = schemas.Find(stage.kind, stage.type);
  if (type == nullptr || !type->schema().ok()) return nullptr;
  std::unique_ptr<Message> message = (*type->schema())->NewMessage();
  if (message == nullptr || !message->ParsePartialFromString(stage.config)) return nullptr;
  return message;
}

bool IsText(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_STRING && !field.is_repeated();
}

// A pipeline and the configuration of each of its stages, some null.
struct TypedPipeline {
  const PipelineConfig& pipeline;
  std::vector<std::unique_ptr<Message>> messages;
};

// Returns the values of the field `name`, also its default, of all stages of one kind and type.
std::vector<std::string> ValuesOf(const TypedPipeline& typed, StageKind kind,
                                  const std::string& type, const std::string& name) {
  std::vector<std::string> values;
  for (size_t i = 0; i < typed.messages.size(); ++i) {
    const StageConfig& stage = typed.pipeline.stages[i];
    if (stage.kind != kind || stage.type != type || typed.messages[i] == nullptr) continue;
    const Message& message = *typed.messages[i];
    const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || !IsText(*field)) continue;
    values.push_back(message.GetReflection()->GetString(message, field));
  }
  return values;
}

// Returns the mistake of a reference to none of `values`.
std::string Unmet(const StageConfig& stage, const std::string& field, const std::string& value,
                  const std::string& type, const std::vector<std::string>& values) {
  std::string suggestion = DidYouMean(value, values);
  if (suggestion.empty() && values.empty()) {
    suggestion = absl::StrCat(": add one, or remove this ", stage.type);
  } else if (suggestion.empty()) {
    suggestion = absl::StrCat("; there are '", absl::StrJoin(values, "', '"), "'");
  }
  return absl::StrCat(StageKindName(stage.kind), " '", stage.name, "': ", field, " '", value,
                      "' has no stage of type ", type, suggestion);
}

// Checks all fields of stage `index`. Adds at most kMaxReportedErrors mistakes and counts the rest:
// suggestions take time.
void CheckStage(const TypedPipeline& typed, size_t index, size_t* found, Diagnostics* mistakes) {
  const StageConfig& stage = typed.pipeline.stages[index];
  const Message& message = *typed.messages[index];
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const FieldRules& rules = field.options().GetExtension(weir::rules);
    if (!rules.has_refers_to() || !IsText(field)) continue;
    const std::string name(field.name());
    const std::string value = message.GetReflection()->GetString(message, &field);
    const std::vector<std::string> values = ValuesOf(typed, stage.kind, rules.refers_to(), name);
    if (std::find(values.begin(), values.end(), value) != values.end()) continue;
    if (++*found > kMaxReportedErrors) {
      mistakes->CountUnkept(1);
      continue;
    }
    const auto location = stage.fields.find(absl::StrCat(name, "[0]"));
    mistakes->Add(location == stage.fields.end() ? stage.location : location->second,
                  Unmet(stage, name, value, rules.refers_to(), values));
  }
}

}  // namespace

absl::Status CheckReferences(const PipelineConfig& pipeline, std::string_view file_name,
                             const ConfigSchemas& schemas) {
  TypedPipeline typed{pipeline, {}};
  for (const StageConfig& stage : pipeline.stages) {
    typed.messages.push_back(MessageOf(stage, schemas));
  }
  Diagnostics mistakes(file_name);
  size_t found = 0;
  for (size_t i = 0; i < typed.messages.size(); ++i) {
    if (typed.messages[i] != nullptr) CheckStage(typed, i, &found, &mistakes);
  }
  return mistakes.ToStatus(kMaxReportedErrors);
}

}  // namespace weir::config
