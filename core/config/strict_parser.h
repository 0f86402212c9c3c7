// SPDX-License-Identifier: Apache-2.0
// Parses a block of a configuration file into a message, by protobuf's own text
// parser, and goes on after a mistake: the statement that has it is reported and set
// aside, and the rest is parsed again, so that one run finds all of them.
#ifndef WEIR_CORE_CONFIG_STRICT_PARSER_H_
#define WEIR_CORE_CONFIG_STRICT_PARSER_H_

#include <string>
#include <vector>

#include "core/config/outline.h"
#include "google/protobuf/message.h"

namespace weir::config {

// Parses what is between the braces of `block` of `outline` (all of it for kRoot)
// into `message`, whose fields it must have and no others. The insides of the blocks
// in `opaque` are left out. Mistakes go to `report`; their statements are removed from
// the outline. Returns the tokens where the mistakes are, sorted; empty: all is in
// the message. Fields that must be there are not asked for.
std::vector<int> ParseStrictly(Outline* outline, int block, const std::vector<int>& opaque,
                               google::protobuf::Message* message, const Outline::Report& report);

// What a text calls the field: its name; in brackets for an extension.
std::string TextName(const google::protobuf::FieldDescriptor& field);

// "JSON, TABLE or CSV".
std::string EnumValueList(const google::protobuf::EnumDescriptor& type);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_STRICT_PARSER_H_
