// SPDX-License-Identifier: Apache-2.0
// Opens plugin files in child processes, to see what they have without being at their mercy.
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

// A child that takes longer is killed: a plugin that hangs while it is loaded.
inline constexpr absl::Duration kExaminationTimeout = absl::Seconds(10);

// What a plugin file has.
struct Examined {
  struct Component {
    config::ComponentName name;
    std::string summary;
  };

  std::string path;
  // Why it cannot be used, beginning with "plugin 'PATH': ".
  absl::Status status;
  // If it can: what its table tells.
  std::string name;
  std::string version;
  uint32_t abi_major = 0;
  uint32_t abi_minor = 0;
  uint32_t record_version = 0;
  std::vector<Component> components;
};

// Opens one file in a child process of its own. A file that crashes it, ends it or hangs is
// refused like one that does not fit. The process must have one thread.
Examined Examine(const std::string& file, DescriptorCheck check);

// Whether the plugin file of this path is of interest.
using FileFilter = std::function<bool(const std::string&)>;
inline bool AllFiles(const std::string& /*file*/) { return true; }

// Examines the files of `path` (ListPluginFolders, whose error it returns) that `wanted` is true
// of, in its order. A file with a type that another one of them is preferred for
// (Catalogue::AddNeeded) is refused.
absl::StatusOr<std::vector<Examined>> ExamineAll(std::string_view path, DescriptorCheck check,
                                                 const FileFilter& wanted = AllFiles);

// The order in which the files of one folder, from index `first` on, have types that more than
// one of them has: first those that are named after a type of theirs, then the others.
std::vector<Examined*> ByPreference(std::vector<Examined>* files, size_t first = 0);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_EXAMINATION_H_
