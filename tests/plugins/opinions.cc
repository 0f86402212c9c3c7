// SPDX-License-Identifier: Apache-2.0
// A sink "opinions". Its Diagnose reports the findings in the environment variable
// WEIR_OPINIONS: "ok", "degraded" and "missing", separated by commas. With "fail" it returns
// an error; with "throw" it throws.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "plugins/sdk/plugin.h"

namespace {

class OpinionsSink : public weir::sdk::Sink {
 public:
  // Bit 40 is CAP_CHECKPOINT_RESTORE, the highest capability.
  static constexpr uint64_t kCapabilities = 1 << 3;
  static constexpr uint64_t kPrepareCapabilities = kCapabilities | uint64_t{1} << 40;

  static weir::sdk::Result<std::unique_ptr<OpinionsSink>> Create(const weir::sdk::NoConfig&,
                                                                 weir::sdk::Stage stage) {
    return std::make_unique<OpinionsSink>(std::move(stage));
  }
  explicit OpinionsSink(weir::sdk::Stage stage) : stage_(std::move(stage)) {}

  weir::sdk::Status Diagnose(const weir::sdk::Findings& findings) override {
    const char* const opinions = std::getenv("WEIR_OPINIONS");
    std::istringstream words(opinions == nullptr ? "" : opinions);
    int number = 0;
    for (std::string word; std::getline(words, word, ',');) {
      if (word == "throw") throw std::runtime_error("thrown");
      if (word == "fail") return {WEIR_INVALID_ARGUMENT, "has no opinion"};
      const weir_finding_severity severity = word == "ok"         ? WEIR_FINDING_OK
                                             : word == "degraded" ? WEIR_FINDING_DEGRADED
                                                                  : WEIR_FINDING_MISSING;
      findings.Add({severity, "thing " + std::to_string(++number), "it is " + word});
    }
    return weir::sdk::OkStatus();
  }

  weir::sdk::Status Process(const weir::BatchView& batch) override {
    stage_.CountDelivered(batch.size());
    return weir::sdk::OkStatus();
  }

 private:
  weir::sdk::Stage stage_;
};

}  // namespace

WEIR_PLUGIN("opinions", "1",
            weir::sdk::Define<OpinionsSink>("opinions", "Reports the findings in WEIR_OPINIONS."));
