// SPDX-License-Identifier: Apache-2.0
// A sink "defect" that is sound but for one thing, which a macro chooses: what the
// host must survive and name. DEFECT_NONE is the control: it must work.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>

#include "plugins/sdk/plugin.h"

namespace {

class DefectSink : public weir::sdk::Sink {
 public:
  static weir::sdk::Result<std::unique_ptr<DefectSink>> Create(const weir::sdk::NoConfig&,
                                                               weir::sdk::Stage stage) {
#if defined(DEFECT_CREATE_FAILS)
    return weir::sdk::Status(WEIR_INVALID_ARGUMENT, "create does not like its configuration");
#elif defined(DEFECT_CREATE_THROWS)
    throw std::runtime_error("create has thrown");
#endif
    return std::make_unique<DefectSink>(std::move(stage));
  }
  explicit DefectSink(weir::sdk::Stage stage) : stage_(std::move(stage)) {}

  weir::sdk::Status Prepare() override {
#if defined(DEFECT_PREPARE_FAILS)
    return {WEIR_UNIMPLEMENTED, "prepare needs a kernel that nobody has"};
#endif
    return weir::sdk::OkStatus();
  }

  weir::sdk::Status Start() override {
#if defined(DEFECT_START_FAILS)
    return {WEIR_PERMISSION_DENIED, "start needs a privilege that nobody has"};
#endif
    return weir::sdk::OkStatus();
  }

  weir::sdk::Status Process(const weir::BatchView& batch) override {
#if defined(DEFECT_PROCESS_FAILS)
    return {WEIR_UNAVAILABLE, "process has failed"};
#elif defined(DEFECT_PROCESS_THROWS)
    throw 42;
#elif defined(DEFECT_FORGETS_TO_COUNT)
    return weir::sdk::OkStatus();
#endif
    stage_.CountDelivered(batch.size());
    return weir::sdk::OkStatus();
  }

  weir::sdk::Status Reopen() override {
#if defined(DEFECT_REOPEN_FAILS)
    return {WEIR_NOT_FOUND, "reopen does not find what it had"};
#elif defined(DEFECT_REOPEN_THROWS)
    throw std::runtime_error("reopen has thrown");
#endif
    return weir::sdk::OkStatus();
  }

 private:
  weir::sdk::Stage stage_;
};

#if defined(DEFECT_OLD_MINOR)
// What lies behind the table of an old plugin is not the host's to read.
weir_code NotThere(void*, weir_error*) { std::abort(); }
weir_code NotThere(void*, weir_findings*, weir_error*) { std::abort(); }
#endif

weir_code RawThrow(const weir_create_args*, void**, weir_error*) {
  throw std::runtime_error("past the SDK");
}

weir_component Component() {
  weir_component component = weir::sdk::Define<DefectSink>("defect", "Has one defect.");
#if defined(DEFECT_NO_PROCESS)
  component.process = nullptr;
#elif defined(DEFECT_SHORT_COMPONENT)
  component.struct_size = 8;
#elif defined(DEFECT_OLD_MINOR)
  component.struct_size = offsetof(weir_component, diagnose);
  component.diagnose = NotThere;
  component.prepare = NotThere;
  component.reopen = NotThere;
  component.prepare_capabilities = 1;
  component.capabilities = reinterpret_cast<const uint64_t*>(1);
#elif defined(DEFECT_RAW_DIAGNOSE)
  component.diagnose = [](void*, weir_findings*, weir_error*) -> weir_code {
    throw std::runtime_error("past the SDK");
  };
#elif defined(DEFECT_BAD_TYPE)
  component.type = "Not Snake";
#elif defined(DEFECT_RAW_THROW)
  component.create = RawThrow;
#elif defined(DEFECT_BROKEN_DESCRIPTORS)
  static constexpr uint8_t kGarbage[] = {0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x01};
  component.config_message = "no.Such";
  component.config_descriptors = kGarbage;
  component.config_descriptors_size = sizeof(kGarbage);
#endif
  static_cast<void>(&RawThrow);
  return component;
}

}  // namespace

#if defined(DEFECT_NULL_PLUGIN)
extern "C" __attribute__((visibility("default"))) const weir_plugin* weir_plugin_main(
    const weir_host* host) {
  constexpr char kWhy[] = "this plugin cannot work here";
  host->log(nullptr, WEIR_LOG_ERROR, __FILE__, __LINE__, {kWhy, sizeof(kWhy) - 1});
  static_cast<void>(&Component);
  return nullptr;
}
#elif defined(DEFECT_MAIN_THROWS)
extern "C" __attribute__((visibility("default"))) const weir_plugin* weir_plugin_main(
    const weir_host*) {
  static_cast<void>(&Component);
  throw std::runtime_error("weir_plugin_main has thrown");
}
#elif defined(DEFECT_WRONG_MAJOR) || defined(DEFECT_NEWER_MINOR) || \
    defined(DEFECT_NEWER_RECORD) || defined(DEFECT_TOO_SHORT) || defined(DEFECT_OLD_MINOR)
extern "C" __attribute__((visibility("default"))) const weir_plugin* weir_plugin_main(
    const weir_host*) {
  static const weir_component component = Component();
  static const weir_component* const components[] = {&component};
  static weir_plugin plugin = {
      sizeof(weir_plugin), WEIR_ABI_MAJOR, WEIR_ABI_MINOR, WEIR_RECORD_VERSION, 1, "defect", "1",
      components};
#if defined(DEFECT_WRONG_MAJOR)
  plugin.abi_major = WEIR_ABI_MAJOR + 1;
#elif defined(DEFECT_NEWER_MINOR)
  plugin.abi_minor = WEIR_ABI_MINOR + 1;
#elif defined(DEFECT_NEWER_RECORD)
  plugin.record_version = WEIR_RECORD_VERSION + 1;
#elif defined(DEFECT_OLD_MINOR)
  plugin.abi_minor = 0;
#else
  plugin.struct_size = 4;
#endif
  return &plugin;
}
#else
WEIR_PLUGIN("defect", "1", Component());
#endif
