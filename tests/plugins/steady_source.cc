// SPDX-License-Identifier: Apache-2.0
// A source "steady": emits a hundred batches of ten records, then ends.
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "plugins/sdk/plugin.h"

namespace {

class SteadySource : public weir::sdk::Source {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static weir::sdk::Result<std::unique_ptr<SteadySource>> Create(const weir::sdk::NoConfig&,
                                                                 weir::sdk::Stage stage) {
    return std::make_unique<SteadySource>(std::move(stage));
  }
  explicit SteadySource(weir::sdk::Stage stage) : stage_(std::move(stage)) {}

  weir::sdk::Status Run() override {
    weir::sdk::BatchWriter writer(&stage_, 10);
    for (uint32_t i = 0; i < 1000 && !interrupted_; ++i) {
      weir::Record record{};
      record.if_index = i;
      stage_.CountReceived(1);
      if (weir::sdk::Status status = writer.Append(record); !status.ok()) return status;
    }
    return writer.Flush();
  }
  void Interrupt() override { interrupted_ = true; }

 private:
  weir::sdk::Stage stage_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace

WEIR_PLUGIN("steady", "1", weir::sdk::Define<SteadySource>("steady", "A thousand records."));
