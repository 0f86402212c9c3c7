// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/syntax_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/config/text/diagnostics.h"
#include "core/config/text/token_text.h"

namespace weir::config {
namespace {

using Kind = SyntaxValue::Kind;

class SyntaxParser {
 public:
  SyntaxParser(std::string_view text, const std::vector<Token>& tokens, const MistakeReport& report)
      : text_(text), tokens_(tokens), report_(report) {}

  bool Run(SyntaxValue* root) {
    root->kind = Kind::kBlock;
    root->one_line = false;
    return ParseFields(root) && (tokens_[at_].kind == TokenKind::kEnd || Unexpected("a field"));
  }

 private:
  std::string_view TextOf(size_t token) const {
    return text_.substr(tokens_[token].begin, tokens_[token].end - tokens_[token].begin);
  }
  std::string_view Now() const { return TextOf(at_); }
  TokenKind NowKind() const { return tokens_[at_].kind; }
  bool AtWord() const { return NowKind() == TokenKind::kWord || NowKind() == TokenKind::kNumber; }
  bool AtComment() const { return NowKind() == TokenKind::kComment; }
  bool AtClose() const { return Now() == "}" || Now() == ">"; }

  // The number of line ends between a token and the token before it.
  size_t LinesBefore(size_t token) const {
    const size_t begin = token == 0 ? 0 : tokens_[token - 1].end;
    const std::string_view gap = text_.substr(begin, tokens_[token].begin - begin);
    return static_cast<size_t>(std::count(gap.begin(), gap.end(), '\n'));
  }
  bool IsOnOneLine(size_t first, size_t end) const {
    for (size_t token = first + 1; token < end; ++token) {
      if (LinesBefore(token) > 0 || tokens_[token].kind == TokenKind::kComment) return false;
    }
    return tokens_[first].kind != TokenKind::kComment;
  }

  std::string_view TakeComment() { return absl::StripTrailingAsciiWhitespace(TextOf(at_++)); }
  // The comment on the line of the token before it.
  std::string_view TakeTrailingComment() {
    return AtComment() && at_ > 0 && LinesBefore(at_) == 0 ? TakeComment() : std::string_view();
  }
  void TakeComments(std::vector<SyntaxNode>* nodes) {
    while (AtComment()) {
      SyntaxNode node;
      node.is_comment = true;
      node.blank_before = LinesBefore(at_) > 1;
      node.text = std::string(TakeComment());
      nodes->push_back(std::move(node));
    }
  }

  bool Wrong(size_t token, std::string sentence) {
    report_(tokens_[token].begin, std::move(sentence));
    return false;
  }
  bool Unexpected(std::string_view wanted) {
    return Wrong(at_,
                 absl::StrCat("expected ", wanted, ", found ", FoundToken(text_, tokens_[at_])));
  }

  bool ParseFields(SyntaxValue* block) {
    while (true) {
      TakeComments(&block->nodes);
      if (NowKind() == TokenKind::kEnd || AtClose()) return true;
      if (!ParseField(block)) return false;
    }
  }

  bool ParseField(SyntaxValue* block) {
    SyntaxNode node;
    node.blank_before = LinesBefore(at_) > 1;
    std::vector<SyntaxNode> moved;  // comments
    if (!ParseName(&node, &moved)) return false;
    TakeComments(&moved);
    const bool colon = Now() == ":";
    if (colon) ++at_;
    TakeComments(&moved);
    const bool block_or_list =
        Now() == "{" || Now() == "<" || IsListOfBlocks() || (colon && Now() == "[");
    if (!colon && !block_or_list) {
      return Unexpected(absl::StrCat("':' or '{' after ", Quoted(node.text)));
    }
    if (!ParseValue(&node.value)) return false;
    std::vector<SyntaxNode> behind;
    TakeSeparator(",;", &node, &behind);
    if (!moved.empty()) {
      moved.front().blank_before = std::exchange(node.blank_before, false);
      std::move(moved.begin(), moved.end(), std::back_inserter(block->nodes));
    }
    block->nodes.push_back(std::move(node));
    std::move(behind.begin(), behind.end(), std::back_inserter(block->nodes));
    return true;
  }

  // True at a list of messages, which needs no colon.
  bool IsListOfBlocks() const {
    if (Now() != "[") return false;
    size_t next = at_ + 1;
    while (tokens_[next].kind == TokenKind::kComment) ++next;
    return TextOf(next) == "{" || TextOf(next) == "<";
  }

  // Takes the comment on the line of a value. If one of `separators` follows, also behind
  // comments, takes all up to the comment on its line. Returns true if it took a separator.
  bool TakeSeparator(std::string_view separators, SyntaxNode* node,
                     std::vector<SyntaxNode>* behind) {
    node->trailing_comment = TakeTrailingComment();
    size_t next = at_;
    while (tokens_[next].kind == TokenKind::kComment) ++next;
    const std::string_view text = TextOf(next);
    if (text.size() != 1 || !absl::StrContains(separators, text)) return false;
    TakeComments(behind);
    ++at_;
    // After other comments it stays behind them.
    if (behind->empty() && node->trailing_comment.empty()) {
      node->trailing_comment = TakeTrailingComment();
    } else if (AtComment() && LinesBefore(at_) == 0) {
      SyntaxNode comment;
      comment.is_comment = true;
      comment.text = std::string(TakeComment());
      behind->push_back(std::move(comment));
    }
    return true;
  }

  // `name` or `[extension.or/any.type]`.
  bool ParseName(SyntaxNode* node, std::vector<SyntaxNode>* moved) {
    if (AtWord()) {
      node->text = std::string(TextOf(at_++));
      return true;
    }
    if (Now() != "[") return Unexpected("the name of a field");
    while (Now() != "]") {
      const bool behind_word = AtWord();
      node->text += Now();
      ++at_;
      TakeComments(moved);
      const bool belongs = (AtWord() && !behind_word) || Now() == "." || Now() == "/" ||
                           Now() == "-" || Now() == "]";
      if (!belongs) return Unexpected("']'");
    }
    node->text += "]";
    ++at_;
    return true;
  }

  bool ParseValue(SyntaxValue* value) {
    const size_t first = at_;
    bool valid = false;
    if (Now() == "{" || Now() == "<") {
      valid = ParseBlock(value);
    } else if (Now() == "[") {
      valid = ParseList(value);
    } else {
      valid = ParseScalar(value);
    }
    value->one_line = IsOnOneLine(first, at_);
    return valid;
  }

  bool ParseBlock(SyntaxValue* value) {
    value->kind = Kind::kBlock;
    ++at_;
    value->open_comment = TakeTrailingComment();
    if (!ParseFields(value)) return false;
    if (!AtClose()) return Unexpected("'}'");
    ++at_;
    return true;
  }

  bool ParseList(SyntaxValue* value) {
    value->kind = Kind::kList;
    ++at_;
    value->open_comment = TakeTrailingComment();
    TakeComments(&value->nodes);
    while (Now() != "]") {
      SyntaxNode node;
      node.blank_before = LinesBefore(at_) > 1;
      if (!ParseValue(&node.value)) return false;
      std::vector<SyntaxNode> behind;
      const bool comma = TakeSeparator(",", &node, &behind);
      TakeComments(&behind);
      if (!comma && Now() != "]") return Unexpected("',' or ']'");
      if (comma && Now() == "]") return Wrong(at_, "the list ends with a ','; remove it");
      value->nodes.push_back(std::move(node));
      std::move(behind.begin(), behind.end(), std::back_inserter(value->nodes));
    }
    ++at_;
    return true;
  }

  // Strings, or one word or number with a sign.
  bool ParseScalar(SyntaxValue* value) {
    if (NowKind() == TokenKind::kString) {
      while (NowKind() == TokenKind::kString) ParseString(value);
      return true;
    }
    SyntaxNode node;
    const std::string glued = GluedTokens(text_, tokens_, at_);
    const size_t first = at_;
    if (Now() == "-") {
      node.text = "-";
      ++at_;
    }
    const bool is_word = NowKind() == TokenKind::kWord || NowKind() == TokenKind::kNumber;
    if (is_word) node.text += Now();
    // As in 10.0.0.0/8; shorter than `node` for a '-' and a space before a number.
    if (IsBareText(glued) && glued.size() > node.text.size()) {
      return Wrong(first, absl::StrCat("a text needs quotes; write \"", glued, "\""));
    }
    if (!is_word) return Unexpected("a value");
    ++at_;
    value->nodes.push_back(std::move(node));
    return true;
  }

  // True for a text that can be put between quotes as it is.
  static bool IsBareText(std::string_view text) {
    return text.find_first_of("\"'\\") == std::string_view::npos &&
           std::any_of(text.begin(), text.end(), absl::ascii_isalnum);
  }

  // Comments belong to the value if another string follows them.
  void ParseString(SyntaxValue* value) {
    SyntaxNode node;
    node.text = WithDoubleQuotes(TextOf(at_++));
    size_t next = at_;
    while (tokens_[next].kind == TokenKind::kComment) ++next;
    const bool continues = tokens_[next].kind == TokenKind::kString;
    if (continues) node.trailing_comment = TakeTrailingComment();
    value->nodes.push_back(std::move(node));
    if (continues) TakeComments(&value->nodes);
  }

  static std::string WithDoubleQuotes(std::string_view literal) {
    std::string result(literal);
    if (absl::StrContains(literal, '"')) return result;
    result.front() = result.back() = '"';
    return result;
  }

  const std::string_view text_;
  const std::vector<Token>& tokens_;
  const MistakeReport& report_;
  size_t at_ = 0;
};

}  // namespace

bool ParseSyntax(std::string_view text, const std::vector<Token>& tokens,
                 const MistakeReport& report, SyntaxValue* root) {
  return SyntaxParser(text, tokens, report).Run(root);
}

}  // namespace weir::config
