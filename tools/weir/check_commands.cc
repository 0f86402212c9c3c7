// SPDX-License-Identifier: Apache-2.0
// The commands that run nothing: validate, plugins, describe.
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

// The components that `weir describe` shows.
struct Wanted {
  std::optional<StageKind> kind;  // without it: any kind
  std::string type;

  bool Matches(StageKind other_kind, std::string_view other_type) const {
    return type == other_type && kind.value_or(other_kind) == other_kind;
  }
};

// Reads the arguments [KIND] TYPE.
absl::StatusOr<Wanted> ReadWanted(const Arguments& arguments) {
  Wanted wanted{std::nullopt, arguments.back()};
  if (arguments.size() == 1) return wanted;
  for (const StageKind kind : {StageKind::kSource, StageKind::kTransform, StageKind::kSink}) {
    if (arguments[0] == StageKindName(kind)) wanted.kind = kind;
  }
  if (wanted.kind.has_value()) return wanted;
  return absl::InvalidArgumentError(absl::StrCat(
      "'describe' takes source, transform or sink in front of TYPE; found '", arguments[0], "'"));
}

// The paths of those that have a wanted component.
std::vector<std::string> FilesWith(const Wanted& wanted,
                                   const std::vector<plugin::Examined>& files) {
  std::vector<std::string> paths;
  for (const plugin::Examined& file : files) {
    if (file.status.ok() && std::any_of(file.components.begin(), file.components.end(),
                                        [&wanted](const auto& component) {
                                          return wanted.Matches(component.name.kind,
                                                                component.name.type);
                                        })) {
      paths.push_back(file.path);
    }
  }
  return paths;
}

// Says that nothing is wanted's type, and what there is instead.
std::string NoSuchType(const Wanted& wanted, const std::vector<plugin::Examined>& files) {
  std::set<std::string> types;
  std::vector<std::string> of_other_kinds;
  for (const plugin::Examined& file : files) {
    if (!file.status.ok()) continue;
    for (const auto& component : file.components) {
      const auto& [kind, type] = component.name;
      if (type == wanted.type) of_other_kinds.push_back(StageTitle(kind, type));
      if (wanted.kind.value_or(kind) == kind) types.insert(type);
    }
  }
  const std::vector<std::string> known(types.begin(), types.end());
  std::string instead = DidYouMean(wanted.type, known);
  if (instead.empty()) instead = absl::StrCat("; there are ", absl::StrJoin(known, ", "));
  if (!of_other_kinds.empty()) {
    instead = absl::StrCat("; there is the ", absl::StrJoin(of_other_kinds, " and the "));
  }
  const char* const kind = wanted.kind.has_value() ? StageKindName(*wanted.kind) : "";
  return absl::StrCat("there is no ", kind, *kind == '\0' ? "" : " ", "type '", wanted.type, "'",
                      instead);
}

}  // namespace

int ValidateCommand(const Arguments& /*arguments*/) {
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
  const absl::StatusOr<Wanted> wanted = ReadWanted(arguments);
  if (!wanted.ok()) return BadUsage(wanted.status().message());
  // A file that hangs while it is loaded must not hold up what another file is named after.
  auto files =
      ExamineFolders(plugin::DescriptorCheck::kWhenUsed, [&wanted](const std::string& file) {
        return wanted->kind.has_value() ? plugin::IsNamedAfter(file, *wanted->kind, wanted->type)
                                        : plugin::IsNamedAfter(file, wanted->type);
      });
  if (files.ok() && FilesWith(*wanted, *files).empty()) {
    files = ExamineFolders(plugin::DescriptorCheck::kWhenUsed);
  }
  if (!files.ok()) return BadUsage(files.status().message());
  plugin::Catalogue catalogue(plugin::DescriptorCheck::kWhenUsed);
  for (const std::string& file : FilesWith(*wanted, *files)) {
    if (absl::Status status = catalogue.AddFile(file); !status.ok()) {
      return BadUsage(status.message());
    }
  }
  std::string text;
  for (const config::ComponentType* type : catalogue.schemas().All()) {
    if (!wanted->Matches(type->spec().kind, type->spec().type)) continue;
    if (absl::Status status = type->Check(); !status.ok()) return BadUsage(status.message());
    const config::Schema& schema = **type->schema();
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    FLAGS_example ? config::ExampleStage(schema, 0) : config::Describe(schema));
  }
  if (text.empty()) return BadUsage(NoSuchType(*wanted, *files));
  std::fputs(TerminalText(text).c_str(), stdout);
  return kExitClean;
}

}  // namespace weir
