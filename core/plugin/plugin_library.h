// SPDX-License-Identifier: Apache-2.0
// Opens plugin files, and refuses with a reason those that this host cannot use.
#ifndef WEIR_CORE_PLUGIN_PLUGIN_LIBRARY_H_
#define WEIR_CORE_PLUGIN_PLUGIN_LIBRARY_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::plugin {

// An open shared object with a version that fits and components that are complete.
// Immutable. The shared object stays open until the process ends, even if this is
// destroyed: threads and exit handlers of the plugin may outlive any pipeline.
class PluginLibrary {
 public:
  // Checks the file (CheckPluginFile), then opens it, which runs its code in this process;
  // core/plugin/examination.h runs it in a child process. Returns FAILED_PRECONDITION,
  // beginning with "plugin 'PATH': ", if the plugin cannot be used.
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

// Returns OK if the file is a complete shared object for this machine (core/elf), else
// FAILED_PRECONDITION as PluginLibrary::Load does. Runs no code of the file. Does not block.
absl::Status CheckPluginFile(const std::string& path);

// Returns OK if a plugin's table fits this host. Separate from Load, so that tests can pass
// tables that no compiler would make.
absl::Status CheckPlugin(const weir_plugin* plugin);

// True if `text` has only a-z, 0-9 and _, and begins with a letter.
bool IsSnakeCase(std::string_view text);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_PLUGIN_LIBRARY_H_
