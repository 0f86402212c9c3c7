// SPDX-License-Identifier: Apache-2.0
// The fields of a component's configuration with types, defaults, rules and comments, from
// the plugin's descriptors: the content of `weir describe` and of the reference pages.
#ifndef WEIR_CORE_CONFIG_DESCRIBE_DESCRIPTION_H_
#define WEIR_CORE_CONFIG_DESCRIBE_DESCRIPTION_H_

#include <string>
#include <vector>

#include "core/config/schema/schemas.h"

namespace weir::config {

struct ValueDescription {
  std::string name;
  std::string comment;  // as in the .proto; may be empty
};

struct FieldDescription {
  std::string name;
  std::string type;                      // "repeated string"
  std::string default_text;              // empty: none
  std::vector<std::string> rules;        // a phrase each: "required", "from 1 to 100"
  std::string comment;                   // as in the .proto; may be empty
  std::vector<ValueDescription> values;  // of an enumeration
};

struct MessageDescription {
  std::string name;  // with its package
  std::string comment;
  std::vector<FieldDescription> fields;
};

// The message that configures a component, and after it the messages that it contains, each
// once. Empty if the component takes no configuration. Comments are there if `schema` keeps
// them. Any thread.
std::vector<MessageDescription> DescribeMessages(const Schema& schema);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_DESCRIBE_DESCRIPTION_H_
