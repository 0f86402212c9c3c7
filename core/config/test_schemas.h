// SPDX-License-Identifier: Apache-2.0
// Component types for tests of this folder.
#ifndef WEIR_CORE_CONFIG_TEST_SCHEMAS_H_
#define WEIR_CORE_CONFIG_TEST_SCHEMAS_H_

#include <string>

#include "core/config/schemas.h"

namespace weir::config {

// A component configured by one of the messages in config_test.proto.
ComponentSpec TestSpec(StageKind kind, const std::string& type, const std::string& message);

// Sources `generator` (no configuration) and `reader`, transforms `pass` (none) and
// `evil`, sinks `writer` and `null` (none).
const ConfigSchemas& TestSchemas();

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEST_SCHEMAS_H_
