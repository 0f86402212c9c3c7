// SPDX-License-Identifier: Apache-2.0
// The three kinds of stages, with the numbers of the plugin interface and the words of pipeline
// files.
#ifndef WEIR_CORE_RECORD_STAGE_KIND_H_
#define WEIR_CORE_RECORD_STAGE_KIND_H_

#include <string>
#include <string_view>

#include "plugins/abi/weir_plugin.h"

namespace weir {

enum class StageKind {
  kSource = WEIR_SOURCE,
  kTransform = WEIR_TRANSFORM,
  kSink = WEIR_SINK,
};

// Returns "source", "transform" or "sink".
constexpr const char* StageKindName(StageKind kind) {
  switch (kind) {
    case StageKind::kSource:
      return "source";
    case StageKind::kTransform:
      return "transform";
    case StageKind::kSink:
      return "sink";
  }
  return "stage";
}

// Returns the name of a stage in messages: "sink 'console'".
inline std::string StageTitle(StageKind kind, std::string_view name) {
  return std::string(StageKindName(kind)).append(" '").append(name).append("'");
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_STAGE_KIND_H_
