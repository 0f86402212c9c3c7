// SPDX-License-Identifier: Apache-2.0
// Opens plugin files in child processes, to learn which components they have. A file that
// crashes or hangs then harms only its child.
#ifndef WEIR_CORE_PLUGIN_EXAMINATION_H_
#define WEIR_CORE_PLUGIN_EXAMINATION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/config/loader.h"
#include "core/plugin/catalogue.h"

namespace weir::plugin {

// A child that runs longer is killed, so that a plugin may hang while it is loaded.
inline constexpr absl::Duration kExaminationTimeout = absl::Seconds(10);

// The result of the examination of one plugin file.
struct Examined {
  struct Component {
    config::ComponentName name;
    std::string summary;
  };

  std::string path;
  // OK, or why the file cannot be used; the message begins with "plugin 'PATH': ".
  absl::Status status;
  // True if the file cannot be used only because an earlier folder has one of its types.
  bool overridden = false;
  // If OK: the contents of the plugin's table.
  std::string name;
  std::string version;
  uint32_t abi_major = 0;
  uint32_t abi_minor = 0;
  uint32_t record_version = 0;
  std::vector<Component> components;
};

// Opens one file in a child process. A file that crashes or ends the child, or hangs, gets
// an error status, as does a file that does not fit. The calling process must have one
// thread.
Examined Examine(const std::string& file, DescriptorCheck check);

// True if the plugin file with this path should be examined.
using FileFilter = std::function<bool(const std::string&)>;
inline bool AllFiles(const std::string& /*file*/) { return true; }

// Examines those files of `path` (see ListPluginFolders) for which `wanted` is true, in that
// order. If several files have the same type, all but the preferred one
// (Catalogue::AddNeeded) get an error status. Returns the error of ListPluginFolders.
absl::StatusOr<std::vector<Examined>> ExamineAll(std::string_view path, DescriptorCheck check,
                                                 const FileFilter& wanted = AllFiles);

// Returns the files from index `first` on, which are those of one folder, in the order of
// preference for a type that several of them have: first the files that are named after
// one of their types, then the others.
std::vector<Examined*> ByPreference(std::vector<Examined>* files, size_t first = 0);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_EXAMINATION_H_
