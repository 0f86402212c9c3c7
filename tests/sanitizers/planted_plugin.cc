// SPDX-License-Identifier: Apache-2.0
// A source "planted" that triggers the bug of bugs.h which the environment variable
// WEIR_PLANTED_BUG names, and then ends normally.
#include <cstdlib>
#include <memory>
#include <utility>

#include "plugins/sdk/plugin.h"
#include "tests/sanitizers/bugs.h"

namespace {

class PlantedSource : public weir::sdk::Source {
 public:
  static weir::sdk::Result<std::unique_ptr<PlantedSource>> Create(const weir::sdk::NoConfig&,
                                                                  weir::sdk::Stage stage) {
    return std::make_unique<PlantedSource>(std::move(stage));
  }
  explicit PlantedSource(weir::sdk::Stage stage) : stage_(std::move(stage)) {}

  weir::sdk::Status Run() override {
    const char* const bug = std::getenv("WEIR_PLANTED_BUG");
    if (bug != nullptr && !weir::tests::DoBug(bug)) {
      return {WEIR_INVALID_ARGUMENT, "no such bug"};
    }
    return weir::sdk::OkStatus();
  }
  void Interrupt() override {}

 private:
  weir::sdk::Stage stage_;
};

}  // namespace

WEIR_PLUGIN("planted", "1", weir::sdk::Define<PlantedSource>("planted", "Has a bug."));
