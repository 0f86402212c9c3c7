// SPDX-License-Identifier: Apache-2.0
// Tokens of a text in messages. Functions without state: any thread.
#ifndef WEIR_CORE_CONFIG_TEXT_TOKEN_TEXT_H_
#define WEIR_CORE_CONFIG_TEXT_TOKEN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/text/lexer.h"

namespace weir::config {

// Returns what a message says after "found": 'word', the text 'abc', the end of the file.
std::string FoundToken(std::string_view text, const Token& token);

// Returns the tokens from `begin` on that nothing separates, as in 10.0.0.0/8 without quotes.
// Returns an empty string at the end of the text.
std::string GluedTokens(std::string_view text, const std::vector<Token>& tokens, size_t begin);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_TOKEN_TEXT_H_
