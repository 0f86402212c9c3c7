// SPDX-License-Identifier: Apache-2.0
// The commands that run nothing: validate, plugins, describe.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/config/describe/config_example.h"
#include "core/config/describe/describe.h"
#include "core/pipeline/clock.h"
#include "core/plugin/examination.h"
#include "core/plugin/plugin_files.h"
#include "core/record/stage_kind.h"
#include "core/record/terminal_text.h"
#include "core/suggestion/suggestion.h"
#include "core/telemetry/metrics.h"
#include "gflags/gflags.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"

DECLARE_string(config);
DEFINE_bool(example, false, "print only a stage of this type, to paste into a pipeline file");
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
  return catalogue.MakePipeline(config, PipelineFileName(FLAGS_config), &runtime).status();
}

// The paths of those that have the type `name`.
std::vector<std::string> FilesWith(std::string_view name,
                                   const std::vector<plugin::Examined>& files) {
  std::vector<std::string> paths;
  for (const plugin::Examined& file : files) {
    if (file.status.ok() &&
        std::any_of(file.components.begin(), file.components.end(),
                    [name](const auto& component) { return component.name.type == name; })) {
      paths.push_back(file.path);
    }
  }
  return paths;
}

std::vector<std::string> TypesOf(const std::vector<plugin::Examined>& files) {
  std::set<std::string> types;
  for (const plugin::Examined& file : files) {
    if (!file.status.ok()) continue;
    for (const auto& component : file.components) types.insert(component.name.type);
  }
  return {types.begin(), types.end()};
}

}  // namespace

int ValidateCommand(const Arguments& /*arguments*/) {
  if (FLAGS_config.empty()) return BadUsage("'validate' needs FILE or --config=FILE");
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
  std::printf("%s: %zu stages, valid\n", TerminalLine(FLAGS_config).c_str(), config->stages.size());
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
      PrintError(TerminalLine(file.status.message()));
      all_usable = all_usable && file.overridden;
      continue;
    }
    for (const auto& [name, summary] : file.components) {
      types[{name.kind, name.type}] = {summary, file.path};
    }
  }
  for (const auto& [type, description] : types) {
    absl::PrintF("%-9s  %-16s  %s\n", StageKindName(type.first), TerminalLine(type.second),
                 TerminalLine(description.first));
    absl::PrintF("%-9s  %-16s  %s\n", "", "", TerminalLine(description.second));
  }
  return all_usable ? kExitClean : kExitFailed;
}

int DescribeCommand(const Arguments& arguments) {
  const std::string& name = arguments[0];
  // A file that hangs while it is loaded must not hold up what another file is named after.
  auto files = ExamineFolders(plugin::DescriptorCheck::kWhenUsed, [&name](const std::string& file) {
    return plugin::IsNamedAfter(file, name);
  });
  if (files.ok() && FilesWith(name, *files).empty()) {
    files = ExamineFolders(plugin::DescriptorCheck::kWhenUsed);
  }
  if (!files.ok()) return BadUsage(files.status().message());
  plugin::Catalogue catalogue(plugin::DescriptorCheck::kWhenUsed);
  for (const std::string& file : FilesWith(name, *files)) {
    if (absl::Status status = catalogue.AddFile(file); !status.ok()) {
      return BadUsage(status.message());
    }
  }
  std::string text;
  for (const config::ComponentType* type : catalogue.schemas().All()) {
    if (type->spec().type != name) continue;
    if (absl::Status status = type->Check(); !status.ok()) return BadUsage(status.message());
    const config::Schema& schema = **type->schema();
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    FLAGS_example ? config::ExampleStage(schema, 0) : config::Describe(schema));
  }
  if (text.empty()) {
    const std::vector<std::string> types = TypesOf(*files);
    const std::string suggestion = DidYouMean(name, types);
    return BadUsage(absl::StrCat("there is no type '", name, "'",
                                 suggestion.empty()
                                     ? absl::StrCat("; there are ", absl::StrJoin(types, ", "))
                                     : suggestion));
  }
  std::fputs(TerminalText(text).c_str(), stdout);
  return kExitClean;
}

}  // namespace weir
