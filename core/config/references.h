// SPDX-License-Identifier: Apache-2.0
// References between stages: the rule `refers_to` of config_rules.proto.
#ifndef WEIR_CORE_CONFIG_REFERENCES_H_
#define WEIR_CORE_CONFIG_REFERENCES_H_

#include <string_view>

#include "absl/status/status.h"
#include "core/config/loader.h"
#include "core/config/schema/schemas.h"

namespace weir::config {

// Returns INVALID_ARGUMENT if a field names a stage that `pipeline` does not have: a line with
// file:line:column for each. `schemas` are those that the pipeline was loaded with. Thread-safe.
absl::Status CheckReferences(const PipelineConfig& pipeline, std::string_view file_name,
                             const ConfigSchemas& schemas);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_REFERENCES_H_
