// SPDX-License-Identifier: Apache-2.0
// What several commands need: the plugins, and the configuration checked against
// them.
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

// The pipeline that runs when no file is given: eBPF on every interface but lo,
// what overflows accounted in user space, named, to standard output.
std::string_view DefaultPipeline();

// The folders of --plugin_path, or the one that belongs to this program. The error of
// CheckMayNamePlugins for the first. Where that is an error, FAILED_PRECONDITION for the second if
// another user than root can change it or a folder above it.
absl::StatusOr<std::string> PluginFolders();

// FAILED_PRECONDITION if the kernel has given this process more privileges than its caller has
// (AT_SECURE: file capabilities, set-user-ID, a security module): plugins are code, and the
// caller must not choose what runs with them.
absl::Status CheckMayNamePlugins(std::string_view what);

// Examines the plugin files of PluginFolders that `wanted` is true of, each in a child process.
absl::StatusOr<std::vector<plugin::Examined>> ExamineFolders(
    plugin::DescriptorCheck check, const plugin::FileFilter& wanted = plugin::AllFiles);

// Loads the file `path`, or the default pipeline if it is empty, and adds the plugins of
// PluginFolders that it needs to `catalogue`. If plugins were refused, an error ends with why,
// since a missing type may be theirs.
absl::StatusOr<config::PipelineConfig> LoadPipeline(const std::string& path,
                                                    plugin::Catalogue::Opening opening,
                                                    plugin::Catalogue* catalogue);

// What messages call the configuration of LoadPipeline(path).
std::string PipelineFileName(const std::string& path);

// How to try weir where a pipeline cannot run: a sentence.
std::string CaptureHint();

// Prints "weir: MESSAGE" on stderr; a message of several lines stands as it is, but for control
// characters (TerminalText).
void PrintError(std::string_view message);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_PROGRAM_H_
