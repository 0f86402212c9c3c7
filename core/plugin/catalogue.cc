// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/catalogue.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/plugin/plugin_stage.h"

namespace weir::plugin {
namespace {

// Of a component whose kind has been checked.
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

}  // namespace

absl::Status Catalogue::AddPath(std::string_view path) {
  for (const std::string_view folder : absl::StrSplit(path, ':', absl::SkipEmpty())) {
    if (absl::Status status = AddFolder(std::string(folder)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Catalogue::AddFolder(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".so") files.push_back(entry->path().string());
  }
  if (error) {
    return absl::NotFoundError(absl::StrCat("plugin folder '", folder, "': ", error.message()));
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    if (absl::Status status = AddFile(file); !status.ok()) refused_.push_back(status);
  }
  return absl::OkStatus();
}

absl::Status Catalogue::AddFile(const std::string& path) {
  auto library = PluginLibrary::Load(path);
  if (!library.ok()) return library.status();
  // First all checks, then all changes, so that a plugin is in whole or not at all.
  config::ConfigSchemas schemas;
  for (const weir_component* component : (*library)->components()) {
    const auto known = components_.find({KindOf(*component), component->type});
    if (known != components_.end()) {
      return absl::AlreadyExistsError(absl::StrCat("plugin '", path, "': component '",
                                                   component->type, "' is there already, from '",
                                                   known->second.library->path(), "'"));
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
    const std::string place =
        absl::StrCat(file_name, ":", stage.position.line, ":", stage.position.column);
    pipeline::StageSpec spec;
    spec.kind = stage.kind;
    spec.name = stage.name;
    spec.inputs = stage.inputs;
    spec.queue_batches = stage.queue_batches;
    spec.factory =
        [found, place, runtime, wire = stage.config](
            pipeline::StageHost* host) -> absl::StatusOr<std::unique_ptr<pipeline::Stage>> {
      auto made = MakePluginStage(*found.component, found.library->path(), wire, host, runtime);
      if (made.ok()) return made;
      // In the first line: others may show what is wrong in a text.
      std::string message(made.status().message());
      message.insert(std::min(message.find('\n'), message.size()), absl::StrCat(" (", place, ")"));
      return absl::Status(made.status().code(), message);
    };
    specs.push_back(std::move(spec));
  }
  return specs;
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
