// SPDX-License-Identifier: Apache-2.0
// All plugins there are: which files were opened, which component types they have,
// and which files could not be used and why.
#ifndef WEIR_CORE_PLUGIN_CATALOGUE_H_
#define WEIR_CORE_PLUGIN_CATALOGUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/config/loader.h"
#include "core/config/schemas.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/host.h"
#include "core/plugin/plugin_library.h"

namespace weir::plugin {

// When the descriptors of a plugin's configurations are read, which takes most of the time
// that it takes to open it.
enum class DescriptorCheck {
  kAtOnce,    // a plugin with descriptors that are wrong is refused
  kWhenUsed,  // a configuration is refused that has a component with such descriptors
};

// Filled on the control thread, then constant.
class Catalogue {
 public:
  explicit Catalogue(DescriptorCheck check = DescriptorCheck::kAtOnce) : check_(check) {}

  // Opens every *.so in the folders of `path` (separated by colons), by name within
  // a folder. A file that cannot be used is remembered in refused() and does not
  // keep the others from being used; a folder that cannot be read is an error.
  absl::Status AddPath(std::string_view path);

  // Opens one file. An error leaves the catalogue as it was.
  absl::Status AddFile(const std::string& path);

  const std::vector<std::unique_ptr<const PluginLibrary>>& libraries() const { return libraries_; }
  const config::ConfigSchemas& schemas() const { return schemas_; }
  // Why files of AddPath were refused.
  const std::vector<absl::Status>& refused() const { return refused_; }

  // The stages of a checked configuration, for Pipeline::Create. `file_name` is for
  // messages; the catalogue and `runtime` must outlive the specs and what they make.
  std::vector<pipeline::StageSpec> StageSpecs(const config::PipelineConfig& config,
                                              const std::string& file_name, Runtime* runtime) const;

  // Linux capabilities, as bits, that some stage of it needs to be prepared and none
  // needs later. None if a stage does not tell what it needs.
  uint64_t CapabilitiesToGiveUp(const config::PipelineConfig& config) const;

 private:
  struct Component {
    const PluginLibrary* library;
    const weir_component* component;
  };
  using Key = std::pair<StageKind, std::string>;

  absl::Status AddFolder(const std::string& folder);

  const DescriptorCheck check_;
  std::vector<std::unique_ptr<const PluginLibrary>> libraries_;
  std::map<Key, Component> components_;
  config::ConfigSchemas schemas_;
  std::vector<absl::Status> refused_;
};

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_CATALOGUE_H_
