// SPDX-License-Identifier: Apache-2.0
#include "core/regex/regex.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "re2/re2.h"
#include "re2/stringpiece.h"

namespace weir {
namespace {

// Bounds the compiled program, to about 20,000 instructions, and the cache of a match.
constexpr int64_t kMaxBytes = 1 << 20;

// Returns true if `expression` uses a Unicode class (\pL): this RE2 has no tables for them.
bool NamesUnicodeClass(std::string_view expression) {
  for (size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    const char escaped = expression[++i];
    if (escaped == 'p' || escaped == 'P') return true;
    if (escaped == 'Q') i = std::min(expression.find("\\E", i), expression.size());
  }
  return false;
}

std::string WhatIsWrong(const re2::RE2& expression) {
  const std::string part = "'" + expression.error_arg() + "'";
  switch (expression.error_code()) {
    case re2::RE2::ErrorBadEscape:
      return part + " is no escape sequence; back references are not supported";
    case re2::RE2::ErrorBadCharClass:
    case re2::RE2::ErrorBadCharRange:
      return part + " is no class or range of characters";
    case re2::RE2::ErrorMissingBracket:
      return "a '[' without ']'";
    case re2::RE2::ErrorMissingParen:
      return "a '(' without ')'";
    case re2::RE2::ErrorUnexpectedParen:
      return "a ')' without '('";
    case re2::RE2::ErrorTrailingBackslash:
      return "a '\\' at its end";
    case re2::RE2::ErrorRepeatArgument:
      return part + " repeats nothing";
    case re2::RE2::ErrorRepeatSize:
      return part + " is no possible repetition; 1000 is the most";
    case re2::RE2::ErrorRepeatOp:
      return part + " repeats a repetition";
    case re2::RE2::ErrorBadPerlOp:
      return part + " is not supported; there is no look-ahead and no look-behind";
    case re2::RE2::ErrorBadUTF8:
      return "it is not UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return part + " is no name of a group";
    case re2::RE2::ErrorPatternTooLarge:
      return "it is too large once its repetitions are written out";
    case re2::RE2::NoError:
    case re2::RE2::ErrorInternal:
      break;
  }
  return "it cannot be compiled";
}

}  // namespace

Regex::Regex(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}

std::optional<Regex> Regex::Compile(const std::string& expression, Unit unit, std::string* error) {
  if (NamesUnicodeClass(expression)) {
    *error = "classes of Unicode, as in '\\pL', are not supported";
    return std::nullopt;
  }
  re2::RE2::Options options;
  options.set_max_mem(kMaxBytes);
  options.set_log_errors(false);
  options.set_never_capture(true);
  if (unit == Unit::kByte) options.set_encoding(re2::RE2::Options::EncodingLatin1);
  auto compiled = std::make_shared<const re2::RE2>(expression, options);
  if (!compiled->ok()) {
    *error = WhatIsWrong(*compiled);
    return std::nullopt;
  }
  return Regex(std::move(compiled));
}

bool Regex::MatchesAll(std::string_view text) const {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

bool Regex::MatchesPart(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace weir
