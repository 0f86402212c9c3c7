// SPDX-License-Identifier: Apache-2.0
// Where ${VAR} in a configuration comes from: injected, so that tests have their own.
#ifndef WEIR_CORE_CONFIG_ENVIRONMENT_H_
#define WEIR_CORE_CONFIG_ENVIRONMENT_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

// The value of an environment variable, or nothing if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// That of the process, by getenv: nobody may change it meanwhile.
Environment ProcessEnvironment();

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_ENVIRONMENT_H_
