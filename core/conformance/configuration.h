// SPDX-License-Identifier: Apache-2.0
// Makes the configurations with which a component is tried.
#ifndef WEIR_CORE_CONFORMANCE_CONFIGURATION_H_
#define WEIR_CORE_CONFORMANCE_CONFIGURATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/config/loader.h"
#include "core/config/schema/schemas.h"

namespace weir::conformance {

// The name of a configuration that was given as text, in error messages.
inline constexpr char kConfigText[] = "--config_text";

// Parses `text`, the fields of a component's configuration message. Returns the message in
// wire format. An error names positions in `text`.
absl::StatusOr<std::string> ConfigurationFromText(const config::Schema& schema,
                                                  const std::string& text);

// Loads the pipeline file `path` and returns, in wire format, the configuration of its first
// stage with the kind and type of `schema`. `need` adds to `schemas` the types that the file
// needs. Returns NOT_FOUND if the file has no such stage.
absl::StatusOr<std::string> ConfigurationFromFile(const config::Schema& schema,
                                                  const std::string& path,
                                                  const config::ConfigSchemas& schemas,
                                                  const config::NeedTypes& need);

// Returns `wire` with a value in each string field that cannot work: a path that cannot be
// opened, a name that nothing has. Leaves out fields whose rules forbid such a value.
// Returns an empty string if no field is left.
std::string HopelessConfiguration(const config::Schema& schema, const std::string& wire);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_CONFIGURATION_H_
