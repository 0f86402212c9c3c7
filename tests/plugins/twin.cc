// SPDX-License-Identifier: Apache-2.0
// One of two plugins with the same generated protobuf message: a sink whose creation fails
// with the contents of its configuration, so that a test sees which plugin parsed it.
#include <memory>
#include <string>

#include "plugins/sdk/plugin.h"
#include "tests/plugins/twin.descriptors.h"
#include "tests/plugins/twin.pb.h"

namespace {

class TwinSink : public weir::sdk::Sink {
 public:
  static weir::sdk::Result<std::unique_ptr<TwinSink>> Create(const weir::tests::Twin& config,
                                                             const weir::sdk::Stage&) {
    return weir::sdk::Status(WEIR_ABORTED,
                             std::string(TWIN_TYPE) + " read: " + config.ShortDebugString());
  }
  weir::sdk::Status Process(const weir::BatchView&) override { return weir::sdk::OkStatus(); }
};

}  // namespace

WEIR_PLUGIN(TWIN_TYPE, "1",
            (weir::sdk::Define<TwinSink, weir::tests::Twin>(
                TWIN_TYPE, "One of two.", "weir.tests.Twin", weir::kTestsPluginsTwinDescriptors,
                weir::kTestsPluginsTwinDescriptorsSize)));
