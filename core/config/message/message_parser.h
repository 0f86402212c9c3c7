// SPDX-License-Identifier: Apache-2.0
// Parses a block of a configuration file into a message, with the rules of protobuf's text
// format. After a mistake it continues with the next statement, so that one run finds all
// mistakes. It is stricter than protobuf: a field without presence must not be given twice
// either, and an enum takes no unknown number.
//
// It does not use protobuf's own parser, which stops at the first mistake, and whose sentences
// name neither the field nor the cure.
#ifndef WEIR_CORE_CONFIG_MESSAGE_MESSAGE_PARSER_H_
#define WEIR_CORE_CONFIG_MESSAGE_MESSAGE_PARSER_H_

#include <vector>

#include "core/config/text/lexer.h"
#include "core/config/text/outline.h"
#include "google/protobuf/message.h"

namespace weir::config {

// Parses the content of `block` of `outline` (the whole file for kRoot) into `message`, except
// the content of the blocks in `opaque`. Mistakes go to `report`; their statements are removed
// from the outline, and are not in the message. Returns the tokens of the mistakes, sorted.
// Does not ask for required fields.
std::vector<int> ParseMessage(Outline* outline, int block, const std::vector<int>& opaque,
                              google::protobuf::Message* message, const MistakeReport& report);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_MESSAGE_MESSAGE_PARSER_H_
