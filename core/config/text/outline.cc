// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/outline.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::config {

// Finds blocks and statements in the tokens.
class Outline::Builder {
 public:
  Builder(Outline* outline, const MistakeReport& report) : outline_(*outline), report_(report) {}

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
        if (Current() < 0) Begin(at_);  // a mistake: the token cannot begin a statement
        Assign();
      }
    }
    Assign();  // the end token
    if (stack_.size() > 1) {
      ReportUnclosed();
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

  // Points at the outermost open brace: a stage that contains another stage lacks a '}'.
  void ReportUnclosed() {
    const Block& block = outline_.blocks_[stack_[1].block];
    std::string sentence =
        absl::StrCat("this '", outline_.TokenText(block.open), "' is never closed");
    for (const int statement : block.statements) {
      const std::string name = outline_.StatementName(statement);
      if (name != "source" && name != "transform" && name != "sink") continue;
      absl::StrAppend(&sentence, "; a '}' is missing before the next '", name, "'");
      break;
    }
    report_(outline_.tokens_[block.open].begin, sentence);
  }

  // Points at the last name without a value: its '{' is missing. Else points at the brace.
  void ReportUnopened(std::string_view text) {
    if (Current() >= 0) outline_.statements_[Current()].end = at_;
    const auto name = std::find_if(outline_.statements_.rbegin(), outline_.statements_.rend(),
                                   [this](const Statement& one) { return LacksValue(one); });
    if (name == outline_.statements_.rend()) {
      report_(outline_.tokens_[at_].begin, absl::StrCat("this '", text, "' closes nothing"));
      return;
    }
    report_(outline_.tokens_[name->first].begin,
            absl::StrCat("expected '{' after '", TextAt(name->first), "', found '",
                         TextAt(name->name_end), "'"));
  }

  // True for `name` and `name: other_name:`.
  bool LacksValue(const Statement& statement) const {
    const int token = statement.name_end;
    if (token == statement.first) return false;
    if (token == statement.end) return true;
    if (token + 2 >= statement.end || TextAt(token) != ":") return false;
    return outline_.tokens_[token + 1].kind == TokenKind::kWord && TextAt(token + 2) == ":";
  }

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
      if (opened.empty()) {
        ReportUnopened(text);
      } else {
        report_(outline_.tokens_[at_].begin,
                absl::StrCat("this '", text, "' does not match the '", opened, "' before it"));
      }
      return false;
    }
    // If something is missing before the brace, it is missing in the last statement inside.
    const int inside = Current();
    Close(at_);
    outline_.tokens_[at_].statement = inside >= 0 ? inside : Current();
    return true;
  }

  std::string_view TextAt(int token) const { return outline_.TokenText(token); }

  // Returns the token behind the name if a statement begins at the current token, else -1.
  int NameEnd() const {
    const std::string_view before = at_ > 0 ? TextAt(at_ - 1) : "";
    const TokenKind kind = outline_.tokens_[at_].kind;
    if (before == ":") return -1;
    if (kind == TokenKind::kString && TextAt(at_ + 1) == ":") return at_ + 1;  // a mistake
    if (kind == TokenKind::kWord || kind == TokenKind::kNumber) {
      if (IsInsideBareText()) return -1;
      if (const int end = HyphenatedEnd(); end > 0) return end;
      const std::string_view after = TextAt(at_ + 1);
      // Before a string, only the colon is missing.
      const bool begins = after == ":" || after == "{" || after == "<" || after == "[" ||
                          outline_.tokens_[at_ + 1].kind == TokenKind::kString;
      return begins || IsBehindValue() ? at_ + 1 : -1;
    }
    const bool behind_name = Current() >= 0 && outline_.statements_[Current()].name_end == at_;
    if (TextAt(at_) != "[" || behind_name) return -1;
    int token = at_ + 1;
    bool behind_word = false;
    while (true) {
      const bool word = outline_.tokens_[token].kind == TokenKind::kWord;
      const std::string_view text = TextAt(token);
      if (!word && text != "." && text != "/" && text != "-") break;
      if (word && behind_word) return -1;
      behind_word = word;
      ++token;
    }
    return TextAt(token) == "]" ? token + 1 : -1;
  }

  // Returns the token behind a name as in `ca-file: "a"`, a mistake, or -1.
  int HyphenatedEnd() const {
    int token = at_;
    while (IsGlued(token + 1) && TextAt(token + 1) == "-" && IsGlued(token + 2) &&
           outline_.tokens_[token + 2].kind == TokenKind::kWord) {
      token += 2;
    }
    const std::string_view after = TextAt(token + 1);
    return token > at_ && (after == ":" || after == "{" || after == "<") ? token + 1 : -1;
  }

  // True at the `example` of `collector.example:9999` and at the `tmp` of `/tmp/a`: a text that
  // lacks its quotes.
  bool IsInsideBareText() const {
    return at_ > 0 && IsGlued(at_) && outline_.tokens_[at_ - 1].kind == TokenKind::kSymbol &&
           absl::StrContains("./+-$@%~!*^|&?=\\", TextAt(at_ - 1));
  }

  // True if nothing separates the token from the one before it.
  bool IsGlued(int token) const {
    return token < static_cast<int>(outline_.tokens_.size()) &&
           outline_.tokens_[token].begin == outline_.tokens_[token - 1].end;
  }

  // True if the current token can only be a name, although no statement follows: it is the
  // first in its block, or the statement before it has its value.
  bool IsBehindValue() const {
    if (outline_.tokens_[at_].kind != TokenKind::kWord) return false;
    if (Current() < 0) return true;
    const std::string_view before = TextAt(at_ - 1);
    return before == "}" || before == ">" || before == "]" || before == ";" ||
           outline_.tokens_[at_ - 1].kind == TokenKind::kString || IsBehindScalar(before);
  }

  // True behind `: value` and `: -value`.
  bool IsBehindScalar(std::string_view before) const {
    if (at_ < 3 || before == "-") return false;
    const bool negative = TextAt(at_ - 2) == "-";
    return TextAt(at_ - (negative ? 3 : 2)) == ":";
  }

  Outline& outline_;
  const MistakeReport& report_;
  int at_ = 0;
  std::vector<Frame> stack_;
};

bool Outline::Build(std::string_view text, const MistakeReport& report) {
  text_ = text;
  statements_.clear();
  blocks_.clear();
  block_by_open_.clear();
  bool valid = true;
  tokens_ = Lex(text, [&](size_t offset, std::string sentence) {
    valid = false;
    report(offset, std::move(sentence));
  });
  const auto is_comment = [](const Token& token) { return token.kind == TokenKind::kComment; };
  tokens_.erase(std::remove_if(tokens_.begin(), tokens_.end(), is_comment), tokens_.end());
  return valid && Builder(this, report).Run();
}

bool Outline::Build(const ExpandedText& text, const MistakeReport& report) {
  expanded_ = &text;
  return Build(text.text(), report);
}

std::string Outline::Written(size_t begin, size_t length) const {
  return expanded_ == nullptr ? std::string(text_.substr(begin, length))
                              : expanded_->Original(begin, length);
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
