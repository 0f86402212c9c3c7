// SPDX-License-Identifier: Apache-2.0
// An example of a component in a pipeline file: what a user copies and changes.
#ifndef WEIR_CORE_CONFIG_CONFIG_EXAMPLE_H_
#define WEIR_CORE_CONFIG_CONFIG_EXAMPLE_H_

#include <string>

#include "core/config/schemas.h"
#include "google/protobuf/descriptor.h"

namespace weir::config {

// What an absent field means, as the plugin says it or as protobuf has it; empty for
// a message, a repeated field and where absence is a meaning of its own.
std::string DefaultText(const google::protobuf::FieldDescriptor& field);

// The block of a stage, `indent` spaces in. Required fields have a value; the others
// of the message are comments.
std::string ExampleStage(const Schema& schema, int indent);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_CONFIG_EXAMPLE_H_
