// SPDX-License-Identifier: Apache-2.0
// Deferred components: the code is in a second shared object, which is opened when the first stage
// is made. For components that need a large library: only a pipeline that uses them loads it, and a
// machine without the library can still describe the component and say what is missing.
//
//   struct MySink {
//     static constexpr char kFile[] = "system/my_sink.so";
//     static constexpr char kHint[] = " (install the package libmine)";
//   };
//   WEIR_PLUGIN("my_sink", "0.1.0", (weir::sdk::Defer<MySink, WEIR_SINK>("mine", "...", ...)));
//
// The second shared object is a plugin too. It lies beside the first one or in a folder below, and
// has one component, of the same kind.
#ifndef WEIR_PLUGINS_SDK_DEFERRED_H_
#define WEIR_PLUGINS_SDK_DEFERRED_H_

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/stage.h"

namespace weir::sdk {
namespace internal {

// The second shared object of `Where`, opened once for the process. Control thread only.
template <typename Where>
class Deferred {
 public:
  // Returns its component. Returns null and the reason if it does not load or does not fit.
  static const weir_component* Open(const weir_host* host, weir_kind kind, std::string* why) {
    if (component_ != nullptr) return component_;
    Dl_info self;
    if (dladdr(reinterpret_cast<const void*>(&Open), &self) == 0) {
      *why = "the folder of this plugin cannot be found out";
      return nullptr;
    }
    std::string file = self.dli_fname;
    file.resize(file.rfind('/') + 1);
    file += Where::kFile;
    void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      const char* const error = dlerror();
      *why = std::string("does not load: ") + (error == nullptr ? "no reason given" : error) +
             Where::kHint;
      return nullptr;
    }
    const auto plugin_main =
        reinterpret_cast<weir_plugin_main_function>(dlsym(library, WEIR_PLUGIN_MAIN_SYMBOL));
    const weir_plugin* const plugin = plugin_main == nullptr ? nullptr : plugin_main(host);
    if (plugin == nullptr || plugin->abi_major != WEIR_ABI_MAJOR ||
        plugin->abi_minor > WEIR_ABI_MINOR || plugin->component_count != 1 ||
        plugin->components[0]->kind != kind) {
      *why = file + " belongs to another version of weir; install both files from one version";
      return nullptr;
    }
    component_ = plugin->components[0];
    return component_;
  }
  static const weir_component& component() { return *component_; }

 private:
  // Set once: all stages of the process use the same file.
  static inline const weir_component* component_ = nullptr;
};

template <typename Where, weir_kind kKind>
struct DeferredEntries {
  using Other = Deferred<Where>;
  static weir_code Create(const weir_create_args* args, void** instance,
                          weir_error* error) noexcept {
    std::string why;
    const weir_component* const component = Other::Open(args->host, kKind, &why);
    if (component == nullptr) {
      args->host->error_set(error, ToAbi(why));
      return WEIR_FAILED_PRECONDITION;
    }
    return component->create(args, instance, error);
  }
  static weir_code Diagnose(void* instance, weir_findings* findings, weir_error* error) noexcept {
    return Other::component().diagnose(instance, findings, error);
  }
  static weir_code Prepare(void* instance, weir_error* error) noexcept {
    return Other::component().prepare(instance, error);
  }
  static weir_code Start(void* instance, weir_error* error) noexcept {
    return Other::component().start(instance, error);
  }
  static weir_code Stop(void* instance, weir_error* error) noexcept {
    return Other::component().stop(instance, error);
  }
  static void Destroy(void* instance) noexcept { Other::component().destroy(instance); }
  static weir_code Run(void* instance, weir_error* error) noexcept {
    return Other::component().run(instance, error);
  }
  static void Interrupt(void* instance) noexcept { Other::component().interrupt(instance); }
  static weir_code Process(void* instance, const weir_batch* batch, weir_error* error) noexcept {
    return Other::component().process(instance, batch, error);
  }
  static uint64_t TickIntervalNs(void* instance) noexcept {
    return Other::component().tick_interval_ns(instance);
  }
  static weir_code Tick(void* instance, uint64_t now_ns, weir_error* error) noexcept {
    return Other::component().tick(instance, now_ns, error);
  }
  static weir_code Flush(void* instance, weir_error* error) noexcept {
    return Other::component().flush(instance, error);
  }
  static weir_code Reopen(void* instance, weir_error* error) noexcept {
    return Other::component().reopen(instance, error);
  }
};

}  // namespace internal

// Returns the component of Where::kFile, a path relative to the folder of this plugin. That plugin
// must make its component with Define and the same configuration, and need no capabilities. If it
// does not load, Where::kHint follows the message of the dynamic linker.
template <typename Where, weir_kind kKind>
weir_component Defer(const char* type, const char* summary, const char* config_message,
                     const uint8_t* descriptors, size_t descriptors_size) {
  using Entries = internal::DeferredEntries<Where, kKind>;
  static constexpr uint64_t kNoCapabilities = 0;
  weir_component component{};
  component.struct_size = sizeof(component);
  component.kind = kKind;
  component.type = type;
  component.summary = summary;
  component.config_message = config_message;
  component.config_descriptors = descriptors;
  component.config_descriptors_size = descriptors_size;
  component.capabilities = &kNoCapabilities;
  component.create = Entries::Create;
  component.diagnose = Entries::Diagnose;
  component.prepare = Entries::Prepare;
  component.start = Entries::Start;
  component.stop = Entries::Stop;
  component.destroy = Entries::Destroy;
  component.interrupt = Entries::Interrupt;
  if constexpr (kKind == WEIR_SOURCE) {
    component.run = Entries::Run;
  } else {
    component.process = Entries::Process;
    component.tick_interval_ns = Entries::TickIntervalNs;
    component.tick = Entries::Tick;
    component.flush = Entries::Flush;
    component.reopen = Entries::Reopen;
  }
  return component;
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_DEFERRED_H_
