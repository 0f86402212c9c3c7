// SPDX-License-Identifier: Apache-2.0
#include "core/conformance/conformance.h"

#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/config/schema/component_spec.h"
#include "core/conformance/configuration.h"
#include "core/conformance/trial.h"
#include "core/isolation/isolation.h"
#include "core/isolation/steps.h"
#include "core/plugin/catalogue.h"
#include "core/record/stage_kind.h"
#include "core/record/terminal_text.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::conformance {
namespace {

// The names of the values that children send.
constexpr char kPluginTitle[] = "plugin";
constexpr char kComponentTitle[] = "component";
constexpr char kConfig[] = "config";

std::string TitleOf(const weir_component& component) {
  return StageTitle(static_cast<StageKind>(component.kind), component.type);
}

// Writes each step to the report as it arrives, and counts the verdicts.
class Report final : public isolation::Listener {
 public:
  explicit Report(std::FILE* out) : out_(out) {}

  void Section(const std::string& title) { absl::FPrintF(out_, "%s\n", TerminalText(title)); }

  void OnStep(std::string_view name, const isolation::Verdict& verdict) override {
    std::string text;
    switch (verdict.kind) {
      case isolation::Verdict::Kind::kOk:
        text = "ok";
        ++result_.passed;
        break;
      case isolation::Verdict::Kind::kFailed:
      case isolation::Verdict::Kind::kMistake:
        text = absl::StrCat("FAILED: ", verdict.text);
        ++result_.failed;
        result_.mistakes += verdict.kind == isolation::Verdict::Kind::kMistake;
        break;
      case isolation::Verdict::Kind::kUnsupported:
      case isolation::Verdict::Kind::kUnconfigured:
      case isolation::Verdict::Kind::kAlone:
      case isolation::Verdict::Kind::kSkipped:
        result_.unsupported |= verdict.kind == isolation::Verdict::Kind::kUnsupported;
        result_.unconfigured |= verdict.kind == isolation::Verdict::Kind::kUnconfigured;
        text = absl::StrCat("skipped: ", verdict.text);
        ++result_.skipped;
        break;
    }
    absl::FPrintF(out_, "  %-55s %s\n", name, TerminalText(text));
    std::fflush(out_);  // a waiting user sees the progress
  }

  void OnValue(std::string_view name, std::string_view value) override {
    values_[std::string(name)].emplace_back(value);
  }

  // Returns the values with this name that arrived since the last call.
  std::vector<std::string> Take(const std::string& name) {
    return std::exchange(values_[name], {});
  }

  // Writes the last line.
  Result Finish() {
    absl::FPrintF(out_, "%d ok, %d FAILED, %d skipped\n", result_.passed, result_.failed,
                  result_.skipped);
    return result_;
  }

 private:
  std::FILE* const out_;
  Result result_;
  std::map<std::string, std::vector<std::string>> values_;
};

// Opens the plugin file and sends its components to the parent.
void Load(const Options& options, isolation::Steps* steps) {
  plugin::Catalogue catalogue;
  const bool loaded =
      steps->Run("load", [&] { return isolation::Verdict::Of(catalogue.AddFile(options.plugin)); });
  if (!loaded) return;
  const plugin::PluginLibrary& library = *catalogue.libraries().front();
  steps->Run("tables", [&] {
    for (const weir_component* component : library.components()) {
      if (*component->summary == '\0') {
        return isolation::Verdict::Failed(
            absl::StrCat(TitleOf(*component), " has an empty summary"));
      }
    }
    return isolation::Verdict::Ok();
  });
  const weir_plugin& plugin = library.plugin();
  steps->SendValue(kPluginTitle, absl::StrCat(plugin.name, " ", plugin.version, ", for version ",
                                              plugin.abi_major, ".", plugin.abi_minor,
                                              " of the plugin interface"));
  for (const weir_component* component : library.components()) {
    steps->SendValue(kComponentTitle, TitleOf(*component));
  }
}

// Runs the trials of one component, each in a child process that opens the plugin itself.
class ComponentTrial {
 public:
  ComponentTrial(const Options& options, size_t index, Report* report)
      : options_(options), index_(index), report_(report) {}

  void Run() {
    Isolated(
        [this](const Subject& subject, isolation::Steps* steps) { Configure(subject, steps); });
    const std::vector<std::string> sent = report_->Take(kConfig);
    if (sent.empty()) return;
    config_ = absl::HexStringToBytes(sent.front());
    for (const auto& trial : {TryDiagnosis, TryLives, TryTwoAtOnce, TryHopelessConfigurations}) {
      Isolated(trial);
    }
  }

 private:
  void Isolated(const std::function<void(const Subject&, isolation::Steps*)>& trial) {
    isolation::RunIsolated(
        options_.step_timeout,
        [&](isolation::Steps* steps) {
          const absl::Status loaded = catalogue_.AddFile(options_.plugin);
          if (!loaded.ok()) {
            steps->Run("load again", [&] { return isolation::Verdict::Of(loaded); });
            return;
          }
          const plugin::PluginLibrary& library = *catalogue_.libraries().front();
          const weir_component& component = *library.components()[index_];
          // Cannot fail: AddFile has checked the schema.
          const config::Schema* const schema =
              *catalogue_.schemas()
                   .Find(static_cast<StageKind>(component.kind), component.type)
                   ->schema();
          trial({component, library.path(), *schema, config_}, steps);
        },
        report_);
  }

  void Configure(const Subject& subject, isolation::Steps* steps) {
    steps->Run("configuration", [&] {
      const absl::StatusOr<std::string> wire = Configuration(subject.schema);
      if (!wire.ok()) {
        const bool needed = absl::IsNotFound(wire.status());
        return isolation::Verdict{
            needed ? isolation::Verdict::Kind::kUnconfigured : isolation::Verdict::Kind::kMistake,
            std::string(wire.status().message())};
      }
      steps->SendValue(kConfig, absl::BytesToHexString(*wire));
      return isolation::Verdict::Ok();
    });
  }

  // Returns NOT_FOUND if the component needs a configuration and the options have none.
  absl::StatusOr<std::string> Configuration(const config::Schema& schema) {
    if (!options_.config_text.empty()) return ConfigurationFromText(schema, options_.config_text);
    if (!options_.config_file.empty()) {
      absl::Status opened;
      const auto open_needed = [&](const std::vector<config::ComponentName>& needed) {
        opened = catalogue_.AddNeeded(options_.plugin_folders, needed,
                                      plugin::Catalogue::Opening::kAfterExamination);
      };
      auto wire =
          ConfigurationFromFile(schema, options_.config_file, catalogue_.schemas(), open_needed);
      if (!opened.ok()) return absl::InvalidArgumentError(opened.message());
      if (!absl::IsNotFound(wire.status())) return wire;
    }
    absl::StatusOr<std::string> defaults = ConfigurationFromText(schema, "");
    if (defaults.ok()) return defaults;
    return absl::NotFoundError(absl::StrCat(
        defaults.status().message(), "; give --component=", schema.spec().type,
        " --config_text='FIELD: VALUE', or --config=FILE with a pipeline that has one"));
  }

  const Options& options_;
  const size_t index_;
  Report* const report_;
  plugin::Catalogue catalogue_;  // filled in children only
  std::string config_;
};

}  // namespace

Result TestPlugin(const Options& options, std::FILE* out) {
  Report report(out);
  report.Section(absl::StrCat("plugin '", options.plugin, "'"));
  isolation::RunIsolated(
      options.step_timeout, [&](isolation::Steps* steps) { Load(options, steps); }, &report);
  const std::vector<std::string> components = report.Take(kComponentTitle);
  for (const std::string& title : report.Take(kPluginTitle)) report.Section(title);
  if (options.component.empty() && !options.config_text.empty() && components.size() > 1) {
    report.OnStep("components",
                  {isolation::Verdict::Kind::kMistake,
                   absl::StrCat(kConfigText, " is for one component: give ",
                                "--component=TYPE for one of ", absl::StrJoin(components, ", "))});
    return report.Finish();
  }
  bool found = false;
  for (size_t i = 0; i < components.size(); ++i) {
    if (!options.component.empty() &&
        !absl::EndsWith(components[i], absl::StrCat("'", options.component, "'"))) {
      continue;
    }
    found = true;
    report.Section(components[i]);
    ComponentTrial(options, i, &report).Run();
  }
  if (!components.empty() && !found) {
    report.OnStep("components", {isolation::Verdict::Kind::kMistake,
                                 absl::StrCat("the plugin has no '", options.component,
                                              "'; it has ", absl::StrJoin(components, ", "))});
  }
  return report.Finish();
}

}  // namespace weir::conformance
