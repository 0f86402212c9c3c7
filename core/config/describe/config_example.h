// SPDX-License-Identifier: Apache-2.0
// An example of a component in a pipeline file, to copy and to change. Thread-safe.
#ifndef WEIR_CORE_CONFIG_DESCRIBE_CONFIG_EXAMPLE_H_
#define WEIR_CORE_CONFIG_DESCRIBE_CONFIG_EXAMPLE_H_

#include <string>

#include "core/config/schema/schemas.h"
#include "google/protobuf/descriptor.h"

namespace weir::config {

// The input in examples of transforms and sinks.
inline constexpr char kExampleInput[] = "flows";

// Returns the meaning of an absent field, from the plugin or from protobuf. Empty for a message,
// a repeated field, and a field whose absence has a meaning of its own.
std::string DefaultText(const google::protobuf::FieldDescriptor& field);

// Returns a stage, indented by `indent` spaces. It is valid as it is: required fields have a
// value. Each other field is a comment with a value that its rules allow; some of them exclude or
// need each other. Explanations are behind a `#`.
std::string ExampleStage(const Schema& schema, int indent);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_DESCRIBE_CONFIG_EXAMPLE_H_
