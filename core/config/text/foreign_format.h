// SPDX-License-Identifier: Apache-2.0
// Recognises files that are no text protobuf at all, for one error instead of many.
#ifndef WEIR_CORE_CONFIG_TEXT_FOREIGN_FORMAT_H_
#define WEIR_CORE_CONFIG_TEXT_FOREIGN_FORMAT_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/config/text/lexer.h"

namespace weir::config {

// Returns a sentence if `text` is JSON, XML, YAML, TOML or UTF-16, else an empty string. No valid
// text protobuf is taken for one of these. Thread-safe.
std::string ForeignFormat(std::string_view text, const std::vector<Token>& tokens);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_FOREIGN_FORMAT_H_
