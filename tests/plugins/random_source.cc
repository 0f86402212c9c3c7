// SPDX-License-Identifier: Apache-2.0
// A source "random_records": records with extreme field values in batches of varying size, to
// compare the outputs of sinks.
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "core/record/testing/random_records.h"
#include "plugins/sdk/plugin.h"
#include "tests/plugins/random_source.descriptors.h"
#include "tests/plugins/random_source.pb.h"

namespace {

// Run on one thread, Interrupt from any.
class RandomSource : public weir::sdk::Source {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static weir::sdk::Result<std::unique_ptr<RandomSource>> Create(
      const weir::tests::RandomSource& config, weir::sdk::Stage stage) {
    return std::make_unique<RandomSource>(config, std::move(stage));
  }
  RandomSource(const weir::tests::RandomSource& config, weir::sdk::Stage stage)
      : config_(config), stage_(std::move(stage)) {}

  weir::sdk::Status Run() override {
    weir::testing::RandomRecords records(config_.seed());
    weir::sdk::BatchWriter writer(&stage_, kMaxRows);
    uint32_t rows = 1;
    for (uint64_t i = 0; i < config_.records() && !interrupted(); ++i) {
      if (weir::sdk::Status status = writer.Append(records.Any()); !status.ok()) return status;
      stage_.CountReceived(1);
      if (writer.pending() < rows) continue;
      if (weir::sdk::Status status = writer.Flush(); !status.ok()) return status;
      rows = rows % kMaxRows + 1;
    }
    weir::sdk::Status status = writer.Flush();
    if (config_.stay()) AwaitInterrupt();
    return status;
  }

  void Interrupt() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
  }

 private:
  static constexpr uint32_t kMaxRows = 300;

  bool interrupted() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return interrupted_;
  }

  void AwaitInterrupt() {
    stage_.Log(WEIR_LOG_INFO, "all records are emitted");
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return interrupted_; });
  }

  const weir::tests::RandomSource config_;
  weir::sdk::Stage stage_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;  // guarded by mutex_
};

}  // namespace

WEIR_PLUGIN("random_records", "1",
            (weir::sdk::Define<RandomSource, weir::tests::RandomSource>(
                "random_records", "Records with extreme values in every field.",
                "weir.tests.RandomSource", weir::kTestsPluginsRandomSourceDescriptors,
                weir::kTestsPluginsRandomSourceDescriptorsSize)));
