// SPDX-License-Identifier: Apache-2.0
// Names of fields and enum values as configurations and messages write them. Thread-safe.
#ifndef WEIR_CORE_CONFIG_SCHEMA_FIELD_NAMES_H_
#define WEIR_CORE_CONFIG_SCHEMA_FIELD_NAMES_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace weir::config {

// Returns the name of the field in a text; an extension has brackets.
std::string TextName(const google::protobuf::FieldDescriptor& field);

// Returns the field of a message that a text calls `name`, or null.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& message,
                                                   const std::string& name);

// Returns the names of all fields of a message.
std::vector<std::string> FieldNames(const google::protobuf::Descriptor& message);

// Returns "JSON, TABLE or CSV".
std::string EnumValueList(const google::protobuf::EnumDescriptor& type);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_SCHEMA_FIELD_NAMES_H_
