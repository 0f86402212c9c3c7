// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/elf/shared_object_check.h"
#include "core/plugin/exception_guard.h"
#include "core/plugin/host.h"

namespace weir::plugin {
namespace {

constexpr uint32_t kMaxComponents = 64;

// The sizes that every minor of this major version of the interface has.
constexpr size_t kPluginSize = sizeof(weir_plugin);
constexpr size_t kComponentSize = offsetof(weir_component, flush) + sizeof(weir_component::flush);

absl::Status Unfit(std::string_view why) { return absl::FailedPreconditionError(why); }

absl::Status CheckVersion(const weir_plugin& plugin) {
  if (plugin.abi_major != WEIR_ABI_MAJOR || plugin.abi_minor > WEIR_ABI_MINOR) {
    return Unfit(absl::StrCat("was built for version ", plugin.abi_major, ".", plugin.abi_minor,
                              " of the plugin interface; this weir has ", WEIR_ABI_MAJOR, ".",
                              WEIR_ABI_MINOR));
  }
  if (plugin.record_version > WEIR_RECORD_VERSION || plugin.record_version == 0) {
    return Unfit(absl::StrCat("was built for version ", plugin.record_version,
                              " of the flow record; this weir has ", WEIR_RECORD_VERSION));
  }
  return absl::OkStatus();
}

absl::Status CheckFunctions(const weir_component& component) {
  if (component.create == nullptr || component.start == nullptr || component.stop == nullptr ||
      component.destroy == nullptr) {
    return Unfit("lacks one of create, start, stop and destroy");
  }
  if (component.kind == WEIR_SOURCE) {
    if (component.run == nullptr || component.interrupt == nullptr) {
      return Unfit("is a source without run or interrupt");
    }
    return absl::OkStatus();
  }
  if (component.process == nullptr) return Unfit("is a transform or sink without process");
  if (component.tick_interval_ns != nullptr && component.tick == nullptr) {
    return Unfit("has tick_interval_ns and no tick");
  }
  return absl::OkStatus();
}

absl::Status CheckComponent(const weir_component& component) {
  if (component.struct_size < kComponentSize) {
    return Unfit(absl::StrCat("has a table of ", component.struct_size,
                              " bytes; it needs at least ", kComponentSize));
  }
  if (component.kind != WEIR_SOURCE && component.kind != WEIR_TRANSFORM &&
      component.kind != WEIR_SINK) {
    return Unfit(absl::StrCat("has the unknown kind ", static_cast<int>(component.kind),
                              "; a component is a source, a transform or a sink"));
  }
  if (component.summary == nullptr) return Unfit("has no summary");
  const bool has_message = component.config_message != nullptr;
  const bool has_descriptors = component.config_descriptors != nullptr;
  if (has_message != has_descriptors || has_message != (component.config_descriptors_size > 0)) {
    return Unfit("has a configuration message without descriptors, or descriptors without one");
  }
  return CheckFunctions(component);
}

}  // namespace

absl::Status CheckPlugin(const weir_plugin* plugin) {
  if (plugin == nullptr) return Unfit("cannot work here: weir_plugin_main returned NULL");
  // The version fields have the same place in every version of the struct.
  if (plugin->struct_size < offsetof(weir_plugin, component_count)) {
    return Unfit("returned a table that is too short to hold its version");
  }
  if (absl::Status status = CheckVersion(*plugin); !status.ok()) return status;
  if (plugin->struct_size < kPluginSize) {
    return Unfit(absl::StrCat("returned a table of ", plugin->struct_size,
                              " bytes; it needs at least ", kPluginSize));
  }
  if (plugin->name == nullptr || plugin->version == nullptr) return Unfit("has no name or version");
  if (plugin->component_count == 0 || plugin->component_count > kMaxComponents ||
      plugin->components == nullptr) {
    return Unfit(absl::StrCat("has ", plugin->component_count, " components; 1 to ", kMaxComponents,
                              " are allowed"));
  }
  std::set<std::pair<weir_kind, std::string>> seen;
  for (uint32_t i = 0; i < plugin->component_count; ++i) {
    const weir_component* const component = plugin->components[i];
    if (component == nullptr || component->type == nullptr || !IsSnakeCase(component->type)) {
      return Unfit(absl::StrCat("component ", i, ": its type is not in snake_case"));
    }
    if (absl::Status status = CheckComponent(*component); !status.ok()) {
      return Unfit(absl::StrCat("component '", component->type, "' ", status.message()));
    }
    if (!seen.emplace(component->kind, component->type).second) {
      return Unfit(absl::StrCat("has two components '", component->type, "' of the same kind"));
    }
  }
  return absl::OkStatus();
}

bool IsSnakeCase(std::string_view text) {
  if (text.empty() || !absl::ascii_islower(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

absl::Status CheckPluginFile(const std::string& path) {
  const absl::Status status = elf::CheckSharedObjectFile(path);
  if (status.ok()) return status;
  return Unfit(absl::StrCat("plugin '", path, "': ", status.message()));
}

PluginLibrary::PluginLibrary(std::string path, const weir_plugin* plugin)
    : path_(std::move(path)),
      plugin_(plugin),
      components_(plugin->components, plugin->components + plugin->component_count) {}

absl::StatusOr<std::unique_ptr<const PluginLibrary>> PluginLibrary::Load(const std::string& path) {
  const auto refuse = [&path](std::string_view why) {
    return Unfit(absl::StrCat("plugin '", path, "': ", why));
  };
  if (absl::Status status = CheckPluginFile(path); !status.ok()) return status;
  // dlopen looks up a name without a slash in the search path of the dynamic linker.
  const std::string file = path.find('/') == std::string::npos ? absl::StrCat("./", path) : path;
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = dlerror();
    return refuse(absl::StrCat("does not load: ", why == nullptr ? "dlopen gave no reason" : why));
  }
  void* const symbol = dlsym(library, WEIR_PLUGIN_MAIN_SYMBOL);
  if (symbol == nullptr) {
    return refuse("is not a weir plugin: it does not export " WEIR_PLUGIN_MAIN_SYMBOL);
  }
  const auto plugin_main = reinterpret_cast<weir_plugin_main_function>(symbol);
  const weir_plugin* plugin = nullptr;
  const std::string thrown = CatchException([&] { plugin = plugin_main(HostTable()); });
  if (!thrown.empty()) return refuse(absl::StrCat(WEIR_PLUGIN_MAIN_SYMBOL, ": ", thrown));
  if (absl::Status status = CheckPlugin(plugin); !status.ok()) {
    return refuse(status.message());
  }
  return std::unique_ptr<const PluginLibrary>(new PluginLibrary(path, plugin));
}

}  // namespace weir::plugin
