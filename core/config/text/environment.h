// SPDX-License-Identifier: Apache-2.0
// The source of the values of ${VAR} in a configuration. Tests inject their own.
#ifndef WEIR_CORE_CONFIG_TEXT_ENVIRONMENT_H_
#define WEIR_CORE_CONFIG_TEXT_ENVIRONMENT_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

// Returns the value of an environment variable, or nothing if it is unset.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// The environment of the process, by getenv: no other thread may change it meanwhile.
Environment ProcessEnvironment();

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_ENVIRONMENT_H_
