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

// Returns a pipeline file with a source, and a sink `out` of type `writer` with the fields
// `config`, which begin in line 3, column 1.
std::string WithWriter(const std::string& config);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEST_SCHEMAS_H_
