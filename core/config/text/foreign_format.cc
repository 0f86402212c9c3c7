// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/foreign_format.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::config {
namespace {

class Detector {
 public:
  Detector(std::string_view text, const std::vector<Token>& tokens) : text_(text) {
    for (const Token& token : tokens) {
      if (token.kind == TokenKind::kComment) continue;
      first_.push_back(token);
      if (first_.size() == kMostTokens) break;
    }
  }

  const char* Format() const {
    if (Text(0) == "{") return "JSON";
    if (Text(0) == "<") return "XML";
    if (Text(0) == "[") return InBrackets();
    if (Text(0) == "-") return "YAML";
    const bool nested = Kind(0) == TokenKind::kWord && Text(1) == ":" && IsOnLaterLine(2) &&
                        (Text(2) == "-" || Kind(2) == TokenKind::kWord);
    return nested ? "YAML" : nullptr;
  }

 private:
  static constexpr size_t kMostTokens = 32;

  // `[table]` and `[[table]]` are TOML; `[extension]: value` and `[extension] {` are text protobuf.
  const char* InBrackets() const {
    if (Text(1) == "[") return Kind(2) == TokenKind::kWord ? "TOML" : "JSON";
    if (Kind(1) != TokenKind::kWord) return "JSON";
    size_t close = 2;
    while (close < first_.size() && Text(close) != "]") ++close;
    const std::string_view after = Text(close + 1);
    return after == ":" || after == "{" || after == "<" ? nullptr : "TOML";
  }

  TokenKind Kind(size_t token) const {
    return token < first_.size() ? first_[token].kind : TokenKind::kEnd;
  }
  std::string_view Text(size_t token) const {
    if (token >= first_.size()) return "";
    return text_.substr(first_[token].begin, first_[token].end - first_[token].begin);
  }
  bool IsOnLaterLine(size_t token) const {
    if (token >= first_.size()) return false;
    const size_t before = first_[token - 1].end;
    return absl::StrContains(text_.substr(before, first_[token].begin - before), '\n');
  }

  const std::string_view text_;
  std::vector<Token> first_;  // kMostTokens at most
};

}  // namespace

std::string ForeignFormat(std::string_view text, const std::vector<Token>& tokens) {
  if (absl::StartsWith(text, "\xFF\xFE") || absl::StartsWith(text, "\xFE\xFF")) {
    return "the file is UTF-16; save it as UTF-8";
  }
  const char* const format = Detector(text, tokens).Format();
  if (format == nullptr) return "";
  return absl::StrCat("the file looks like ", format,
                      "; a pipeline file is text protobuf, as in source { name: \"flows\" type: "
                      "\"ebpf_map\" }; `weir describe TYPE --example` prints a stage");
}

}  // namespace weir::config
