// SPDX-License-Identifier: Apache-2.0
// Cuts a text-format file into tokens. It reads the file as the user wrote it, with ${VAR},
// and the same file after the variables were replaced.
#ifndef WEIR_CORE_CONFIG_TEXT_LEXER_H_
#define WEIR_CORE_CONFIG_TEXT_LEXER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::config {

enum class TokenKind {
  kWord,     // a name, an enum value, true, inf; also one with ${VAR} in it
  kNumber,   // begins with a digit, or with a dot and a digit; need not be a valid number
  kString,   // with its quotes
  kSymbol,   // one byte; `$${` is one symbol
  kComment,  // from # to the end of the line
  kEnd,      // of the file; empty
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t begin = 0, end = 0;  // bytes of the text
  int statement = -1;         // the innermost one around it; Outline sets it
};

// Receives a mistake: a byte of the text, and a sentence.
using MistakeReport = std::function<void(size_t offset, std::string sentence)>;

// Returns the tokens of `text`; the last is kEnd. Skips a byte order mark. Reports missing and
// typographic quotes, a ${ without }, wrong escapes, comments of other languages, and bytes that
// mean nothing; then it continues behind the mistake, so that one mistake has one report. A text
// with a NUL byte or a byte that is not UTF-8 has no tokens. Linear time.
std::vector<Token> Lex(std::string_view text, const MistakeReport& report);

// Bytes of the byte order mark of UTF-8 at the start of `text`: 3 or 0.
size_t ByteOrderMarkLength(std::string_view text);

// The end of the `${...}` at `offset`, behind its '}'; npos if no '}' is on the same line.
size_t VariableEnd(std::string_view text, size_t offset);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_LEXER_H_
