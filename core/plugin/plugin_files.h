// SPDX-License-Identifier: Apache-2.0
// The files of plugin folders, and what their names promise.
#ifndef WEIR_CORE_PLUGIN_PLUGIN_FILES_H_
#define WEIR_CORE_PLUGIN_PLUGIN_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/record/stage_kind.h"

namespace weir::plugin {

// The *.so of one folder, sorted by name.
struct PluginFolder {
  std::vector<std::string> files;  // paths
};

// The folders of `path`, which colons separate, in its order. NOT_FOUND if one cannot be read.
// Opens no file. Any thread.
absl::StatusOr<std::vector<PluginFolder>> ListPluginFolders(std::string_view path);

// True if the name of a file promises a component type: weir_KIND_NAME.so, where the type is
// NAME or begins with NAME and "_". It need not keep the promise, and a file with another name
// may have any types.
bool IsNamedAfter(const std::string& file, StageKind kind, std::string_view type);
// The same of any kind.
bool IsNamedAfter(const std::string& file, std::string_view type);

}  // namespace weir::plugin

#endif  // WEIR_CORE_PLUGIN_PLUGIN_FILES_H_
