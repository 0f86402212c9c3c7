// SPDX-License-Identifier: Apache-2.0
// Reads a pipeline file, checks all of it, and returns an immutable description that can be
// run. It starts nothing and calls no plugin: plugins describe their configurations by
// descriptors (core/config/schema/schemas.h). core/config/README.md shows the steps.
//
// All errors are INVALID_ARGUMENT, also for a file that cannot be read. The message has one
// line for each mistake, "file:line:column: sentence", sorted by location: at most
// kMaxReportedErrors, then the number of the others.
//
// Stateless functions; any thread.
#ifndef WEIR_CORE_CONFIG_LOADER_H_
#define WEIR_CORE_CONFIG_LOADER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/config/schema/component_spec.h"
#include "core/config/schema/schemas.h"
#include "core/config/text/config_location.h"
#include "core/config/text/environment.h"
#include "core/record/stage_kind.h"

namespace weir::config {

inline constexpr size_t kMaxFileBytes = 1 << 20;
inline constexpr size_t kMaxReportedErrors = 20;
inline constexpr uint32_t kDefaultQueueBatches = 64;

struct StageConfig {
  StageKind kind = StageKind::kSource;
  std::string name;
  std::string type;
  std::vector<size_t> inputs;  // indexes into PipelineConfig::stages, lower than its own index
  uint32_t queue_batches = kDefaultQueueBatches;  // of each edge into it; not used by sources
  std::string config;       // the typed configuration in wire format; empty if it has none
  ConfigLocation location;  // of its block in the file
  // The locations of the values of the configuration, by their path, as in "path[0]" or
  // "filter[1].ports[0]".
  std::map<std::string, ConfigLocation> fields;
};

struct PipelineConfig {
  // Every stage comes after its inputs, otherwise in the order of the file.
  std::vector<StageConfig> stages;
};

// Called once, with the types in a file, before any of them is looked up. May add to the schemas.
using NeedTypes = std::function<void(const std::vector<ComponentName>& names)>;

// Loads a file. `environment` provides the variables in it.
absl::StatusOr<PipelineConfig> LoadFile(const std::string& path, const ConfigSchemas& schemas,
                                        const Environment& environment,
                                        const NeedTypes& need = nullptr);

// Loads a text. `file_name` is for the messages.
absl::StatusOr<PipelineConfig> LoadText(std::string_view text, std::string_view file_name,
                                        const ConfigSchemas& schemas,
                                        const Environment& environment,
                                        const NeedTypes& need = nullptr);

// Reads a pipeline file, or what a pipe provides within a few seconds. Refuses a text of more
// than kMaxFileBytes.
absl::StatusOr<std::string> ReadPipelineFile(const std::string& path);

// Reads an open file to its end, without a time limit. Refuses a text of more than
// kMaxFileBytes. `name` is for the messages.
absl::StatusOr<std::string> ReadOpenPipelineFile(int file, const std::string& name);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_LOADER_H_
