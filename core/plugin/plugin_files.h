// SPDX-License-Identifier: Apache-2.0
// Lists the files of plugin folders, and relates their names to component types.
#ifndef WEIR_CORE_PLUGIN_PLUGIN_FILES_H_
#define WEIR_CORE_PLUGIN_PLUGIN_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/record/stage_kind.h"

namespace weir::plugin {

// The *.so files of one folder, sorted by name.
struct PluginFolder {
  std::vector<std::string> files;  // paths
};

// Lists the folders of `path`, which colons separate, in their order. Returns NOT_FOUND if
// a folder cannot be read. Opens no file. Any thread.
absl::StatusOr<std::vector<PluginFolder>> ListPluginFolders(std::string_view path);

// True if a file is named after a component type: weir_KIND_NAME.so, where the type is NAME
// or begins with NAME and "_". Only a hint: the file may lack that type, and a file with
// another name may have it.
bool IsNamedAfter(const std::string& file, StageKind kind, std::string_view type);
// As above, for any kind.
bool IsNamedAfter(const std::string& file, std::string_view type);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_PLUGIN_FILES_H_
