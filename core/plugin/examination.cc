// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/examination.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/isolation/isolation.h"
#include "core/isolation/steps.h"
#include "core/plugin/plugin_files.h"
#include "core/plugin/plugin_library.h"
#include "core/record/stage_kind.h"
#include "plugins/abi/weir_plugin.h"

namespace weir::plugin {
namespace {

// The names of the values that a child sends. A tab separates the parts of a value.
constexpr char kPlugin[] = "plugin";
constexpr char kComponent[] = "component";

std::string WithoutTabs(const char* text) { return absl::StrReplaceAll(text, {{"\t", " "}}); }

// Runs in the child.
void OpenAndReport(const std::string& file, DescriptorCheck check, isolation::Steps* steps) {
  Catalogue catalogue(check);
  const bool opened =
      steps->Run("load", [&] { return isolation::Verdict::Of(catalogue.AddFile(file)); });
  if (!opened) return;
  const PluginLibrary& library = *catalogue.libraries().front();
  const weir_plugin& plugin = library.plugin();
  steps->SendValue(
      kPlugin, absl::StrCat(WithoutTabs(plugin.name), "\t", WithoutTabs(plugin.version), "\t",
                            plugin.abi_major, "\t", plugin.abi_minor, "\t", plugin.record_version));
  for (const weir_component* component : library.components()) {
    steps->SendValue(kComponent,
                     absl::StrCat(StageKindName(static_cast<StageKind>(component->kind)), "\t",
                                  component->type, "\t", WithoutTabs(component->summary)));
  }
}

std::optional<StageKind> ParseStageKind(std::string_view name) {
  for (const StageKind kind : {StageKind::kSource, StageKind::kTransform, StageKind::kSink}) {
    if (name == StageKindName(kind)) return kind;
  }
  return std::nullopt;
}

// Runs in the parent.
class Listener final : public isolation::Listener {
 public:
  explicit Listener(Examined* examined) : examined_(examined) {}

  void OnStep(std::string_view name, const isolation::Verdict& verdict) override {
    if (verdict.ok() || !examined_->status.ok()) return;
    const std::string prefix = absl::StrCat("plugin '", examined_->path, "': ");
    const std::string_view text = verdict.text;
    examined_->status = absl::FailedPreconditionError(
        absl::StartsWith(text, prefix)
            ? std::string(text)
            : absl::StrCat(prefix, name == "load" ? "while it is loaded" : name, ": ", text));
  }

  void OnValue(std::string_view name, std::string_view value) override {
    const std::vector<std::string_view> parts = absl::StrSplit(value, '\t');
    if (name == kPlugin && parts.size() == 5) {
      examined_->name = std::string(parts[0]);
      examined_->version = std::string(parts[1]);
      (void)absl::SimpleAtoi(parts[2], &examined_->abi_major);
      (void)absl::SimpleAtoi(parts[3], &examined_->abi_minor);
      (void)absl::SimpleAtoi(parts[4], &examined_->record_version);
    } else if (name == kComponent && parts.size() == 3) {
      const std::optional<StageKind> kind = ParseStageKind(parts[0]);
      if (!kind.has_value()) return;
      examined_->components.push_back({{*kind, std::string(parts[1])}, std::string(parts[2])});
    }
  }

 private:
  Examined* const examined_;
};

}  // namespace

Examined Examine(const std::string& file, DescriptorCheck check) {
  Examined examined;
  examined.path = file;
  // This check rejects most files that are not plugins, without a process.
  examined.status = CheckPluginFile(file);
  if (!examined.status.ok()) return examined;
  Listener listener(&examined);
  isolation::RunIsolated(
      kExaminationTimeout, [&](isolation::Steps* steps) { OpenAndReport(file, check, steps); },
      &listener);
  return examined;
}

std::vector<Examined*> ByPreference(std::vector<Examined>* files, size_t first) {
  std::vector<Examined*> order;
  for (size_t i = first; i < files->size(); ++i) order.push_back(&(*files)[i]);
  std::stable_partition(order.begin(), order.end(), [](const Examined* file) {
    return std::any_of(file->components.begin(), file->components.end(),
                       [file](const Examined::Component& component) {
                         return IsNamedAfter(file->path, component.name.kind, component.name.type);
                       });
  });
  return order;
}

absl::StatusOr<std::vector<Examined>> ExamineAll(std::string_view path, DescriptorCheck check,
                                                 const FileFilter& wanted) {
  const absl::StatusOr<std::vector<PluginFolder>> folders = ListPluginFolders(path);
  if (!folders.ok()) return folders.status();
  std::vector<Examined> all;
  struct Owner {
    std::string path;
    size_t folder_begin;  // the index of the first file of its folder
  };
  std::map<std::pair<StageKind, std::string>, Owner> owners;
  for (const PluginFolder& folder : *folders) {
    const size_t first = all.size();
    for (const std::string& file : folder.files) {
      if (wanted(file)) all.push_back(Examine(file, check));
    }
    for (Examined* const file : ByPreference(&all, first)) {
      if (!file->status.ok()) continue;
      for (const Examined::Component& component : file->components) {
        const auto owner = owners.find({component.name.kind, component.name.type});
        if (owner == owners.end()) continue;
        file->status = DuplicateTypeError(file->path, component.name.type, owner->second.path);
        file->overridden = owner->second.folder_begin != first;
        break;
      }
      if (!file->status.ok()) continue;
      for (const Examined::Component& component : file->components) {
        owners[{component.name.kind, component.name.type}] = {file->path, first};
      }
    }
  }
  return all;
}

}  // namespace weir::plugin
