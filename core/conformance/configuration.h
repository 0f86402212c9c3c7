// SPDX-License-Identifier: Apache-2.0
// The configurations that a component on trial gets.
#ifndef WEIR_CORE_CONFORMANCE_CONFIGURATION_H_
#define WEIR_CORE_CONFORMANCE_CONFIGURATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "core/config/loader.h"
#include "core/config/schemas.h"

namespace weir::conformance {

// What the messages call a configuration that was given as text.
inline constexpr char kConfigText[] = "--config_text";

// The fields of a component's message, as `text` gives them, in wire format. An error has
// places in the text, as the loader gives them.
absl::StatusOr<std::string> ConfigurationFromText(const config::Schema& schema,
                                                  const std::string& text);

// That of the first stage of the component's kind and type in a pipeline file, by all
// `schemas`, to which `need` adds what the file needs. NOT_FOUND if the file has no such stage.
absl::StatusOr<std::string> ConfigurationFromFile(const config::Schema& schema,
                                                  const std::string& path,
                                                  const config::ConfigSchemas& schemas,
                                                  const config::NeedTypes& need);

// `wire` with each string that the rules let be anything in place of what it was: a path
// that cannot be opened, a name that nothing has. Empty: the component has no such field.
std::string HopelessConfiguration(const config::Schema& schema, const std::string& wire);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_CONFIGURATION_H_
