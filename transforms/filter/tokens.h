// SPDX-License-Identifier: Apache-2.0
// A filter's expression cut into words, and the places of these.
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
    kQuoted,     // `text` is without the quotes
    kSign,       // "(", ")", ",", "==" and the like, or a byte that means nothing
    kOpenQuote,  // a quote that the line does not close
    kEnd,
  };

  Kind kind = Kind::kEnd;
  std::string_view text;
  size_t offset = 0;  // of its first byte in the expression

  bool IsSign(std::string_view sign) const { return kind == Kind::kSign && text == sign; }
  // Of which case does not matter.
  bool IsWord(std::string_view word) const;
  // For messages: "'abc'", "the end".
  std::string Name() const;
};

// Reads from one place to the next. Borrows the text. One thread.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  // Past the last one comes kEnd, again and again.
  Token Next();

 private:
  void SkipSpaceAndComments();

  const std::string_view text_;
  size_t offset_ = 0;
};

// What is wrong at `offset` of `text`, with the line and a mark under the place; see
// ParseExpression.
std::string MessageAt(std::string_view text, size_t offset, std::string_view sentence);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_TOKENS_H_
