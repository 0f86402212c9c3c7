// SPDX-License-Identifier: Apache-2.0
// The commands that run nothing: validate, plugins, describe.
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/config/describe.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/telemetry/metrics.h"
#include "gflags/gflags.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"

DECLARE_string(config);
DEFINE_string(depth, "config",
              "how far to go: 'config' checks the file against the plugins' descriptions, 'setup' "
              "also lets every plugin look at its configuration; neither opens or starts anything");

namespace weir {
namespace {

// Makes every stage and throws it away.
absl::Status CheckSetup(const plugin::Catalogue& catalogue, const config::PipelineConfig& config) {
  telemetry::MetricRegistry metrics;
  plugin::Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  return pipeline::Pipeline::Create(
             catalogue.StageSpecs(config, PipelineFileName(FLAGS_config), &runtime),
             pipeline::SystemClock())
      .status();
}

int BadUsage(std::string_view message) {
  PrintError(message);
  return kExitBadUsage;
}

}  // namespace

int ValidateCommand(const Arguments& /*arguments*/) {
  if (FLAGS_config.empty()) return BadUsage("validate needs --config=FILE");
  if (FLAGS_depth != "config" && FLAGS_depth != "setup") {
    return BadUsage(absl::StrCat("--depth: '", FLAGS_depth, "' is neither config nor setup"));
  }
  const auto catalogue = OpenPlugins(plugin::DescriptorCheck::kWhenUsed);
  if (!catalogue.ok()) return BadUsage(catalogue.status().message());
  const auto config = LoadPipeline(FLAGS_config, **catalogue);
  if (!config.ok()) return BadUsage(config.status().message());
  if (FLAGS_depth == "setup") {
    if (absl::Status status = CheckSetup(**catalogue, *config); !status.ok()) {
      return BadUsage(status.message());
    }
  }
  std::printf("%s: %zu stages, valid\n", FLAGS_config.c_str(), config->stages.size());
  return kExitClean;
}

int PluginsCommand(const Arguments& /*arguments*/) {
  const auto catalogue = OpenPlugins(plugin::DescriptorCheck::kAtOnce);
  if (!catalogue.ok()) return BadUsage(catalogue.status().message());
  for (const config::ComponentType* type : (*catalogue)->schemas().All()) {
    const config::ComponentSpec& spec = type->spec();
    absl::PrintF("%-9s  %-16s  %s\n", StageKindName(spec.kind), spec.type, spec.summary);
    absl::PrintF("%-9s  %-16s  %s\n", "", "", spec.plugin);
  }
  for (const absl::Status& refused : (*catalogue)->refused()) PrintError(refused.message());
  return (*catalogue)->refused().empty() ? kExitClean : kExitFailed;
}

int DescribeCommand(const Arguments& arguments) {
  const auto catalogue = OpenPlugins(plugin::DescriptorCheck::kWhenUsed);
  if (!catalogue.ok()) return BadUsage(catalogue.status().message());
  bool found = false;
  std::string types;
  for (const config::ComponentType* type : (*catalogue)->schemas().All()) {
    absl::StrAppend(&types, types.empty() ? "" : ", ", type->spec().type);
    if (type->spec().type != arguments[0]) continue;
    if (absl::Status status = type->Check(); !status.ok()) return BadUsage(status.message());
    std::fputs(absl::StrCat(found ? "\n" : "", config::Describe(**type->schema())).c_str(), stdout);
    found = true;
  }
  if (found) return kExitClean;
  return BadUsage(absl::StrCat("there is no type '", arguments[0], "'; there are ", types));
}

}  // namespace weir
