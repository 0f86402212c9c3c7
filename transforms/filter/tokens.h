// SPDX-License-Identifier: Apache-2.0
// Splits a filter expression into tokens, and describes positions in it.
#ifndef WEIR_TRANSFORMS_FILTER_TOKENS_H_
#define WEIR_TRANSFORMS_FILTER_TOKENS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::transforms {

struct Token {
  enum class Kind : uint8_t {
    kWord,
    kQuoted,     // `text` does not contain the quotes
    kSign,       // "(", ")", ",", "==" and so on, or a byte without a meaning
    kOpenQuote,  // a quote that is not closed on its line
    kEnd,
  };

  Kind kind = Kind::kEnd;
  std::string_view text;
  size_t offset = 0;  // of its first byte in the expression

  bool IsSign(std::string_view sign) const { return kind == Kind::kSign && text == sign; }
  // Compares without regard to upper and lower case.
  bool IsWord(std::string_view word) const;
  // For messages: "'abc'" or "the end".
  std::string Name() const;
};

// Returns one token after another. Borrows the text. One thread.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  // After the last token returns kEnd, any number of times.
  Token Next();

 private:
  void SkipSpaceAndComments();

  const std::string_view text_;
  size_t offset_ = 0;
};

// Returns the error at `offset` of `text`, with the line and a mark below the position; see
// ParseExpression.
std::string MessageAt(std::string_view text, size_t offset, std::string_view sentence);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_TOKENS_H_
