// SPDX-License-Identifier: Apache-2.0
// What the host knows of a component type before it makes an instance: enough to
// check a configuration against it and to describe it. Filled by the plugin
// catalogue; plain values, but for the descriptors, which are large and stay where the
// plugin has them.
#ifndef WEIR_CORE_CONFIG_COMPONENT_SPEC_H_
#define WEIR_CORE_CONFIG_COMPONENT_SPEC_H_

#include <string>
#include <string_view>

#include "core/record/stage_kind.h"

namespace weir::config {

// What a pipeline file names a component type by.
struct ComponentName {
  StageKind kind = StageKind::kSource;
  std::string type;

  friend bool operator==(const ComponentName& a, const ComponentName& b) {
    return a.kind == b.kind && a.type == b.type;
  }
};

struct ComponentSpec {
  StageKind kind = StageKind::kSource;
  std::string type;     // what the configuration calls it
  std::string summary;  // one sentence for people
  std::string plugin;   // where it comes from: named in messages about the plugin itself
  // Full name of the message that configures it, and the serialized
  // google.protobuf.FileDescriptorSet that holds it and all it imports, each file
  // after its imports. Both empty: it takes no configuration.
  std::string config_message;
  std::string_view descriptor_set;  // must outlive the spec and what is made of it
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_COMPONENT_SPEC_H_
