// SPDX-License-Identifier: Apache-2.0
// The commands that run nothing: validate, plugins, describe.
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/config/describe.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/examination.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/metrics.h"
#include "gflags/gflags.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"

DECLARE_string(config);
DEFINE_string(depth, "setup",
              "how far to go: 'config' checks the file against the plugins' descriptions, 'setup' "
              "also lets every plugin look at its configuration, as `weir run` does; neither opens "
              "or starts anything");

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
  plugin::Catalogue catalogue(plugin::DescriptorCheck::kWhenUsed);
  const auto config =
      LoadPipeline(FLAGS_config, plugin::Catalogue::Opening::kAfterExamination, &catalogue);
  if (!config.ok()) return BadUsage(config.status().message());
  if (FLAGS_depth == "setup") {
    if (absl::Status status = CheckSetup(catalogue, *config); !status.ok()) {
      return BadUsage(status.message());
    }
  }
  std::printf("%s: %zu stages, valid\n", FLAGS_config.c_str(), config->stages.size());
  return kExitClean;
}

int PluginsCommand(const Arguments& /*arguments*/) {
  const auto files = ExamineFolders(plugin::DescriptorCheck::kAtOnce);
  if (!files.ok()) return BadUsage(files.status().message());
  // By kind and type.
  std::map<std::pair<StageKind, std::string>, std::pair<std::string, std::string>> types;
  bool all_usable = true;
  for (const plugin::Examined& file : *files) {
    if (!file.status.ok()) {
      PrintError(file.status.message());
      all_usable = false;
      continue;
    }
    for (const auto& [name, summary] : file.components) {
      types[{name.kind, name.type}] = {summary, file.path};
    }
  }
  for (const auto& [type, description] : types) {
    absl::PrintF("%-9s  %-16s  %s\n", StageKindName(type.first), type.second, description.first);
    absl::PrintF("%-9s  %-16s  %s\n", "", "", description.second);
  }
  return all_usable ? kExitClean : kExitFailed;
}

int DescribeCommand(const Arguments& arguments) {
  const auto files = ExamineFolders(plugin::DescriptorCheck::kWhenUsed);
  if (!files.ok()) return BadUsage(files.status().message());
  plugin::Catalogue catalogue(plugin::DescriptorCheck::kWhenUsed);
  std::set<std::string> known;
  for (const plugin::Examined& file : *files) {
    if (!file.status.ok()) continue;
    bool has_type = false;
    for (const auto& [name, summary] : file.components) {
      known.insert(name.type);
      has_type |= name.type == arguments[0];
    }
    if (!has_type) continue;
    if (absl::Status status = catalogue.AddFile(file.path); !status.ok()) {
      return BadUsage(status.message());
    }
  }
  bool found = false;
  for (const config::ComponentType* type : catalogue.schemas().All()) {
    if (type->spec().type != arguments[0]) continue;
    if (absl::Status status = type->Check(); !status.ok()) return BadUsage(status.message());
    std::fputs(absl::StrCat(found ? "\n" : "", config::Describe(**type->schema())).c_str(), stdout);
    found = true;
  }
  if (found) return kExitClean;
  return BadUsage(absl::StrCat("there is no type '", arguments[0], "'; there are ",
                               absl::StrJoin(known, ", ")));
}

}  // namespace weir
