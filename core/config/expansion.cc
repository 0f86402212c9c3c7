// SPDX-License-Identifier: Apache-2.0
#include "core/config/expansion.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

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

// Walks over the original once. One thread.
class Expander {
 public:
  Expander(std::string_view original, const Environment& environment, size_t max_bytes,
           Diagnostics* diagnostics, ExpandedText* result)
      : original_(original),
        environment_(environment),
        max_bytes_(max_bytes),
        diagnostics_(diagnostics),
        result_(result) {}

  void Run() {
    FindLines();
    while (at_ < original_.size()) {
      Step();
      if (result_->text_.size() > max_bytes_) {
        Error(at_, absl::StrCat("the file is longer than ", max_bytes_,
                                " bytes with the variables in their places"));
        return;
      }
    }
  }

 private:
  void FindLines() {
    result_->line_starts_.push_back(0);
    for (size_t i = 0; i < original_.size(); ++i) {
      if (original_[i] == '\n') result_->line_starts_.push_back(i + 1);
    }
  }

  void Step() {
    const char c = original_[at_];
    const std::string_view rest = original_.substr(at_);
    if (c == '\n') {
      in_comment_ = false;
      quote_ = 0;  // strings end with their line, and the parser complains
    } else if (in_comment_) {
      // Until the end of the line.
    } else if (absl::StartsWith(rest, "$${")) {
      Replace(3, "${");
      return;
    } else if (absl::StartsWith(rest, "${")) {
      Variable();
      return;
    } else if (quote_ != 0) {
      if (c == '\\' && rest.size() > 1 && rest[1] != '\n') {
        escape_at_ = result_->text_.size();
        Copy();
      } else if (c == quote_) {
        quote_ = 0;
      }
    } else if (c == '"' || c == '\'') {
      quote_ = c;
      escape_at_ = std::string::npos;
    } else if (c == '#') {
      in_comment_ = true;
    }
    Copy();
  }

  void Copy() { result_->text_.push_back(original_[at_++]); }

  void Replace(size_t original_length, std::string_view with) {
    const size_t begin = result_->text_.size();
    result_->text_.append(with.data(), with.size());
    result_->replacements_.push_back({begin, result_->text_.size(), at_, at_ + original_length});
    at_ += original_length;
  }

  // At "${".
  void Variable() {
    const size_t end = original_.find_first_of("}\n", at_);
    if (end == std::string_view::npos || original_[end] == '\n') {
      Error(at_, "'${' without a '}' on the same line; a literal one is written '$${'");
      at_ += 2;
      return;
    }
    const std::string_view inside = original_.substr(at_ + 2, end - at_ - 2);
    const size_t separator = inside.find(":-");
    const std::string name(inside.substr(0, separator));
    if (!IsVariableName(name)) {
      Error(at_, absl::StrCat(Quoted(absl::StrCat("${", inside, "}")),
                              " is neither ${NAME} nor ${NAME:-default}; a literal '${' is "
                              "written '$${'"));
    } else if (separator == std::string_view::npos) {
      FromEnvironment(name, inside.size() + 3);
    } else {
      WithDefault(name, inside.substr(separator + 2), inside.size() + 3);
    }
    at_ = end + 1;
  }

  void FromEnvironment(const std::string& name, size_t length) {
    const std::optional<std::string> value = environment_(name);
    if (value.has_value()) {
      PutValue(name, *value, length);
    } else {
      Error(at_, absl::StrCat("the environment variable ", name,
                              " is not set, and there is no default as in ${", name, ":-default}"));
    }
  }

  void WithDefault(const std::string& name, std::string_view default_text, size_t length) {
    const std::optional<std::string> value = environment_(name);
    if (value.has_value() && !value->empty()) {
      PutValue(name, *value, length);
    } else if (quote_ != 0 && default_text.find(quote_) != std::string_view::npos) {
      Error(at_, absl::StrCat("the default of ${", name,
                              "} holds the quote that ends the string it stands in"));
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
    Error(at_, absl::StrCat("the ", what, " of ${", name, "}, ", Quoted(text),
                            ", is not one bare word or number; for a text, put ${", name,
                            "} in quotes"));
  }

  // `value` as the inside of a string literal.
  std::string Escaped(const std::string& value) const {
    // An escape like \1 right before would swallow a digit that follows it.
    constexpr size_t kLongestEscape = 10;
    const bool after_escape =
        escape_at_ != std::string::npos && result_->text_.size() - escape_at_ <= kLongestEscape;
    if (after_escape && !value.empty() && absl::ascii_isxdigit(value[0])) {
      return absl::StrCat(absl::StrFormat("\\%03o", value[0]),
                          absl::Utf8SafeCEscape(value.substr(1)));
    }
    return absl::Utf8SafeCEscape(value);
  }

  void Error(size_t offset, std::string sentence) {
    diagnostics_->Add(result_->OriginalPosition(offset), std::move(sentence));
  }

  const std::string_view original_;
  const Environment& environment_;
  const size_t max_bytes_;
  Diagnostics* const diagnostics_;
  ExpandedText* const result_;

  size_t at_ = 0;
  bool in_comment_ = false;
  char quote_ = 0;                        // that opened the string we are in, or 0
  size_t escape_at_ = std::string::npos;  // where its last escape begins in the result
};

ExpandedText ExpandedText::Expand(std::string_view original, const Environment& environment,
                                  size_t max_bytes, Diagnostics* diagnostics) {
  ExpandedText result;
  Expander(original, environment, max_bytes, diagnostics, &result).Run();
  return result;
}

Position ExpandedText::PositionOf(size_t offset) const {
  const auto after = std::upper_bound(
      replacements_.begin(), replacements_.end(), offset,
      [](size_t value, const Replacement& replacement) { return value < replacement.begin; });
  if (after == replacements_.begin()) return OriginalPosition(offset);
  const Replacement& last = *(after - 1);
  if (offset < last.end) return OriginalPosition(last.original_begin);
  return OriginalPosition(last.original_end + (offset - last.end));
}

Position ExpandedText::OriginalPosition(size_t original_offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), original_offset);
  const size_t line = static_cast<size_t>(after - line_starts_.begin());
  return {static_cast<int>(line), static_cast<int>(original_offset - line_starts_[line - 1]) + 1};
}

}  // namespace weir::config
