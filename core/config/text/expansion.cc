// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/expansion.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/config/text/diagnostics.h"
#include "core/record/utf8.h"

namespace weir::config {
namespace {

bool IsVariableName(std::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

bool IsBareValue(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-' || c == '+';
  });
}

}  // namespace

// Copies the original and replaces the variables in its words and strings. One thread.
class Expander {
 public:
  Expander(std::string_view original, const Environment& environment, size_t max_bytes,
           const MistakeReport& report, ExpandedText* result)
      : original_(original),
        environment_(environment),
        max_bytes_(max_bytes),
        report_(report),
        result_(result) {}

  void Run(const std::vector<Token>& tokens) {
    for (const Token& token : tokens) {
      CopyTo(token.begin);
      if (token.kind == TokenKind::kString) {
        ExpandString(token.end);
      } else if (token.kind == TokenKind::kWord) {
        ExpandWord(token.end);
      } else {
        CopyTo(token.end);
      }
      if (result_->text_.size() > max_bytes_) {
        report_(at_, absl::StrCat("with the values of its variables the file is longer than ",
                                  max_bytes_, " bytes"));
        return;
      }
    }
  }

 private:
  bool AtVariable() const { return absl::StartsWith(original_.substr(at_), "${"); }

  void CopyTo(size_t end) {
    result_->text_.append(original_.data() + at_, end - at_);
    at_ = end;
  }

  void ExpandWord(size_t end) {
    quote_ = 0;
    while (at_ < end) {
      if (AtVariable()) {
        Variable();
      } else {
        CopyTo(at_ + 1);
      }
    }
  }

  void ExpandString(size_t end) {
    quote_ = original_[at_];
    escape_at_ = std::string::npos;
    while (at_ < end) {
      const std::string_view rest = original_.substr(at_);
      if (absl::StartsWith(rest, "$${")) {
        Replace(3, "${");
      } else if (AtVariable()) {
        Variable();
      } else if (rest.front() == '\\' && at_ + 1 < end) {
        escape_at_ = result_->text_.size();
        CopyTo(at_ + 2);
      } else {
        CheckShellVariable(rest);
        CopyTo(at_ + 1);
      }
    }
  }

  // Reports $VAR, as a shell writes it: it would stay as it is.
  void CheckShellVariable(std::string_view rest) {
    if (rest.front() != '$') return;
    size_t length = 1;
    while (length < rest.size() &&
           (absl::ascii_isalnum(static_cast<unsigned char>(rest[length])) || rest[length] == '_')) {
      ++length;
    }
    const std::string_view name = rest.substr(1, length - 1);
    if (!IsVariableName(name)) return;
    report_(at_, absl::StrCat("the value of a variable is written ${", name, "}, not $", name,
                              "; a literal '$' before a letter is written '\\x24'"));
  }

  void Replace(size_t original_length, std::string_view with) {
    const size_t begin = result_->text_.size();
    result_->text_.append(with.data(), with.size());
    result_->replacements_.push_back({begin, result_->text_.size(), at_, at_ + original_length});
    at_ += original_length;
  }

  // At "${".
  void Variable() {
    const size_t end = VariableEnd(original_, at_);
    // The lexer has refused a text with such a variable.
    if (end == std::string_view::npos) return CopyTo(at_ + 2);
    const std::string_view inside = original_.substr(at_ + 2, end - at_ - 3);
    const size_t separator = inside.find(":-");
    const std::string name(inside.substr(0, separator));
    if (!IsVariableName(name)) {
      report_(at_, absl::StrCat(Quoted(absl::StrCat("${", inside, "}")),
                                " is neither ${NAME} nor ${NAME:-default}; a literal '${' is "
                                "written '$${'"));
    } else if (separator == std::string_view::npos) {
      FromEnvironment(name, inside.size() + 3);
    } else {
      WithDefault(name, inside.substr(separator + 2), inside.size() + 3);
    }
    at_ = end;
  }

  void FromEnvironment(const std::string& name, size_t length) {
    const std::optional<std::string> value = environment_(name);
    if (value.has_value()) {
      PutValue(name, *value, length);
    } else {
      report_(at_, absl::StrCat("the environment variable ", name,
                                " is not set; set it, or give a default: ${", name, ":-default}"));
    }
  }

  void WithDefault(const std::string& name, std::string_view default_text, size_t length) {
    const std::optional<std::string> value = environment_(name);
    if (value.has_value() && !value->empty()) {
      PutValue(name, *value, length);
    } else if (quote_ != 0 && default_text.find(quote_) != std::string_view::npos) {
      report_(at_, absl::StrCat("the default of ${", name, "} contains ", std::string(1, quote_),
                                ", the quote of the text around it"));
    } else if (quote_ == 0 && !IsBareValue(default_text)) {
      NotBare(name, "default", default_text);
    } else {
      Replace(length, default_text);
    }
  }

  void PutValue(const std::string& name, const std::string& value, size_t length) {
    if (quote_ != 0) {
      Replace(length, Escaped(value));
    } else if (IsBareValue(value)) {
      Replace(length, value);
    } else {
      NotBare(name, "value", value);
    }
  }

  void NotBare(const std::string& name, std::string_view what, std::string_view text) {
    report_(at_, absl::StrCat("the ", what, " of ${", name, "} is ", Quoted(text),
                              ", which is not one bare word or number; for a text, write \"${",
                              name, "}\" in quotes"));
  }

  // Returns `value` as a part of a string literal. Bytes that are not UTF-8 get escapes: the file
  // is not wrong, its field may be.
  std::string Escaped(const std::string& value) const {
    const auto escape = [&value](std::string_view text) {
      return IsUtf8(value) ? absl::Utf8SafeCEscape(text) : absl::CEscape(text);
    };
    // An escape sequence such as \1 would take in a digit that follows it.
    constexpr size_t kLongestEscape = 10;
    const bool after_escape =
        escape_at_ != std::string::npos && result_->text_.size() - escape_at_ <= kLongestEscape;
    if (after_escape && !value.empty() && absl::ascii_isxdigit(value[0])) {
      return absl::StrCat(absl::StrFormat("\\%03o", value[0]), escape(value.substr(1)));
    }
    return escape(value);
  }

  const std::string_view original_;
  const Environment& environment_;
  const size_t max_bytes_;
  const MistakeReport& report_;
  ExpandedText* const result_;

  size_t at_ = 0;
  char quote_ = 0;                        // of the string around at_, or 0
  size_t escape_at_ = std::string::npos;  // the last escape sequence of this string in the result
};

ExpandedText ExpandedText::Expand(std::string_view original, const std::vector<Token>& tokens,
                                  const Environment& environment, size_t max_bytes,
                                  const MistakeReport& report) {
  ExpandedText result;
  result.original_ = original;
  Expander(original, environment, max_bytes, report, &result).Run(tokens);
  return result;
}

size_t ExpandedText::OriginalOffset(size_t offset) const {
  const auto after = std::upper_bound(
      replacements_.begin(), replacements_.end(), offset,
      [](size_t value, const Replacement& replacement) { return value < replacement.begin; });
  if (after == replacements_.begin()) return offset;
  const Replacement& last = *(after - 1);
  if (offset < last.end) return last.original_begin;
  return last.original_end + (offset - last.end);
}

std::string ExpandedText::Original(size_t begin, size_t length) const {
  const size_t original_begin = OriginalOffset(begin);
  return std::string(
      original_.substr(original_begin, OriginalOffset(begin + length) - original_begin));
}

}  // namespace weir::config
