// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/catalogue.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/plugin/examination.h"
#include "core/plugin/plugin_files.h"
#include "core/plugin/plugin_stage.h"
#include "core/record/terminal_text.h"
#include "glog/logging.h"

namespace weir::plugin {
namespace {

// The kind must have been checked.
StageKind KindOf(const weir_component& component) { return static_cast<StageKind>(component.kind); }

config::ComponentSpec SpecOf(const weir_component& component, const std::string& path) {
  config::ComponentSpec spec;
  spec.kind = KindOf(component);
  spec.type = component.type;
  spec.summary = component.summary;
  spec.plugin = path;
  if (component.config_message != nullptr) {
    spec.config_message = component.config_message;
    // Plugins stay open for the life of the process.
    spec.descriptor_set = {reinterpret_cast<const char*>(component.config_descriptors),
                           component.config_descriptors_size};
  }
  return spec;
}

// The field that an error of a plugin begins with, as in "filter[1].ports: is empty": the parts
// of its path, each with its index.
std::vector<std::string> PathAtBegin(std::string_view message) {
  constexpr size_t kMaxPathBytes = 256;
  const auto end = std::find_if_not(
      message.begin(), message.begin() + std::min(message.size(), kMaxPathBytes),
      [](unsigned char c) { return absl::ascii_isalnum(c) || absl::StrContains("_[].", c); });
  const std::string_view path = message.substr(0, static_cast<size_t>(end - message.begin()));
  std::vector<std::string> parts = absl::StrSplit(path, '.');
  for (std::string& part : parts) {
    if (!absl::EndsWith(part, "]")) part += "[0]";
  }
  return parts;
}

// The location of the innermost field of that path which the file has, or of the stage.
config::ConfigLocation LocationOf(const config::StageConfig& stage, std::string_view message) {
  for (std::vector<std::string> path = PathAtBegin(message); !path.empty(); path.pop_back()) {
    const auto field = stage.fields.find(absl::StrJoin(path, "."));
    if (field != stage.fields.end()) return field->second;
  }
  return stage.location;
}

}  // namespace

absl::Status DuplicateTypeError(std::string_view file, std::string_view type,
                                std::string_view owner) {
  return absl::AlreadyExistsError(absl::StrCat("plugin '", file, "': component '", type,
                                               "' already exists in plugin '", owner, "'"));
}

absl::Status Catalogue::AddPath(std::string_view path) {
  const absl::StatusOr<std::vector<PluginFolder>> folders = ListPluginFolders(path);
  if (!folders.ok()) return folders.status();
  for (const PluginFolder& folder : *folders) {
    for (const std::string& file : folder.files) AddOrRefuse(file);
  }
  return absl::OkStatus();
}

absl::Status Catalogue::AddNeeded(std::string_view path,
                                  const std::vector<config::ComponentName>& needed,
                                  Opening opening) {
  const absl::StatusOr<std::vector<PluginFolder>> folders = ListPluginFolders(path);
  if (!folders.ok()) return folders.status();
  for (const PluginFolder& folder : *folders) {
    if (HasAll(needed)) break;
    AddNamedAfter(folder.files, needed, opening);
    if (!HasAll(needed)) AddExamined(folder.files, needed);
  }
  return absl::OkStatus();
}

void Catalogue::AddNamedAfter(const std::vector<std::string>& files,
                              const std::vector<config::ComponentName>& needed, Opening opening) {
  for (const config::ComponentName& name : needed) {
    for (const std::string& file : files) {
      if (schemas_.Find(name.kind, name.type) != nullptr) break;
      if (!IsNamedAfter(file, name.kind, name.type) || IsKnown(file)) continue;
      if (opening == Opening::kAfterExamination) {
        const Examined examined = Examine(file, check_);
        if (!examined.status.ok()) {
          Refuse(file, examined.status);
          continue;
        }
      } else {
        // If the plugin ends the process, this line names it.
        LOG(INFO) << "opening plugin '" << TerminalLine(file) << "'";
      }
      AddOrRefuse(file);
    }
  }
}

void Catalogue::AddExamined(const std::vector<std::string>& files,
                            const std::vector<config::ComponentName>& needed) {
  std::vector<Examined> all;
  for (const std::string& file : files) {
    if (IsKnown(file)) continue;
    Examined examined = Examine(file, check_);
    if (examined.status.ok()) {
      all.push_back(std::move(examined));
    } else {
      Refuse(file, examined.status);
    }
  }
  for (const Examined* const file : ByPreference(&all)) {
    bool has_needed = false;
    for (const Examined::Component& component : file->components) {
      schemas_.AddName(component.name);
      has_needed |= schemas_.Find(component.name.kind, component.name.type) == nullptr &&
                    std::find(needed.begin(), needed.end(), component.name) != needed.end();
    }
    if (has_needed) AddOrRefuse(file->path);
  }
}

bool Catalogue::HasAll(const std::vector<config::ComponentName>& needed) const {
  return std::all_of(needed.begin(), needed.end(), [this](const config::ComponentName& name) {
    return schemas_.Find(name.kind, name.type) != nullptr;
  });
}

bool Catalogue::IsKnown(const std::string& file) const {
  return refused_files_.count(file) > 0 ||
         std::any_of(libraries_.begin(), libraries_.end(),
                     [&file](const auto& library) { return library->path() == file; });
}

void Catalogue::Refuse(const std::string& file, const absl::Status& status) {
  refused_files_.insert(file);
  refused_.push_back(status);
}

void Catalogue::AddOrRefuse(const std::string& file) {
  if (absl::Status status = AddFile(file); !status.ok()) Refuse(file, status);
}

std::string Catalogue::FileInOpening() const {
  const absl::MutexLock lock(&mutex_);
  return file_in_opening_;
}

void Catalogue::SetFileInOpening(const std::string& path) {
  const absl::MutexLock lock(&mutex_);
  file_in_opening_ = path;
}

absl::Status Catalogue::AddFile(const std::string& path) {
  SetFileInOpening(path);
  auto library = PluginLibrary::Load(path);
  SetFileInOpening("");
  if (!library.ok()) return library.status();
  // Check everything before any change, so that a plugin is added completely or not at all.
  config::ConfigSchemas schemas;
  for (const weir_component* component : (*library)->components()) {
    const auto known = components_.find({KindOf(*component), component->type});
    if (known != components_.end()) {
      return DuplicateTypeError(path, component->type, known->second.library->path());
    }
    if (absl::Status status = schemas.Add(SpecOf(*component, path)); !status.ok()) return status;
  }
  if (check_ == DescriptorCheck::kAtOnce) {
    for (const config::ComponentType* type : schemas.All()) {
      if (absl::Status status = type->Check(); !status.ok()) return status;
    }
  }
  for (const weir_component* component : (*library)->components()) {
    components_[{KindOf(*component), component->type}] = {library->get(), component};
  }
  schemas_.Merge(std::move(schemas));
  libraries_.push_back(*std::move(library));
  return absl::OkStatus();
}

std::vector<pipeline::StageSpec> Catalogue::StageSpecs(const config::PipelineConfig& config,
                                                       const std::string& file_name,
                                                       Runtime* runtime) const {
  std::vector<pipeline::StageSpec> specs;
  for (const config::StageConfig& stage : config.stages) {
    const Component& found = components_.at({stage.kind, stage.type});
    pipeline::StageSpec spec;
    spec.kind = stage.kind;
    spec.name = stage.name;
    spec.inputs = stage.inputs;
    spec.queue_batches = stage.queue_batches;
    spec.factory = [found, runtime, wire = stage.config](pipeline::StageHost* host) {
      return MakePluginStage(*found.component, found.library->path(), wire, host, runtime);
    };
    spec.locate = [stage, file_name](std::string_view message) {
      const config::ConfigLocation location = LocationOf(stage, message);
      return absl::StrCat(file_name, ":", location.line, ":", location.column);
    };
    spec.line = stage.location.line;
    specs.push_back(std::move(spec));
  }
  return specs;
}

absl::StatusOr<std::unique_ptr<pipeline::Pipeline>> Catalogue::MakePipeline(
    const config::PipelineConfig& config, const std::string& file_name, Runtime* runtime) const {
  return pipeline::Pipeline::Create(StageSpecs(config, file_name, runtime), runtime->clock);
}

uint64_t Catalogue::CapabilitiesToGiveUp(const config::PipelineConfig& config) const {
  uint64_t to_prepare = 0;
  uint64_t later = 0;
  for (const config::StageConfig& stage : config.stages) {
    const weir_component* const component = components_.at({stage.kind, stage.type}).component;
    if (!WEIR_HAS_FIELD(weir_component, component, capabilities)) return 0;
    if (component->capabilities == nullptr) return 0;
    to_prepare |= component->prepare_capabilities;
    later |= *component->capabilities;
  }
  return to_prepare & ~later;
}

}  // namespace weir::plugin
