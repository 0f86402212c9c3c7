// SPDX-License-Identifier: Apache-2.0
// The value of a field that is no message: from text into a message.
#ifndef WEIR_CORE_CONFIG_MESSAGE_SCALAR_VALUE_H_
#define WEIR_CORE_CONFIG_MESSAGE_SCALAR_VALUE_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/config/text/lexer.h"
#include "google/protobuf/message.h"

namespace weir::config {

// The tokens of one value.
struct ScalarText {
  bool negative = false;                // a '-' is in front
  TokenKind kind = TokenKind::kSymbol;  // of `parts`
  std::vector<std::string_view> parts;  // one token; several strings are one text
  std::string whole;                    // for messages
  std::string written;                  // the same as in the file: with ${VAR}, not its value
};

// Sets the singular field, or adds an element to the repeated field, of `message`. Returns an
// empty string, or, without a change, a sentence about `text` that begins with the field.
std::string SetScalar(const google::protobuf::FieldDescriptor& field, const ScalarText& text,
                      google::protobuf::Message* message);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_MESSAGE_SCALAR_VALUE_H_
