// SPDX-License-Identifier: Apache-2.0
// The catalogue of plugins: which files are open, which component types they have, and
// which files were refused and why.
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

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/config/loader.h"
#include "core/config/schema/schemas.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/host.h"
#include "core/plugin/plugin_library.h"

namespace weir::plugin {

// When the configuration descriptors of a plugin are parsed, which takes most of the time
// that it takes to open a plugin.
enum class DescriptorCheck {
  kAtOnce,    // a plugin with bad descriptors is refused
  kWhenUsed,  // a pipeline that uses a component with bad descriptors is refused
};

// The error of a plugin `file` whose component type the file `owner` already has.
absl::Status DuplicateTypeError(std::string_view file, std::string_view type,
                                std::string_view owner);

// Filled on the control thread; constant from then on.
class Catalogue {
 public:
  explicit Catalogue(DescriptorCheck check = DescriptorCheck::kAtOnce) : check_(check) {}

  // Opens every *.so in the folders of `path` (separated by colons), sorted by name within a
  // folder. Their code runs in this process, so the files must be trusted. A file that
  // cannot be used goes to refused(), and the others are opened all the same. Returns an
  // error if a folder cannot be read.
  absl::Status AddPath(std::string_view path);

  // How AddNeeded opens a file.
  enum class Opening {
    kAtOnce,            // in this process, after its name was logged
    kAfterExamination,  // in this process, after it was opened in a child without harm
  };

  // Opens the plugins of `path` that have the types `needed`, and no others. Searches the
  // folders in order. In a folder it first tries a file that is named after the type
  // (IsNamedAfter). Then it examines the other files, sorted by name, in child processes
  // (Examine), opens those that have a needed type, and adds the names of all their types
  // to schemas(). A file that cannot be used goes to refused(). Returns an error if a folder
  // cannot be read. Forks: other threads must hold no lock.
  absl::Status AddNeeded(std::string_view path, const std::vector<config::ComponentName>& needed,
                         Opening opening);

  // Opens one file. If it returns an error, the catalogue is unchanged.
  absl::Status AddFile(const std::string& path);

  const std::vector<std::unique_ptr<const PluginLibrary>>& libraries() const { return libraries_; }
  const config::ConfigSchemas& schemas() const { return schemas_; }
  // The reasons why AddPath and AddNeeded refused files.
  const std::vector<absl::Status>& refused() const { return refused_; }

  // Returns the path of the file that is being opened; empty if none. Any thread.
  std::string FileInOpening() const;

  // Returns the stages of a checked configuration, for Pipeline::Create. `file_name` appears
  // in error messages. The catalogue and `runtime` must outlive the specs and their stages.
  std::vector<pipeline::StageSpec> StageSpecs(const config::PipelineConfig& config,
                                              const std::string& file_name, Runtime* runtime) const;
  // Makes the pipeline of these stages, with the clock of `runtime`. Starts nothing.
  absl::StatusOr<std::unique_ptr<pipeline::Pipeline>> MakePipeline(
      const config::PipelineConfig& config, const std::string& file_name, Runtime* runtime) const;

  // Returns the Linux capabilities (bit 1 << CAP_x) that some stage needs in Prepare and none
  // needs later. Returns 0 if a stage does not declare its capabilities.
  uint64_t CapabilitiesToGiveUp(const config::PipelineConfig& config) const;

 private:
  struct Component {
    const PluginLibrary* library;
    const weir_component* component;
  };
  using Key = std::pair<StageKind, std::string>;

  // The two parts of AddNeeded, for one folder.
  void AddNamedAfter(const std::vector<std::string>& files,
                     const std::vector<config::ComponentName>& needed, Opening opening);
  void AddExamined(const std::vector<std::string>& files,
                   const std::vector<config::ComponentName>& needed);
  bool HasAll(const std::vector<config::ComponentName>& needed) const;
  bool IsKnown(const std::string& file) const;  // true if open or refused
  void Refuse(const std::string& file, const absl::Status& status);
  void AddOrRefuse(const std::string& file);

  void SetFileInOpening(const std::string& path);

  const DescriptorCheck check_;
  mutable absl::Mutex mutex_;
  std::string file_in_opening_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<const PluginLibrary>> libraries_;
  std::map<Key, Component> components_;
  config::ConfigSchemas schemas_;
  std::vector<absl::Status> refused_;
  std::set<std::string> refused_files_;
};

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_CATALOGUE_H_
