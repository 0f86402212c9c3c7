// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/environment.h"

#include <cstdlib>

namespace weir::config {

Environment ProcessEnvironment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

}  // namespace weir::config
