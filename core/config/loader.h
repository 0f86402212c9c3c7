// SPDX-License-Identifier: Apache-2.0
// Reads a pipeline file, checks it whole, and turns it into an immutable
// description that can be run. Nothing is started and no plugin is called: what
// plugins want to know was said by their descriptors (core/config/schemas.h).
//
// Errors are INVALID_ARGUMENT, also for a file that cannot be read: whatever is
// wrong, it is the configuration. The message has a line for each thing that was
// found, "file:line:column: sentence", sorted by place; kMaxReportedErrors at most,
// and then how many more there are.
//
// Stateless functions: any thread.
#ifndef WEIR_CORE_CONFIG_LOADER_H_
#define WEIR_CORE_CONFIG_LOADER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config/component_spec.h"
#include "core/config/environment.h"
#include "core/config/position.h"
#include "core/config/schemas.h"
#include "core/record/stage_kind.h"

namespace weir::config {

inline constexpr size_t kMaxFileBytes = 1 << 20;
inline constexpr size_t kMaxReportedErrors = 20;
inline constexpr uint32_t kDefaultQueueBatches = 64;

struct StageConfig {
  StageKind kind = StageKind::kSource;
  std::string name;
  std::string type;
  std::vector<size_t> inputs;  // indexes into PipelineConfig::stages, each lower than its own
  uint32_t queue_batches = kDefaultQueueBatches;  // of each edge into it; unused by sources
  std::string config;  // the typed configuration in wire format; empty if it takes none
  Position position;   // of the block in the file
};

struct PipelineConfig {
  // Every stage stands after its inputs, otherwise in the order of the file.
  std::vector<StageConfig> stages;
};

// Called once, before any type is looked up, with the types that a file names. May add to the
// schemas.
using NeedTypes = std::function<void(const std::vector<ComponentName>& names)>;

// `environment` is asked for the variables that the file names.
absl::StatusOr<PipelineConfig> LoadFile(const std::string& path, const ConfigSchemas& schemas,
                                        const Environment& environment,
                                        const NeedTypes& need = nullptr);

// The same for a text that is already here; `file_name` is for the messages.
absl::StatusOr<PipelineConfig> LoadText(std::string_view text, std::string_view file_name,
                                        const ConfigSchemas& schemas,
                                        const Environment& environment,
                                        const NeedTypes& need = nullptr);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_LOADER_H_
