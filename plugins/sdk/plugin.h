// SPDX-License-Identifier: Apache-2.0
// Makes a weir plugin of C++ classes:
//
//   WEIR_PLUGIN("weir_null", "1.0",
//               (weir::sdk::Define<NullSink, my::NullConfig>(
//                   "null", "Discards all records.",
//                   "my.NullConfig", kDescriptors, kDescriptorsSize)));
//
// No exception crosses the plugin interface: it becomes an error of the stage.
#ifndef WEIR_PLUGINS_SDK_PLUGIN_H_
#define WEIR_PLUGINS_SDK_PLUGIN_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "plugins/sdk/component.h"

namespace weir::sdk {

namespace internal {

// What weir_component.create returns as `instance`.
template <typename T>
struct Instance {
  const weir_host* host;
  weir_stage* stage;
  std::unique_ptr<T> object;
  uint64_t tick_interval_ns;  // 0 for a source
};

inline weir_code Report(const weir_host* host, weir_error* error, const Status& status) noexcept {
  if (!status.ok()) host->error_set(error, ToAbi(status.message()));
  return status.code();
}

// Calls `body`, which returns a Status. Reports that status, or the exception that `body` throws.
template <typename Body>
weir_code Guard(const weir_host* host, weir_error* error, Body&& body) noexcept {
  try {
    return Report(host, error, body());
  } catch (const std::bad_alloc&) {
    host->error_set(error, ToAbi("out of memory"));
    return WEIR_RESOURCE_EXHAUSTED;
  } catch (const std::exception& exception) {
    host->error_set(error, ToAbi(exception.what()));
    return WEIR_INTERNAL;
  } catch (...) {
    host->error_set(error, ToAbi("threw something that is not a std::exception"));
    return WEIR_INTERNAL;
  }
}

// Calls `body` of the function `name`, which cannot fail. Writes the exception that it throws to
// the log.
template <typename Body>
void GuardVoid(const weir_host* host, weir_stage* stage, std::string_view name,
               Body&& body) noexcept {
  const auto log = [&](const char* why) {
    try {
      host->log(stage, WEIR_LOG_ERROR, __FILE__, __LINE__, ToAbi(std::string(name) + why));
    } catch (const std::bad_alloc&) {
      host->log(stage, WEIR_LOG_ERROR, __FILE__, __LINE__, ToAbi("out of memory"));
    }
  };
  try {
    body();
  } catch (const std::exception& exception) {
    log(exception.what());
  } catch (...) {
    log("threw something that is not a std::exception");
  }
}

template <typename T, typename Config>
struct Entries {
  static Instance<T>* Of(void* instance) { return static_cast<Instance<T>*>(instance); }

  static weir_code Create(const weir_create_args* args, void** instance,
                          weir_error* error) noexcept {
    return Guard(args->host, error, [&]() -> Status {
      Config config;
      if (!config.ParseFromArray(args->config.data, static_cast<int>(args->config.size))) {
        return {WEIR_INTERNAL, "the host passed a configuration that does not parse"};
      }
      Stage stage(args->host, args->stage,
                  std::string(args->stage_name.data, args->stage_name.size));
      Result<std::unique_ptr<T>> made = T::Create(config, std::move(stage));
      if (!made.ok()) return made.status();
      uint64_t tick_interval_ns = 0;
      // Here an exception is an error of the stage.
      if constexpr (!std::is_base_of_v<Source, T>) tick_interval_ns = (*made)->TickIntervalNs();
      *instance = new Instance<T>{args->host, args->stage, *std::move(made), tick_interval_ns};
      return OkStatus();
    });
  }
  static weir_code Diagnose(void* instance, weir_findings* findings, weir_error* error) noexcept {
    const weir_host* const host = Of(instance)->host;
    return Guard(host, error,
                 [&] { return Of(instance)->object->Diagnose(Findings(host, findings)); });
  }
  static weir_code Prepare(void* instance, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error, [&] { return Of(instance)->object->Prepare(); });
  }
  static weir_code Start(void* instance, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error, [&] { return Of(instance)->object->Start(); });
  }
  static weir_code Stop(void* instance, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error, [&] { return Of(instance)->object->Stop(); });
  }
  static void Destroy(void* instance) noexcept { delete Of(instance); }
  static weir_code Run(void* instance, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error, [&] { return Of(instance)->object->Run(); });
  }
  static void Interrupt(void* instance) noexcept {
    const Instance<T>& it = *Of(instance);
    GuardVoid(it.host, it.stage, "interrupt: ", [&it] { it.object->Interrupt(); });
  }
  static weir_code Process(void* instance, const weir_batch* batch, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error,
                 [&] { return Of(instance)->object->Process(BatchView(batch)); });
  }
  static uint64_t TickIntervalNs(void* instance) noexcept { return Of(instance)->tick_interval_ns; }
  static weir_code Tick(void* instance, uint64_t now_ns, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error, [&] { return Of(instance)->object->Tick(now_ns); });
  }
  static weir_code Reopen(void* instance, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error, [&] { return Of(instance)->object->Reopen(); });
  }
  static weir_code Flush(void* instance, weir_error* error) noexcept {
    return Guard(Of(instance)->host, error, [&] { return Of(instance)->object->Flush(); });
  }
};

template <typename T>
constexpr weir_kind KindOf() {
  if constexpr (std::is_base_of_v<Source, T>) {
    return WEIR_SOURCE;
  } else if constexpr (std::is_base_of_v<Transform, T>) {
    return WEIR_TRANSFORM;
  } else {
    static_assert(std::is_base_of_v<Sink, T>, "derive from Source, Transform or Sink");
    return WEIR_SINK;
  }
}

// The address of T::kCapabilities, or null if T has none; see component.h.
template <typename T, typename = void>
struct CapabilitiesOf {
  static constexpr const uint64_t* kPointer = nullptr;
};
template <typename T>
struct CapabilitiesOf<T, std::void_t<decltype(T::kCapabilities)>> {
  static constexpr uint64_t kValue = T::kCapabilities;
  static constexpr const uint64_t* kPointer = &kValue;
};

// T::kPrepareCapabilities, or 0 if T has none.
template <typename T, typename = void>
struct PrepareCapabilitiesOf : std::integral_constant<uint64_t, 0> {};
template <typename T>
struct PrepareCapabilitiesOf<T, std::void_t<decltype(T::kPrepareCapabilities)>>
    : std::integral_constant<uint64_t, T::kPrepareCapabilities> {};

// T::kPausable, or false if T has none.
template <typename T, typename = void>
struct Pausable : std::false_type {};
template <typename T>
struct Pausable<T, std::void_t<decltype(T::kPausable)>> : std::bool_constant<T::kPausable> {};

}  // namespace internal

// Returns the component of class T. Config is the class of its configuration: a generated message,
// or any class with bool ParseFromArray(const void*, int), such as config_reader.h describes.
// `config_message` is the full name of the message; `descriptors` is a serialized
// FileDescriptorSet of `descriptors_size` bytes that contains it. All pointers must be valid for
// the life of the process.
template <typename T, typename Config = NoConfig>
weir_component Define(const char* type, const char* summary, const char* config_message = nullptr,
                      const uint8_t* descriptors = nullptr, size_t descriptors_size = 0) {
  using Entries = internal::Entries<T, Config>;
  weir_component component{};
  component.struct_size = sizeof(component);
  component.kind = internal::KindOf<T>();
  component.type = type;
  component.summary = summary;
  component.config_message = config_message;
  component.config_descriptors = descriptors;
  component.config_descriptors_size = descriptors_size;
  component.create = Entries::Create;
  component.diagnose = Entries::Diagnose;
  component.prepare = Entries::Prepare;
  component.prepare_capabilities = internal::PrepareCapabilitiesOf<T>::value;
  component.capabilities = internal::CapabilitiesOf<T>::kPointer;
  component.start = Entries::Start;
  component.stop = Entries::Stop;
  component.destroy = Entries::Destroy;
  component.interrupt = Entries::Interrupt;
  if constexpr (std::is_base_of_v<Source, T>) {
    component.run = Entries::Run;
    component.input_waits = internal::Pausable<T>::value ? 1 : 0;
  } else {
    component.process = Entries::Process;
    component.tick_interval_ns = Entries::TickIntervalNs;
    component.tick = Entries::Tick;
    component.flush = Entries::Flush;
    component.reopen = Entries::Reopen;
  }
  return component;
}

// Defines weir_plugin_main. The arguments after the version are components.
#define WEIR_PLUGIN(plugin_name, plugin_version, ...)                                       \
  extern "C" __attribute__((visibility("default"))) const weir_plugin* weir_plugin_main(    \
      const weir_host* /*host*/) {                                                          \
    static const weir_component components[] = {__VA_ARGS__};                               \
    constexpr uint32_t count = sizeof(components) / sizeof(components[0]);                  \
    static const auto pointers = [] {                                                       \
      std::array<const weir_component*, count> result{};                                    \
      for (uint32_t i = 0; i < count; ++i) result[i] = &components[i];                      \
      return result;                                                                        \
    }();                                                                                    \
    static const weir_plugin plugin = {sizeof(weir_plugin), WEIR_ABI_MAJOR, WEIR_ABI_MINOR, \
                                       WEIR_RECORD_VERSION, count,          plugin_name,    \
                                       plugin_version,      pointers.data()};               \
    return &plugin;                                                                         \
  }                                                                                         \
  static_assert(true, "a semicolon follows")

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_PLUGIN_H_
