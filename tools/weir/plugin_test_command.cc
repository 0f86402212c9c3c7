// SPDX-License-Identifier: Apache-2.0
// `weir plugin-test`: tests whether a plugin file follows the rules of the plugin interface.
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/conformance/conformance.h"
#include "gflags/gflags.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/flags.h"
#include "tools/weir/program.h"

DECLARE_string(config);
DEFINE_string(component, "", "the component type to test; without it, all types of the file");
DEFINE_string(
    config_text, "",
    "the fields of the component's configuration, as in a pipeline file; needs --component "
    "if the file has several types");
DEFINE_string(step_timeout, "30s", "the longest time that a step may take, as 500ms, 10s or 1m");

namespace weir {

int PluginTestCommand(const Arguments& arguments) {
  if (absl::Status status = CheckMayNamePlugins("'plugin-test'"); !status.ok())
    return BadUsage(status.message());
  conformance::Options options;
  options.plugin = arguments[0];
  options.component = FLAGS_component;
  options.config_file = FLAGS_config;
  options.config_text = FLAGS_config_text;
  if (!options.config_file.empty() && !options.config_text.empty())
    return BadUsage("plugin-test takes --config or --config_text, not both");
  const auto step_timeout = ReadDuration("step_timeout", FLAGS_step_timeout);
  if (!step_timeout.ok()) return BadUsage(step_timeout.status().message());
  options.step_timeout = *step_timeout;
  const absl::StatusOr<std::string> folders = PluginFolders();
  if (!folders.ok()) return BadUsage(folders.status().message());
  options.plugin_folders = *folders;
  const conformance::Result result = conformance::TestPlugin(options, stdout);
  if (result.failed > result.mistakes) return kExitFailed;
  if (result.mistakes > 0) return kExitBadUsage;
  if (result.unconfigured) return kExitBadUsage;
  return result.unsupported ? kExitUnsupported : kExitClean;
}

}  // namespace weir
