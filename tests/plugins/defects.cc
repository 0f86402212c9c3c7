// SPDX-License-Identifier: Apache-2.0
// A sink "defect" with one defect, which a macro selects. The host must survive the defect
// and name it, or `weir plugin-test` must find it. DEFECT_NONE has no defect and must work.
#include <fcntl.h>
#include <unistd.h>  // keep: pause

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include "plugins/sdk/plugin.h"

namespace {

// State that all instances share, which only a defective plugin has.
[[maybe_unused]] std::atomic<const weir_host*> last_host{nullptr};
[[maybe_unused]] std::atomic<weir_stage*> last_stage{nullptr};

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
    return {WEIR_UNIMPLEMENTED, "prepare needs a kernel that does not exist"};
#endif
    return weir::sdk::OkStatus();
  }

  weir::sdk::Status Start() override {
#if defined(DEFECT_START_FAILS)
    return {WEIR_PERMISSION_DENIED, "start needs a privilege that does not exist"};
#elif defined(DEFECT_LEAVES_THREAD)
    std::thread([] { pause(); }).detach();
#elif defined(DEFECT_LEAKS_FILE)
    if (open("/dev/zero", O_RDONLY | O_CLOEXEC) < 0) return {WEIR_INTERNAL, "/dev/zero"};
#elif defined(DEFECT_BAD_METRIC)
    stage_.Counter("weir_defects", "A counter must end in _total.").Add(1);
#endif
    return weir::sdk::OkStatus();
  }

  weir::sdk::Status Stop() override {
#if defined(DEFECT_HANGS_IN_STOP)
    while (true) pause();
#endif
    return weir::sdk::OkStatus();
  }

  weir::sdk::Status Flush() override {
#if defined(DEFECT_EXITS)
    std::exit(7);
#endif
    return weir::sdk::OkStatus();
  }

#if defined(DEFECT_TICK_INTERVAL_THROWS)
  uint64_t TickIntervalNs() const override { throw std::runtime_error("has no interval"); }
#endif

  weir::sdk::Status Process(const weir::BatchView& batch) override {
#if defined(DEFECT_PROCESS_FAILS)
    return {WEIR_UNAVAILABLE, "process has failed"};
#elif defined(DEFECT_PROCESS_THROWS)
    throw 42;
#elif defined(DEFECT_FORGETS_TO_COUNT)
    return weir::sdk::OkStatus();
#elif defined(DEFECT_CRASHES)
    if (batch.size() > 1) std::abort();
#elif defined(DEFECT_WRITES_BATCH)
    for (const weir::Record& record : batch) const_cast<weir::Record&>(record).packets = 0;
#elif defined(DEFECT_STILL_HOLDS)
    stage_.SetHeld(held_ += batch.size());
    return weir::sdk::OkStatus();
#elif defined(DEFECT_IGNORES_STRIDE)
    // Wrong: takes the rows for an array of records, without their stride.
    for (uint32_t i = 1; i < batch.size(); ++i) {
      const auto* const records = reinterpret_cast<const weir::Record*>(batch.raw()->rows);
      if (records[i].packets == 0xa5a5a5a5a5a5a5a5) return {WEIR_DATA_LOSS, "read no record"};
    }
#elif defined(DEFECT_WRONG_COUNT)
    stage_.CountReceived(batch.size());
#elif defined(DEFECT_COUNTS_TWICE)
    stage_.CountDelivered(batch.size());
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
  [[maybe_unused]] uint64_t held_ = 0;
};

#if defined(DEFECT_OLD_MINOR)
// The host must not read what lies behind the table of an old plugin.
weir_code NotThere(void*, weir_error*) { std::abort(); }
weir_code NotThere(void*, weir_findings*, weir_error*) { std::abort(); }
#endif

// Functions of a component that does without the SDK.
[[maybe_unused]] weir_code CreateShared(const weir_create_args* args, void** instance,
                                        weir_error*) {
  last_host = args->host;
  last_stage = args->stage;
  static int object;
  *instance = &object;
  return WEIR_OK;
}
[[maybe_unused]] weir_code CountForLast(void*, const weir_batch* batch, weir_error*) {
  last_host.load()->count(last_stage, WEIR_COUNT_DELIVERED, nullptr, batch->size);
  return WEIR_OK;
}
[[maybe_unused]] weir_code KeepBatch(void*, const weir_batch* batch, weir_error*) {
  last_host.load()->batch_retain(batch);
  return CountForLast(nullptr, batch, nullptr);
}
[[maybe_unused]] weir_code ReleaseBatch(void*, const weir_batch* batch, weir_error*) {
  last_host.load()->batch_release(batch);
  return WEIR_OK;
}
[[maybe_unused]] weir_code FailSilently(void*, weir_error*) { return WEIR_UNAVAILABLE; }
[[maybe_unused]] weir_code Nothing(void*, weir_error*) { return WEIR_OK; }

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
#elif defined(DEFECT_RAW_TICK_INTERVAL)
  component.tick_interval_ns = [](void*) -> uint64_t { throw std::runtime_error("past the SDK"); };
#elif defined(DEFECT_RAW_INTERRUPT)
  component.interrupt = [](void*) { throw std::runtime_error("past the SDK"); };
#elif defined(DEFECT_RAW_DESTROY)
  // It frees the instance first, so that only the exception is wrong.
  static const auto destroy = component.destroy;
  component.destroy = [](void* instance) {
    destroy(instance);
    throw std::runtime_error("past the SDK");
  };
#elif defined(DEFECT_KEEPS_BATCH) || defined(DEFECT_RELEASES_BATCH) || \
    defined(DEFECT_SHARES_STATE) || defined(DEFECT_FAILS_SILENTLY)
  component.create = CreateShared;
  component.diagnose = nullptr;
  component.prepare = component.start = component.stop = component.flush = Nothing;
  component.reopen = Nothing;
  component.interrupt = nullptr;
  component.tick_interval_ns = nullptr;
  component.destroy = [](void*) {};
  component.process = CountForLast;
#if defined(DEFECT_KEEPS_BATCH)
  component.process = KeepBatch;
#elif defined(DEFECT_RELEASES_BATCH)
  component.process = ReleaseBatch;
#elif defined(DEFECT_FAILS_SILENTLY)
  component.flush = FailSilently;
#endif
#elif defined(DEFECT_EMPTY_SUMMARY)
  component.summary = "";
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
