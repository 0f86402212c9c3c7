// SPDX-License-Identifier: Apache-2.0
// Opens plugin files and refuses, with a sentence, those that do not fit.
#ifndef WEIR_CORE_PLUGIN_PLUGIN_LIBRARY_H_
#define WEIR_CORE_PLUGIN_PLUGIN_LIBRARY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::plugin {

// A shared object that has been opened, whose version fits, and whose components
// have all that they must have. Immutable. The object itself stays open for the life
// of the process, also when this is destroyed: threads and exit handlers of the
// plugin may outlive any pipeline.
class PluginLibrary {
 public:
  // FAILED_PRECONDITION, beginning with "plugin 'PATH': ", if it cannot be used. Checks the file
  // first (CheckPluginFile), then runs its code: see core/plugin/examination.h.
  static absl::StatusOr<std::unique_ptr<const PluginLibrary>> Load(const std::string& path);

  const std::string& path() const { return path_; }
  const weir_plugin& plugin() const { return *plugin_; }
  const std::vector<const weir_component*>& components() const { return components_; }

 private:
  PluginLibrary(std::string path, const weir_plugin* plugin);

  std::string path_;
  const weir_plugin* plugin_;
  std::vector<const weir_component*> components_;
};

// Whether a file may be opened at all: a complete shared object for this machine (core/elf).
// FAILED_PRECONDITION as from PluginLibrary::Load. Runs no code of it and does not block.
absl::Status CheckPluginFile(const std::string& path);

// Whether a plugin's table fits this host. Apart from Load so that tests can give it
// tables that no compiler would make.
absl::Status CheckPlugin(const weir_plugin* plugin);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_PLUGIN_LIBRARY_H_
