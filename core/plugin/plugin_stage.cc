// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/plugin_stage.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/plugin/exception_guard.h"
#include "core/record/terminal_text.h"
#include "glog/logging.h"

namespace weir::plugin {
namespace {

// Calls a function of a plugin. Turns an exception, which the interface forbids, into an
// error.
template <typename Call>
absl::Status Guarded(Call&& call) {
  weir_error error;
  absl::Status status;
  const std::string thrown = CatchException([&] { status = error.ToStatus(call(&error)); });
  return thrown.empty() ? status : absl::InternalError(thrown);
}

// The same for a function that cannot fail: an exception is an error in the log.
template <typename Call>
void GuardedVoid(pipeline::StageHost* host, std::string_view function, Call&& call) {
  const std::string thrown = CatchException(call);
  if (thrown.empty()) return;
  const std::string message = absl::StrCat(function, ": ", thrown);
  LOG(ERROR) << StageTitle(host->kind(), host->name()) << ": " << TerminalLine(message);
  host->OnMisuse(message);
}

// An instance of a component and its handle (weir_stage). Destroys the instance before it
// frees the handle and, with it, the shared objects.
class Instance {
 public:
  Instance(const weir_component& component, const std::string& plugin, pipeline::StageHost* host,
           Runtime* runtime)
      : component_(component), stage_{host, runtime, plugin, {}} {}
  ~Instance() {
    if (object_ == nullptr) return;
    GuardedVoid(stage_.host, "destroy", [this] { component_.destroy(object_); });
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  absl::Status Create(std::string_view config) {
    const std::string& name = stage_.host->name();
    weir_create_args args{};
    args.struct_size = sizeof(args);
    args.host = HostTable();
    args.stage = &stage_;
    args.stage_name = {name.data(), name.size()};
    args.config = {config.data(), config.size()};
    absl::Status status =
        Guarded([&](weir_error* error) { return component_.create(&args, &object_, error); });
    if (!status.ok()) {
      object_ = nullptr;  // after a failed create there is nothing to destroy
    } else if (object_ == nullptr) {
      status = absl::InternalError("create returned no instance and no error");
    }
    return status;
  }

  const weir_component& component() const { return component_; }
  void* object() const { return object_; }
  pipeline::StageHost* host() const { return stage_.host; }

 private:
  const weir_component& component_;
  weir_stage stage_;
  void* object_ = nullptr;
};

// The lifecycle functions, which sources and consumers have in common.
template <typename Base>
class PluginStage : public Base {
 public:
  explicit PluginStage(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}

  absl::Status Diagnose(std::vector<pipeline::Finding>* findings) override {
    if (!WEIR_HAS_FIELD(weir_component, &component(), diagnose)) return absl::OkStatus();
    if (component().diagnose == nullptr) return absl::OkStatus();
    weir_findings found;
    const absl::Status status =
        Guarded([&](weir_error* error) { return component().diagnose(object(), &found, error); });
    *findings = std::move(found.findings);
    return status;
  }
  absl::Status Prepare() override {
    if (!WEIR_HAS_FIELD(weir_component, &component(), prepare)) return absl::OkStatus();
    return component().prepare == nullptr ? absl::OkStatus() : Call(component().prepare);
  }
  absl::Status Start() override { return Call(component().start); }
  absl::Status Stop() override { return Call(component().stop); }

 protected:
  const weir_component& component() const { return instance_->component(); }
  void* object() const { return instance_->object(); }
  absl::Status Call(weir_code (*function)(void*, weir_error*)) {
    return Guarded([&](weir_error* error) { return function(object(), error); });
  }
  void CallInterrupt() {
    GuardedVoid(instance_->host(), "interrupt", [this] { component().interrupt(object()); });
  }

 private:
  std::unique_ptr<Instance> instance_;
};

class PluginSource final : public PluginStage<pipeline::Source> {
 public:
  using PluginStage::PluginStage;

  absl::Status Run() override { return Call(component().run); }
  void Interrupt() override { CallInterrupt(); }
  bool Pausable() override {
    return WEIR_HAS_FIELD(weir_component, &component(), input_waits) &&
           component().input_waits != 0;
  }
};

class PluginConsumer final : public PluginStage<pipeline::Consumer> {
 public:
  using PluginStage::PluginStage;

  absl::Status Process(const pipeline::BatchRef& batch) override {
    return Guarded(
        [&](weir_error* error) { return component().process(object(), batch.get(), error); });
  }
  absl::StatusOr<uint64_t> TickIntervalNs() override {
    uint64_t interval_ns = 0;
    if (component().tick_interval_ns == nullptr) return interval_ns;
    const absl::Status status = Guarded([&](weir_error* /*error*/) {
      interval_ns = component().tick_interval_ns(object());
      return WEIR_OK;
    });
    if (!status.ok()) return status;
    return interval_ns;
  }
  absl::Status Tick(uint64_t monotonic_now_ns) override {
    return Guarded(
        [&](weir_error* error) { return component().tick(object(), monotonic_now_ns, error); });
  }
  absl::Status Reopen() override {
    if (!WEIR_HAS_FIELD(weir_component, &component(), reopen)) return absl::OkStatus();
    return component().reopen == nullptr ? absl::OkStatus() : Call(component().reopen);
  }
  absl::Status Flush() override {
    return component().flush == nullptr ? absl::OkStatus() : Call(component().flush);
  }
  void Interrupt() override {
    if (component().interrupt != nullptr) CallInterrupt();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<pipeline::Stage>> MakePluginStage(const weir_component& component,
                                                                 const std::string& plugin,
                                                                 std::string_view config,
                                                                 pipeline::StageHost* host,
                                                                 Runtime* runtime) {
  auto instance = std::make_unique<Instance>(component, plugin, host, runtime);
  if (absl::Status status = instance->Create(config); !status.ok()) return status;
  if (component.kind == WEIR_SOURCE) return std::make_unique<PluginSource>(std::move(instance));
  return std::make_unique<PluginConsumer>(std::move(instance));
}

}  // namespace weir::plugin
