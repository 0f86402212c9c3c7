// SPDX-License-Identifier: Apache-2.0
// All plugins there are: which files were opened, which component types they have,
// and which files could not be used and why.
#ifndef WEIR_CORE_PLUGIN_CATALOGUE_H_
#define WEIR_CORE_PLUGIN_CATALOGUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
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

// The error of a file with a component type that the file `owner` has.
absl::Status TypeIsThere(std::string_view file, std::string_view type, std::string_view owner);

// Filled on the control thread, then constant.
class Catalogue {
 public:
  explicit Catalogue(DescriptorCheck check = DescriptorCheck::kAtOnce) : check_(check) {}

  // Opens every *.so in the folders of `path` (separated by colons), by name within
  // a folder, in this process: for files that are known to be sound. A file that cannot be used
  // is remembered in refused() and does not keep the others from being used; a folder that
  // cannot be read is an error.
  absl::Status AddPath(std::string_view path);

  // How AddNeeded opens a file.
  enum class Opening {
    kAtOnce,            // its code runs in this process; its name is logged before
    kAfterExamination,  // only if it survives that in a child process
  };

  // Opens the plugins of `path` that have the types `needed`, and no others. In the order of the
  // folders; in a folder first a file that is named after the type (IsNamedAfter), then by name
  // those that turn out to have it. These are looked at in child processes (Examine), and the
  // names of types that they have are added to schemas() if a needed one was not found. A file
  // that cannot be used is remembered in refused(). An error if a folder cannot be read. The
  // process must have one thread.
  absl::Status AddNeeded(std::string_view path, const std::vector<config::ComponentName>& needed,
                         Opening opening);

  // Opens one file. An error leaves the catalogue as it was.
  absl::Status AddFile(const std::string& path);

  const std::vector<std::unique_ptr<const PluginLibrary>>& libraries() const { return libraries_; }
  const config::ConfigSchemas& schemas() const { return schemas_; }
  // Why files of AddPath and AddNeeded were refused.
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

  // Of AddNeeded, for one folder.
  void AddNamedAfter(const std::vector<std::string>& files,
                     const std::vector<config::ComponentName>& needed, Opening opening);
  void AddExamined(const std::vector<std::string>& files,
                   const std::vector<config::ComponentName>& needed);
  bool HasAll(const std::vector<config::ComponentName>& needed) const;
  bool IsKnown(const std::string& file) const;  // open or refused
  void Refuse(const std::string& file, const absl::Status& status);
  void AddOrRefuse(const std::string& file);

  const DescriptorCheck check_;
  std::vector<std::unique_ptr<const PluginLibrary>> libraries_;
  std::map<Key, Component> components_;
  config::ConfigSchemas schemas_;
  std::vector<absl::Status> refused_;
  std::set<std::string> refused_files_;
};

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_CATALOGUE_H_
