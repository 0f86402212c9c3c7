// SPDX-License-Identifier: Apache-2.0
// Component types for the tests of core/config.
#ifndef WEIR_CORE_CONFIG_TEST_SCHEMAS_H_
#define WEIR_CORE_CONFIG_TEST_SCHEMAS_H_

#include <string>

#include "core/config/schema/schemas.h"

namespace weir::config {

// Returns a component with a message of config_test.proto; without one if `message` is empty.
ComponentSpec TestSpec(StageKind kind, const std::string& type, const std::string& message);

// Sources `generator` (no configuration) and `reader`, transforms `pass` (none) and
// `evil`, sinks `writer` and `null` (none).
const ConfigSchemas& TestSchemas();

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEST_SCHEMAS_H_
