// SPDX-License-Identifier: Apache-2.0
// Values for examples of fields. Thread-safe.
#ifndef WEIR_CORE_CONFIG_DESCRIBE_SAMPLE_VALUE_H_
#define WEIR_CORE_CONFIG_DESCRIBE_SAMPLE_VALUE_H_

#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "plugins/sdk/config_rules.pb.h"

namespace weir::config {

// Returns `text` as a string literal of text protobuf.
std::string InQuotes(std::string_view text);

// Returns the default value of protobuf; empty for a message.
std::string ProtobufDefault(const google::protobuf::FieldDescriptor& field);

// Returns a value that `rules` allow, as it is written in a file: the example in the rules, else
// a typical value. Tries some hundred texts for a pattern; if none matches, the value is "...".
// Empty for a message.
std::string SampleValue(const google::protobuf::FieldDescriptor& field, const FieldRules& rules);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_DESCRIBE_SAMPLE_VALUE_H_
