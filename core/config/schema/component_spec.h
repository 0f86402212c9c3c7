// SPDX-License-Identifier: Apache-2.0
// What the host knows about a component type without an instance of it. The plugin catalogue
// fills it. Plain values, except the descriptors: they are large and stay in the plugin.
#ifndef WEIR_CORE_CONFIG_SCHEMA_COMPONENT_SPEC_H_
#define WEIR_CORE_CONFIG_SCHEMA_COMPONENT_SPEC_H_

#include <string>
#include <string_view>

#include "core/record/stage_kind.h"

namespace weir::config {

// How a pipeline file names a component type.
struct ComponentName {
  StageKind kind = StageKind::kSource;
  std::string type;

  friend bool operator==(const ComponentName& a, const ComponentName& b) {
    return a.kind == b.kind && a.type == b.type;
  }
};

struct ComponentSpec {
  StageKind kind = StageKind::kSource;
  std::string type;     // the name in pipeline files
  std::string summary;  // one sentence
  std::string plugin;   // its file, for messages about the plugin
  // The full name of the message that configures it, and a serialized
  // google.protobuf.FileDescriptorSet with this message and all its imports, every file after its
  // imports. Both are empty if it takes no configuration.
  std::string config_message;
  std::string_view descriptor_set;  // must outlive the spec and its schema
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SCHEMA_COMPONENT_SPEC_H_
