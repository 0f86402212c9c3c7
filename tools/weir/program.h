// SPDX-License-Identifier: Apache-2.0
// For several commands: the plugin folders, and a configuration checked against the plugins.
// One thread.
#ifndef WEIR_TOOLS_WEIR_PROGRAM_H_
#define WEIR_TOOLS_WEIR_PROGRAM_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config/loader.h"
#include "core/plugin/catalogue.h"
#include "core/plugin/examination.h"

namespace weir {

// The pipeline that runs when no file is given: eBPF on every interface except lo, with accounting
// in user space for packets that find no room in the kernel, to standard output.
std::string_view DefaultPipeline();

// The plugin folders, separated by colons: those of --plugin_path, then the default folder, which
// belongs to this program, unless it is named among them. Beside --plugin_path the default folder
// may be missing.
//
// With more privileges than the caller (AT_SECURE): the error of CheckMayNamePlugins if
// --plugin_path is given, and FAILED_PRECONDITION if another user than root can change the default
// folder or a folder above it.
absl::StatusOr<std::string> PluginFolders();

// FAILED_PRECONDITION if the kernel has given this process more privileges than its caller has
// (AT_SECURE: file capabilities, set-user-ID, a security module). Plugins are code, and the caller
// must not choose the code that runs with these privileges. `what` begins the message.
absl::Status CheckMayNamePlugins(std::string_view what);

// Examines the plugin files of PluginFolders for which `wanted` is true, each in a child process.
absl::StatusOr<std::vector<plugin::Examined>> ExamineFolders(
    plugin::DescriptorCheck check, const plugin::FileFilter& wanted = plugin::AllFiles);

// Loads the file `path`, or the default pipeline if it is empty, and adds the plugins of
// PluginFolders that it needs to `catalogue`. An error ends with a line for each plugin that was
// refused: one of them may have a type that is missing.
absl::StatusOr<config::PipelineConfig> LoadPipeline(const std::string& path,
                                                    plugin::Catalogue::Opening opening,
                                                    plugin::Catalogue* catalogue);

// The name of the configuration of LoadPipeline(path) in messages.
std::string PipelineFileName(const std::string& path);

// A sentence: how to try weir on a machine where the built-in pipeline does not run.
std::string CaptureHint();

// Prints "weir: MESSAGE" on stderr. A message of several lines, or one that begins with
// file:line:column, gets no prefix. Control characters are shown as TerminalText does.
void PrintError(std::string_view message);

// Prints the same and returns kExitBadUsage.
int BadUsage(std::string_view message);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_PROGRAM_H_
