// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/lexer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/config/text/diagnostics.h"
#include "core/record/utf8.h"

namespace weir::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kNoBreakSpace = "\xC2\xA0";

// Quotes that word processors and chat programs put in place of " and '.
constexpr std::string_view kTypographicQuotes[] = {"“", "”", "„", "‟", "«", "»",
                                                   "‘", "’", "‚", "‛", "`"};

bool IsWordByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsHexDigit(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

std::string_view TypographicQuoteAt(std::string_view rest) {
  for (const std::string_view quote : kTypographicQuotes) {
    if (absl::StartsWith(rest, quote)) return quote;
  }
  return "";
}

// Bytes of the escape sequence at the start of `rest`, which begins with a backslash; 0 if
// it is none of protobuf's.
size_t EscapeLength(std::string_view rest) {
  const auto are_hex = [rest](size_t first, size_t count) {
    if (rest.size() < first + count) return false;
    return std::all_of(rest.begin() + first, rest.begin() + first + count, IsHexDigit);
  };
  if (rest.size() < 2) return 0;
  const char c = rest[1];
  if (absl::StrContains("abfnrtv\\?'\"", c)) return 2;
  if (c >= '0' && c <= '7') return 2;
  if (c == 'x') return are_hex(2, 1) ? 3 : 0;
  if (c == 'u') return are_hex(2, 4) ? 6 : 0;
  if (c != 'U' || !are_hex(2, 8)) return 0;
  return absl::StartsWith(rest, "\\U000") || absl::StartsWith(rest, "\\U0010") ? 10 : 0;
}

// The first byte that is not UTF-8, or the size of `text`.
size_t FirstNonUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = Utf8SequenceLength(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

class Lexer {
 public:
  Lexer(std::string_view text, const MistakeReport& report) : text_(text), report_(report) {}

  std::vector<Token> Run() {
    at_ = ByteOrderMarkLength(text_);
    if (const size_t nul = text_.find('\0'); nul != std::string_view::npos) {
      report_(nul, "this is a NUL byte; a pipeline file is text in UTF-8");
      at_ = text_.size();
    } else if (const size_t wrong = FirstNonUtf8(text_); wrong < text_.size()) {
      report_(wrong, absl::StrFormat("the byte 0x%02X is not UTF-8; save the file as UTF-8",
                                     static_cast<unsigned char>(text_[wrong])));
      at_ = text_.size();
    }
    while (at_ < text_.size()) Step();
    Add(TokenKind::kEnd, at_);
    return std::move(tokens_);
  }

 private:
  std::string_view Rest() const { return text_.substr(at_); }
  char At(size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  size_t LineEnd() const { return std::min(text_.find('\n', at_), text_.size()); }

  void Add(TokenKind kind, size_t end) {
    tokens_.push_back({kind, at_, end});
    at_ = end;
  }

  void Step() {
    const char c = text_[at_];
    const bool variable = c == '$' && At(at_ + 1) == '{';
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) {
      ++at_;
    } else if (c == '#') {
      Add(TokenKind::kComment, LineEnd());
    } else if (c == '"' || c == '\'') {
      AddString(c);
    } else if (IsDigit(c) || (c == '.' && IsDigit(At(at_ + 1)))) {
      AddNumber();
    } else if (IsWordByte(c) || variable) {
      AddWord();
    } else if (absl::StartsWith(Rest(), "//") || absl::StartsWith(Rest(), "/*") ||
               absl::StartsWith(Rest(), "-- ")) {
      SkipForeignComment();
    } else if (absl::StartsWith(Rest(), "$${")) {
      Add(TokenKind::kSymbol, at_ + 3);
    } else if (!TypographicQuoteAt(Rest()).empty()) {
      AddTypographicString();
    } else if (static_cast<unsigned char>(c) >= 0x80 || c < ' ' || c == 0x7F) {
      SkipMeaningless();
    } else {
      Add(TokenKind::kSymbol, at_ + 1);
    }
  }

  void AddWord() {
    size_t end = at_;
    while (true) {
      if (IsWordByte(At(end))) {
        ++end;
      } else if (At(end) == '$' && At(end + 1) == '{') {
        end = EndOfVariable(end);
      } else {
        break;
      }
    }
    Add(TokenKind::kWord, end);
  }

  void AddNumber() {
    size_t end = at_;
    while (IsWordByte(At(end)) || At(end) == '.' ||
           ((At(end) == '+' || At(end) == '-') && IsExponent(end - 1))) {
      ++end;
    }
    Add(TokenKind::kNumber, end);
  }
  bool IsExponent(size_t offset) const {
    return (text_[offset] == 'e' || text_[offset] == 'E') && IsDigit(At(offset + 2)) &&
           !absl::StartsWith(Rest(), "0x");
  }

  // Strings end on their line.
  void AddString(char quote) {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '\n') {
      if (text_[end] == quote) return Add(TokenKind::kString, end + 1);
      end = EndOfStringPart(end);
    }
    const size_t begin = FirstUnclosedString();
    report_(begin, absl::StrCat("the text that begins with this ", text_.substr(begin, 1),
                                " has no closing ", text_.substr(begin, 1),
                                begin == at_ ? " in its line" : " before the next text begins"));
    Add(TokenKind::kString, end);
  }

  // The string of this line that a quote is missing in: the first that a word follows without a
  // space, as in `name: "a type: "b"`, else the one at at_.
  size_t FirstUnclosedString() const {
    size_t begin = at_;
    const size_t line_end = text_.substr(0, at_).rfind('\n');
    const size_t line = line_end == std::string_view::npos ? 0 : line_end + 1;
    for (auto token = tokens_.rbegin(); token != tokens_.rend() && token->begin >= line; ++token) {
      const bool runs_on = token->kind == TokenKind::kString && IsWordByte(At(token->end));
      if (runs_on) begin = token->begin;
    }
    return begin;
  }

  size_t EndOfVariable(size_t offset) {
    const size_t end = VariableEnd(text_, offset);
    if (end != std::string_view::npos) return end;
    report_(offset, "this '${' has no '}' in its line; a literal '${' is written '$${'");
    return offset + 2;
  }

  // The end of the character, escape sequence or variable at `offset` of a string.
  size_t EndOfStringPart(size_t offset) {
    if (absl::StartsWith(text_.substr(offset), "$${")) return offset + 3;
    if (text_[offset] == '$' && At(offset + 1) == '{') {
      return EndOfVariable(offset);
    }
    if (text_[offset] != '\\') return offset + 1;
    const size_t length = EscapeLength(text_.substr(offset));
    if (length > 0) return offset + length;
    const bool at_end = At(offset + 1) == '\0' || At(offset + 1) == '\n';
    // A whole character, for the message.
    const size_t next =
        at_end ? 0 : std::max<size_t>(1, Utf8SequenceLength(text_.substr(offset + 1)));
    const std::string found = Quoted(text_.substr(offset + 1, next));
    report_(offset, absl::StrCat("'\\", found.substr(1),
                                 " is not an escape sequence; a backslash is written '\\\\'"));
    return offset + 1 + next;
  }

  // From the typographic quote to the next one in the line, or to the end of the value.
  void AddTypographicString() {
    const std::string_view open = TypographicQuoteAt(Rest());
    size_t end = at_ + open.size();
    const size_t line_end = LineEnd();
    while (end < line_end) {
      std::string_view quote = TypographicQuoteAt(text_.substr(end));
      if (quote.empty() && text_[end] == '"') quote = text_.substr(end, 1);
      if (!quote.empty()) {
        end += quote.size();
        break;
      }
      ++end;
    }
    report_(at_, absl::StrCat("a text needs plain quotes, as in \"text\"; found the ",
                              open == "`" ? "backquote " : "typographic quote ", open));
    Add(TokenKind::kString, end);
  }

  void SkipForeignComment() {
    const std::string_view begin = text_.substr(at_, 2);
    const bool line = begin != "/*";
    report_(at_, absl::StrCat("a comment begins with '#', not with '", begin, "'"));
    const size_t close = text_.find("*/", at_);
    at_ = line || close == std::string_view::npos ? LineEnd() : close + 2;
  }

  // A run of bytes that cannot begin a token.
  void SkipMeaningless() {
    const size_t begin = at_;
    if (absl::StartsWith(Rest(), kNoBreakSpace)) {
      report_(at_,
              "this is a no-break space (U+00A0), which only looks like a space; write a space");
      at_ += kNoBreakSpace.size();
      return;
    }
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c >= ' ' && c != 0x7F && c < 0x80) break;
      if (absl::ascii_isspace(c) || !TypographicQuoteAt(Rest()).empty() ||
          absl::StartsWith(Rest(), kNoBreakSpace)) {
        break;
      }
      ++at_;
    }
    report_(begin, absl::StrCat(Quoted(text_.substr(begin, at_ - begin)), CodePoint(begin),
                                " is allowed only in a text in quotes and in comments"));
  }

  // " (U+200B)", the first character of a run: many look like a letter, or like nothing. Empty
  // if it is not UTF-8 of up to three bytes.
  std::string CodePoint(size_t begin) const {
    const std::string_view rest = text_.substr(begin, at_ - begin);
    const size_t length = Utf8SequenceLength(rest);
    if (length < 2 || length > 3) return "";
    return absl::StrFormat(" (%sU+%04X)", length < rest.size() ? "begins with " : "",
                           Utf8CodePoint(rest, length));
  }

  const std::string_view text_;
  const MistakeReport& report_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Lex(std::string_view text, const MistakeReport& report) {
  return Lexer(text, report).Run();
}

size_t ByteOrderMarkLength(std::string_view text) {
  return absl::StartsWith(text, kByteOrderMark) ? kByteOrderMark.size() : 0;
}

size_t VariableEnd(std::string_view text, size_t offset) {
  const size_t end = text.find_first_of("}\n", offset);
  return end == std::string_view::npos || text[end] == '\n' ? std::string_view::npos : end + 1;
}

}  // namespace weir::config
