// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/tokens.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "transforms/filter/quoted.h"

namespace weir::transforms {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr std::string_view kSigns = "()=<>!&|,";
constexpr std::string_view kLongSigns[] = {"==", "!=", "<>", "<=", ">=", "&&", "||"};

bool IsIn(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool IsPartOfWord(char c) {
  return !IsControl(c) && !IsIn(c, kSpace) && !IsIn(c, kSigns) && !IsIn(c, "\"'#");
}
// True for a byte that continues a UTF-8 character.
bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// One column per character, '?' for all but printable ASCII.
std::string PlainText(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (Continues(c)) continue;
    plain.push_back(c == '\t'                                               ? ' '
                    : IsControl(c) || static_cast<unsigned char>(c) >= 0x80 ? '?'
                                                                            : c);
  }
  return plain;
}

}  // namespace

bool Token::IsWord(std::string_view word) const {
  return kind == Kind::kWord && absl::EqualsIgnoreCase(text, word);
}

std::string Token::Name() const {
  return kind == Kind::kEnd         ? "the end"
         : kind == Kind::kOpenQuote ? "a quote that is not closed in its line"
                                    : Quoted(text);
}

Token Tokenizer::Next() {
  SkipSpaceAndComments();
  const size_t start = offset_;
  if (start == text_.size()) return {Token::Kind::kEnd, {}, start};
  const std::string_view rest = text_.substr(start);
  const auto take = [&](Token::Kind kind, size_t size) {
    offset_ += size;
    return Token{kind, rest.substr(0, size), start};
  };
  if (rest[0] == '"' || rest[0] == '\'') {
    const size_t end = std::find_if(rest.begin() + 1, rest.end(),
                                    [&](char c) { return c == rest[0] || IsControl(c); }) -
                       rest.begin();
    if (end == rest.size() || rest[end] != rest[0]) return take(Token::Kind::kOpenQuote, 1);
    offset_ += end + 1;
    return {Token::Kind::kQuoted, rest.substr(1, end - 1), start};
  }
  for (const std::string_view sign : kLongSigns) {
    if (rest.substr(0, sign.size()) == sign) return take(Token::Kind::kSign, sign.size());
  }
  if (!IsPartOfWord(rest[0])) return take(Token::Kind::kSign, 1);
  const size_t end = std::find_if_not(rest.begin(), rest.end(), IsPartOfWord) - rest.begin();
  return take(Token::Kind::kWord, end);
}

void Tokenizer::SkipSpaceAndComments() {
  while (offset_ < text_.size()) {
    if (text_[offset_] == '#') {
      offset_ = std::min(text_.find('\n', offset_), text_.size());
    } else if (IsIn(text_[offset_], kSpace)) {
      ++offset_;
    } else {
      return;
    }
  }
}

std::string MessageAt(std::string_view text, size_t offset, std::string_view sentence) {
  // Only a part of a long line, short enough to see at a glance.
  constexpr size_t kMaxBefore = 60;
  constexpr size_t kMaxBehind = 40;
  const size_t line_start = text.substr(0, offset).rfind('\n') + 1;  // npos + 1 is 0
  const size_t line_end = std::min(text.find('\n', offset), text.size());
  const std::string before = PlainText(text.substr(line_start, offset - line_start));
  const std::string behind = PlainText(text.substr(offset, line_end - offset));

  const auto lines = std::count(text.begin(), text.end(), '\n');
  std::string message;
  if (lines > 0) {
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    absl::StrAppend(&message, "line ", line + 1, ", ");
  }
  const bool cut_before = before.size() > kMaxBefore;
  const bool cut_behind = behind.size() > kMaxBehind;
  const std::string shown_before =
      cut_before ? absl::StrCat("...", before.substr(before.size() - kMaxBefore)) : before;
  absl::StrAppend(&message, "column ", before.size() + 1, ": ", sentence, "\n  ", shown_before,
                  behind.substr(0, kMaxBehind), cut_behind ? "..." : "", "\n  ",
                  std::string(shown_before.size(), ' '), "^");
  return message;
}

}  // namespace weir::transforms
