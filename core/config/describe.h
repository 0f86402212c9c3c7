// SPDX-License-Identifier: Apache-2.0
// What `weir describe TYPE` prints: the fields of a component's configuration with
// types, defaults, rules and comments, straight from the plugin's descriptors, and
// an example to start from.
#ifndef WEIR_CORE_CONFIG_DESCRIBE_H_
#define WEIR_CORE_CONFIG_DESCRIBE_H_

#include <string>

#include "core/config/schemas.h"

namespace weir::config {

// Text for a terminal of 80 columns or more, ending in a newline. Any thread.
std::string Describe(const Schema& schema);

// The same without what stands above the fields: the type and where its plugin is.
std::string DescribeConfiguration(const Schema& schema);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_DESCRIBE_H_
