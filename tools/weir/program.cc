// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/program.h"

#include <sys/auxv.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/config/references.h"
#include "core/record/terminal_text.h"
#include "gflags/gflags.h"
#include "plugins/sdk/trusted_path.h"
#include "tools/weir/exit_code.h"

DEFINE_string(plugin_path, "",
              "more folders with plugins, separated by colons; weir searches them in this order, "
              "then its own folder ../lib/weir/plugins beside the program; the first folder that "
              "has a type counts");

namespace weir {

std::string_view DefaultPipeline() {
  return R"(# The built-in pipeline of `weir run`.
source    { name: "flows"    type: "ebpf_map"        config { cache_max_flows: 100000 } }
source    { name: "overflow" type: "ebpf_ringbuf" }
transform { name: "account"  type: "accounter"       input: "overflow" }
transform { name: "name"     type: "interface_namer" input: "flows" input: "account" }
sink      { name: "console"  type: "stdout"          input: "name" }
)";
}

namespace {

// The folder above bin/ of this program.
absl::StatusOr<std::filesystem::path> Prefix() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return absl::NotFoundError(absl::StrCat("find the path of this program: ", error.message()));
  }
  return program.parent_path().parent_path();
}

bool HasMorePrivilegesThanCaller() { return getauxval(AT_SECURE) != 0; }

// An error if another user than root can choose the plugins of `folder`. Without
// fs.protected_hardlinks any user can make a hard link to a set-user-ID program, and with it the
// place of the default folder.
absl::Status CheckOnlyRootCanChange(const std::string& folder) {
  const sdk::Status status = sdk::CheckTrustedPath(folder, 0);
  std::string why = status.message();
  if (status.ok()) {
    struct stat info;
    if (stat(folder.c_str(), &info) == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
      return absl::OkStatus();
    }
    why = absl::StrCat("other users can write to ", folder);
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "plugin folder '", folder, "' is refused: weir runs with more privileges than its caller ",
      "has, and plugins are code: ", why));
}

bool IsFolder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

// True if one of the folders `path`, separated by colons, is `folder`, however it is written.
bool IsAmong(const std::string& folder, std::string_view path) {
  const auto is_folder = [&folder](std::string_view other) {
    std::error_code error;
    return std::filesystem::equivalent(folder, std::string(other), error);
  };
  const std::vector<std::string_view> folders = absl::StrSplit(path, ':', absl::SkipEmpty());
  return std::any_of(folders.begin(), folders.end(), is_folder);
}

}  // namespace

std::string CaptureHint() {
  const absl::StatusOr<std::filesystem::path> prefix = Prefix();
  return absl::StrCat("flows of a capture need neither privileges nor eBPF: CAPTURE=FILE weir run ",
                      prefix.ok() ? prefix->string() + "/share/weir/" : "",
                      "examples/pcap.textproto");
}

absl::Status CheckMayNamePlugins(std::string_view what) {
  if (!HasMorePrivilegesThanCaller()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(what, " is refused: weir runs with more privileges than its caller has (file ",
                   "capabilities, set-user-ID or a security module), and plugins are code"));
}

absl::StatusOr<std::string> PluginFolders() {
  const bool has_named = !FLAGS_plugin_path.empty();
  if (has_named) {
    if (absl::Status status = CheckMayNamePlugins("--plugin_path"); !status.ok()) return status;
  }
  const absl::StatusOr<std::filesystem::path> prefix = Prefix();
  if (!prefix.ok()) return prefix.status();
  const std::string own = (*prefix / "lib/weir/plugins").string();
  if (has_named) {
    // A plugin can be tried with a weir that is not installed.
    return !IsFolder(own) || IsAmong(own, FLAGS_plugin_path)
               ? FLAGS_plugin_path
               : absl::StrCat(FLAGS_plugin_path, ":", own);
  }
  if (HasMorePrivilegesThanCaller()) {
    if (absl::Status status = CheckOnlyRootCanChange(own); !status.ok()) return status;
  }
  return own;
}

absl::StatusOr<std::vector<plugin::Examined>> ExamineFolders(plugin::DescriptorCheck check,
                                                             const plugin::FileFilter& wanted) {
  const absl::StatusOr<std::string> folders = PluginFolders();
  if (!folders.ok()) return folders.status();
  return plugin::ExamineAll(*folders, check, wanted);
}

absl::StatusOr<config::PipelineConfig> LoadPipeline(const std::string& path,
                                                    plugin::Catalogue::Opening opening,
                                                    plugin::Catalogue* catalogue) {
  const absl::StatusOr<std::string> folders = PluginFolders();
  if (!folders.ok()) return folders.status();
  absl::Status opened;
  const config::NeedTypes open_needed = [&](const std::vector<config::ComponentName>& needed) {
    opened = catalogue->AddNeeded(*folders, needed, opening);
  };
  const config::Environment environment = config::ProcessEnvironment();
  absl::StatusOr<config::PipelineConfig> pipeline =
      path.empty() ? config::LoadText(DefaultPipeline(), PipelineFileName(path),
                                      catalogue->schemas(), environment, open_needed)
                   : config::LoadFile(path, catalogue->schemas(), environment, open_needed);
  if (!opened.ok()) return absl::InvalidArgumentError(opened.message());
  if (pipeline.ok()) {
    const absl::Status status =
        config::CheckReferences(*pipeline, PipelineFileName(path), catalogue->schemas());
    if (!status.ok()) return status;
  }
  if (pipeline.ok() || catalogue->refused().empty()) return pipeline;
  std::string message(pipeline.status().message());
  for (const absl::Status& refused : catalogue->refused()) {
    absl::StrAppend(&message, "\nnote: ", TerminalLine(refused.message()));
  }
  return absl::Status(pipeline.status().code(), message);
}

std::string PipelineFileName(const std::string& path) {
  return path.empty() ? "built-in pipeline" : path;
}

namespace {

// True for "file:line:column: ...", which editors and scripts read: the file must stand first.
bool BeginsWithLocation(std::string_view message) {
  const std::string_view location = message.substr(0, message.find(": "));
  const std::vector<std::string_view> parts = absl::StrSplit(location, ':');
  int number = 0;
  return parts.size() >= 3 && absl::SimpleAtoi(parts[parts.size() - 1], &number) &&
         absl::SimpleAtoi(parts[parts.size() - 2], &number);
}

}  // namespace

void PrintError(std::string_view message) {
  const bool one_line = message.find('\n') == std::string_view::npos;
  const bool prefix = one_line && !BeginsWithLocation(message);
  std::fprintf(stderr, "%s%s\n", prefix ? "weir: " : "", TerminalText(message).c_str());
}

int BadUsage(std::string_view message) {
  PrintError(message);
  return kExitBadUsage;
}

}  // namespace weir
