// SPDX-License-Identifier: Apache-2.0
// The text of `weir describe TYPE`: the fields of a configuration with types, defaults, rules and
// comments from the plugin's descriptors, and an example. Thread-safe.
#ifndef WEIR_CORE_CONFIG_DESCRIBE_DESCRIBE_H_
#define WEIR_CORE_CONFIG_DESCRIBE_DESCRIBE_H_

#include <string>

#include "core/config/schema/schemas.h"

namespace weir::config {

// Returns text for a terminal of 80 columns or more; it ends with a newline.
std::string Describe(const Schema& schema);

// Returns the same text without its head: the type and the path of its plugin.
std::string DescribeConfiguration(const Schema& schema);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_DESCRIBE_DESCRIBE_H_
