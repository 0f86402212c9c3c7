// SPDX-License-Identifier: Apache-2.0
// A source and a sink "stuck". The function that the variable WEIR_STUCK_IN names, such as
// "sink.stop", says so on standard error and does not return while the file of WEIR_STUCK_UNTIL
// does not exist.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "plugins/sdk/plugin.h"

namespace {

using weir::sdk::OkStatus;
using weir::sdk::Result;
using weir::sdk::Stage;
using weir::sdk::Status;

bool IsStuckIn(std::string_view function) {
  const char* const named = std::getenv("WEIR_STUCK_IN");
  return named != nullptr && function == named;
}

void PassOrHang(std::string_view function) {
  if (!IsStuckIn(function)) return;
  std::fprintf(stderr, "stuck in %.*s\n", static_cast<int>(function.size()), function.data());
  const char* const until = std::getenv("WEIR_STUCK_UNTIL");
  while (until == nullptr || access(until, F_OK) != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

class StuckSource : public weir::sdk::Source {
 public:
  static Result<std::unique_ptr<StuckSource>> Create(const weir::sdk::NoConfig&, Stage stage) {
    PassOrHang("source.create");
    return std::make_unique<StuckSource>(std::move(stage));
  }
  explicit StuckSource(Stage stage) : stage_(std::move(stage)) {}
  ~StuckSource() override { PassOrHang("source.destroy"); }

  Status Prepare() override { return PassOrHang("source.prepare"), OkStatus(); }
  Status Start() override { return PassOrHang("source.start"), OkStatus(); }
  Status Stop() override { return PassOrHang("source.stop"), OkStatus(); }
  Status Run() override {
    weir::sdk::BatchWriter writer(&stage_);
    stage_.CountReceived(1);
    (void)writer.Add();
    Status status = writer.Flush();
    PassOrHang("source.run");
    while (!interrupted_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return status;
  }
  void Interrupt() override {
    PassOrHang("source.interrupt");
    interrupted_ = true;
  }

 private:
  Stage stage_;
  std::atomic<bool> interrupted_{false};
};

class StuckSink : public weir::sdk::Sink {
 public:
  static Result<std::unique_ptr<StuckSink>> Create(const weir::sdk::NoConfig&, Stage stage) {
    PassOrHang("sink.create");
    return std::make_unique<StuckSink>(std::move(stage));
  }
  explicit StuckSink(Stage stage) : stage_(std::move(stage)) {}
  ~StuckSink() override { PassOrHang("sink.destroy"); }

  Status Prepare() override { return PassOrHang("sink.prepare"), OkStatus(); }
  Status Start() override { return PassOrHang("sink.start"), OkStatus(); }
  Status Stop() override { return PassOrHang("sink.stop"), OkStatus(); }
  uint64_t TickIntervalNs() const override { return IsStuckIn("sink.tick") ? 1'000'000 : 0; }
  Status Tick(uint64_t /*monotonic_now_ns*/) override {
    return PassOrHang("sink.tick"), OkStatus();
  }
  Status Reopen() override { return PassOrHang("sink.reopen"), OkStatus(); }
  Status Flush() override { return PassOrHang("sink.flush"), OkStatus(); }
  Status Process(const weir::BatchView& batch) override {
    PassOrHang("sink.process");
    // So that the pipeline has a reason to interrupt it.
    if (IsStuckIn("sink.interrupt")) {
      while (true) pause();
    }
    stage_.CountDelivered(batch.size());
    return OkStatus();
  }
  void Interrupt() override { PassOrHang("sink.interrupt"); }

 private:
  Stage stage_;
};

weir_component SinkComponent() {
  PassOrHang("plugin.opening");
  return weir::sdk::Define<StuckSink>("stuck", "Hangs where it is told to.");
}

}  // namespace

WEIR_PLUGIN("stuck", "1", weir::sdk::Define<StuckSource>("stuck", "Hangs where it is told to."),
            SinkComponent());
