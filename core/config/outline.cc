// SPDX-License-Identifier: Apache-2.0
#include "core/config/outline.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace weir::config {
namespace {

using google::protobuf::io::Tokenizer;

// From protobuf's lines and columns to bytes; for places in ascending order.
class OffsetFinder {
 public:
  explicit OffsetFinder(std::string_view text) : text_(text) {}

  size_t Find(int line, int column) {
    while (at_ < text_.size() && (line_ < line || (line_ == line && column_ < column))) {
      if (text_[at_] == '\n') {
        if (line_ == line) break;
        ++line_;
        column_ = 0;
      } else if (text_[at_] == '\t') {
        column_ += kTabWidth - column_ % kTabWidth;
      } else {
        ++column_;
      }
      ++at_;
    }
    return at_;
  }

 private:
  static constexpr int kTabWidth = 8;  // of the tokenizer
  const std::string_view text_;
  size_t at_ = 0;
  int line_ = 0;
  int column_ = 0;
};

// What the tokenizer complains of, as sentences of ours.
class LexicalErrors : public google::protobuf::io::ErrorCollector {
 public:
  LexicalErrors(std::string_view text, const Outline::Report& report)
      : finder_(text), report_(report) {}

  void AddError(int line, int column, const std::string& message) override {
    found_ = true;
    std::string sentence(absl::StripSuffix(message, "."));
    if (!sentence.empty()) sentence[0] = absl::ascii_tolower(sentence[0]);
    report_(finder_.Find(line, column), std::move(sentence));
  }
  bool found() const { return found_; }

 private:
  OffsetFinder finder_;
  const Outline::Report& report_;
  bool found_ = false;
};

bool Tokenize(std::string_view text, const Outline::Report& report, std::vector<Token>* tokens) {
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  LexicalErrors errors(text, report);
  Tokenizer tokenizer(&stream, &errors);
  // As TextFormat::Parser sets it.
  tokenizer.set_allow_f_after_float(true);
  tokenizer.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  OffsetFinder finder(text);
  while (tokenizer.Next()) {
    const Tokenizer::Token& current = tokenizer.current();
    const size_t begin = finder.Find(current.line, current.column);
    tokens->push_back({current.type, current.line, static_cast<int>(current.column), begin,
                       begin + current.text.size(), -1});
  }
  const Tokenizer::Token& end = tokenizer.current();
  tokens->push_back(
      {Tokenizer::TYPE_END, end.line, static_cast<int>(end.column), text.size(), text.size(), -1});
  return !errors.found();
}

}  // namespace

// Finds blocks and statements in the tokens.
class Outline::Builder {
 public:
  Builder(Outline* outline, const Report& report) : outline_(*outline), report_(report) {}

  bool Run() {
    const int end = static_cast<int>(outline_.tokens_.size()) - 1;
    Open(-1, -1);
    for (at_ = 0; at_ < end; ++at_) {
      const std::string_view text = outline_.TokenText(at_);
      if (text == "{" || text == "<") {
        if (!OpenHere()) return false;
      } else if (text == "}" || text == ">") {
        if (!CloseHere(text)) return false;
      } else if (const int name_end = NameEnd(); name_end > 0) {
        Begin(name_end);
        for (; at_ < name_end; ++at_) Assign();
        --at_;
      } else {
        if (Current() < 0) Begin(at_);  // nothing that can begin a statement: a mistake
        Assign();
      }
    }
    Assign();  // the end token
    if (stack_.size() > 1) {
      const int open = outline_.blocks_[stack_.back().block].open;
      report_(outline_.tokens_[open].begin,
              absl::StrCat("this '", outline_.TokenText(open), "' is never closed"));
      return false;
    }
    Close(end);
    return true;
  }

 private:
  struct Frame {
    int block;
    int statement = -1;  // the last in the block so far
  };

  int Current() const { return stack_.back().statement; }
  void Assign() { outline_.tokens_[at_].statement = Current(); }

  void Begin(int name_end) {
    if (Current() >= 0) outline_.statements_[Current()].end = at_;
    stack_.back().statement = static_cast<int>(outline_.statements_.size());
    outline_.statements_.push_back({at_, name_end, name_end, stack_.back().block});
    outline_.blocks_[stack_.back().block].statements.push_back(stack_.back().statement);
  }

  void Open(int token, int statement) {
    const int block = static_cast<int>(outline_.blocks_.size());
    outline_.blocks_.push_back({token, -1, statement, {}});
    if (token >= 0) outline_.block_by_open_[token] = block;
    stack_.push_back({block});
  }

  void Close(int token) {
    if (Current() >= 0) outline_.statements_[Current()].end = token;
    outline_.blocks_[stack_.back().block].close = token;
    stack_.pop_back();
  }

  bool OpenHere() {
    if (Current() < 0) Begin(at_);
    Assign();
    if (stack_.size() > kMaxDepth) {
      report_(outline_.tokens_[at_].begin,
              absl::StrCat("blocks are nested more than ", kMaxDepth, " deep"));
      return false;
    }
    Open(at_, Current());
    return true;
  }

  bool CloseHere(std::string_view text) {
    const int open = outline_.blocks_[stack_.back().block].open;
    const std::string_view opened = open < 0 ? "" : outline_.TokenText(open);
    if (opened != (text == "}" ? "{" : "<")) {
      report_(outline_.tokens_[at_].begin,
              opened.empty()
                  ? absl::StrCat("this '", text, "' closes nothing")
                  : absl::StrCat("this '", text, "' does not match the '", opened, "' before it"));
      return false;
    }
    // What misses something before the brace is the last statement inside.
    const int inside = Current();
    Close(at_);
    outline_.tokens_[at_].statement = inside >= 0 ? inside : Current();
    return true;
  }

  std::string_view TextAt(int token) const { return outline_.TokenText(token); }

  // If a statement begins at the current token, the token behind its name; else -1.
  int NameEnd() const {
    const std::string_view before = at_ > 0 ? TextAt(at_ - 1) : "";
    const Tokenizer::TokenType type = outline_.tokens_[at_].type;
    if (before == ":") return -1;
    if (type == Tokenizer::TYPE_IDENTIFIER || type == Tokenizer::TYPE_INTEGER) {
      const std::string_view after = TextAt(at_ + 1);
      // Before a string only the colon has been forgotten.
      const bool begins = after == ":" || after == "{" || after == "<" || after == "[" ||
                          outline_.tokens_[at_ + 1].type == Tokenizer::TYPE_STRING;
      return begins || IsBehindValue() ? at_ + 1 : -1;
    }
    const bool behind_name = Current() >= 0 && outline_.statements_[Current()].name_end == at_;
    if (TextAt(at_) != "[" || behind_name) return -1;
    int token = at_ + 1;
    while (outline_.tokens_[token].type == Tokenizer::TYPE_IDENTIFIER || TextAt(token) == "." ||
           TextAt(token) == "/" || TextAt(token) == "-") {
      ++token;
    }
    return TextAt(token) == "]" ? token + 1 : -1;
  }

  // Whether the current token can only be a name, though nothing of a statement follows: it
  // is the first in its block, or the statement before it has its value.
  bool IsBehindValue() const {
    if (outline_.tokens_[at_].type != Tokenizer::TYPE_IDENTIFIER) return false;
    if (Current() < 0) return true;
    const std::string_view before = TextAt(at_ - 1);
    return before == "}" || before == ">" || before == "]" || before == ";" ||
           outline_.tokens_[at_ - 1].type == Tokenizer::TYPE_STRING ||
           (at_ > 1 && TextAt(at_ - 2) == ":");
  }

  Outline& outline_;
  const Report& report_;
  int at_ = 0;
  std::vector<Frame> stack_;
};

bool Outline::Build(std::string_view text, const Report& report) {
  text_ = text;
  tokens_.clear();
  statements_.clear();
  blocks_.clear();
  block_by_open_.clear();
  return Tokenize(text, report, &tokens_) && Builder(this, report).Run();
}

std::string_view Outline::TokenText(int index) const {
  const Token& token = tokens_[index];
  return text_.substr(token.begin, token.end - token.begin);
}

std::string Outline::StatementName(int index) const {
  std::string name;
  const Statement& statement = statements_[index];
  for (int token = statement.first; token < statement.name_end; ++token) {
    absl::StrAppend(&name, TokenText(token));
  }
  return name;
}

int Outline::TokenFrom(int line, int column) const {
  const auto found = std::lower_bound(
      tokens_.begin(), tokens_.end() - 1, std::make_pair(line, column),
      [](const Token& token, const std::pair<int, int>& place) {
        return std::tie(token.line, token.column) < std::tie(place.first, place.second);
      });
  return static_cast<int>(found - tokens_.begin());
}

int Outline::TokenBefore(int line, int column) const {
  return std::max(0, TokenFrom(line, column) - 1);
}

std::vector<FieldValue> Outline::Values(int block, std::string_view name) const {
  std::vector<FieldValue> values;
  for (const int statement : blocks_[block].statements) {
    if (statements_[statement].removed || StatementName(statement) != name) continue;
    AppendValues(statement, &values);
  }
  return values;
}

absl::flat_hash_map<std::string, std::vector<FieldValue>> Outline::AllValues(int block) const {
  absl::flat_hash_map<std::string, std::vector<FieldValue>> values;
  for (const int statement : blocks_[block].statements) {
    if (!statements_[statement].removed) AppendValues(statement, &values[StatementName(statement)]);
  }
  return values;
}

int Outline::BlockOpenedBy(int token) const {
  const auto found = block_by_open_.find(token);
  return found == block_by_open_.end() ? -1 : found->second;
}

void Outline::AppendValues(int index, std::vector<FieldValue>* values) const {
  const Statement& statement = statements_[index];
  int token = statement.name_end;
  if (token < statement.end && TokenText(token) == ":") ++token;
  if (token >= statement.end) return;
  if (TokenText(token) != "[") {
    values->push_back({index, statement.first, BlockOpenedBy(token)});
    return;
  }
  bool wanted = true;  // an element begins at the next token
  for (++token; token < statement.end; ++token) {
    const std::string_view text = TokenText(token);
    if (text == ",") {
      wanted = true;
      continue;
    }
    if (text == "]") break;
    const int block = BlockOpenedBy(token);
    if (wanted) values->push_back({index, token, block});
    wanted = false;
    if (block >= 0) token = blocks_[block].close;
  }
}

}  // namespace weir::config
