// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weir::plugin {

absl::StatusOr<std::vector<PluginFolder>> ListPluginFolders(std::string_view path) {
  std::vector<PluginFolder> folders;
  for (const std::string_view name : absl::StrSplit(path, ':', absl::SkipEmpty())) {
    std::error_code error;
    std::vector<std::string> files;
    for (std::filesystem::directory_iterator entry(std::string(name), error), end;
         !error && entry != end; entry.increment(error)) {
      if (entry->path().extension() == ".so") files.push_back(entry->path().string());
    }
    if (error) {
      return absl::NotFoundError(absl::StrCat("plugin folder '", name, "': ", error.message()));
    }
    std::sort(files.begin(), files.end());
    folders.push_back({std::move(files)});
  }
  return folders;
}

bool IsNamedAfter(const std::string& file, StageKind kind, std::string_view type) {
  const std::string stem = std::filesystem::path(file).stem().string();
  std::string_view name = stem;
  if (!absl::ConsumePrefix(&name, absl::StrCat("weir_", StageKindName(kind), "_"))) return false;
  return !name.empty() && absl::ConsumePrefix(&type, name) &&
         (type.empty() || absl::StartsWith(type, "_"));
}

bool IsNamedAfter(const std::string& file, std::string_view type) {
  return IsNamedAfter(file, StageKind::kSource, type) ||
         IsNamedAfter(file, StageKind::kTransform, type) ||
         IsNamedAfter(file, StageKind::kSink, type);
}

}  // namespace weir::plugin
