// SPDX-License-Identifier: Apache-2.0
#include "core/config/test_schemas.h"

#include <cstdlib>
#include <iostream>

#include "core/config/config_test.descriptors.h"

namespace weir::config {

ComponentSpec TestSpec(StageKind kind, const std::string& type, const std::string& message) {
  ComponentSpec spec;
  spec.kind = kind;
  spec.type = type;
  spec.summary = "Does what a test wants.";
  spec.plugin = "test.so";
  spec.config_message = message;
  if (!message.empty()) {
    spec.descriptor_set = {reinterpret_cast<const char*>(kCoreConfigConfigTestDescriptors),
                           kCoreConfigConfigTestDescriptorsSize};
  }
  return spec;
}

const ConfigSchemas& TestSchemas() {
  static const ConfigSchemas* const schemas = [] {
    auto* result = new ConfigSchemas;
    for (const ComponentSpec& spec : {
             TestSpec(StageKind::kSource, "generator", ""),
             TestSpec(StageKind::kSource, "reader", "weir.test.Writer.Tls"),
             TestSpec(StageKind::kTransform, "pass", ""),
             TestSpec(StageKind::kTransform, "evil", "weir.test.Evil"),
             TestSpec(StageKind::kSink, "writer", "weir.test.Writer"),
             TestSpec(StageKind::kSink, "null", ""),
         }) {
      const absl::Status status = result->Add(spec);
      if (!status.ok()) {
        std::cerr << status << "\n";
        std::abort();
      }
    }
    return result;
  }();
  return *schemas;
}

std::string WithWriter(const std::string& config) {
  return "source { name: 'in' type: 'generator' }\n"
         "sink { name: 'out' type: 'writer' input: 'in' config { [weir/weir.test.Writer] {\n" +
         config + "\n} } }\n";
}

}  // namespace weir::config
