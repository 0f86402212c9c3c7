// SPDX-License-Identifier: Apache-2.0
// The shape of a text-format file without its meaning: tokens, blocks in braces, and
// the statements in each block. It tells where things are, so that an error can be
// reported at its own place and the statement that has it be set aside.
#ifndef WEIR_CORE_CONFIG_OUTLINE_H_
#define WEIR_CORE_CONFIG_OUTLINE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/io/tokenizer.h"

namespace weir::config {

struct Token {
  google::protobuf::io::Tokenizer::TokenType type;
  int line, column;   // as protobuf counts: from 0, a tab goes to the next multiple of 8
  size_t begin, end;  // bytes of the text
  int statement;      // the innermost that it belongs to; -1 if none
};

// `name: value`, `name { ... }`, `[extension.or/any.type] { ... }`, or what is left of
// one by a mistake.
struct Statement {
  int first, name_end, end;  // tokens: [first, name_end) is the name, [first, end) all
  int block;                 // that it stands in
  bool removed = false;      // not to be found any more, after an error
};

struct Block {
  int open, close;  // tokens of its braces; -1 and the end token for the whole file
  int statement;    // that it is (part of) the value of; -1 for the whole file
  std::vector<int> statements;
};

// One value of a field: a repeated one may have several, also in one statement.
struct FieldValue {
  int statement;
  int token;  // where to point: the name, or the element of a list
  int block;  // of a message; -1 for a scalar
};

class Outline {
 public:
  static constexpr int kRoot = 0;
  static constexpr int kMaxDepth = 64;

  using Report = std::function<void(size_t offset, std::string sentence)>;

  // Reads `text`, which must outlive this. False, after at least one report, if it
  // cannot be cut into tokens or its braces do not match or are nested too deep.
  bool Build(std::string_view text, const Report& report);

  std::string_view text() const { return text_; }
  const Token& token(int index) const { return tokens_[index]; }
  const Statement& statement(int index) const { return statements_[index]; }
  const Block& block(int index) const { return blocks_[index]; }
  std::string_view TokenText(int index) const;
  std::string StatementName(int index) const;
  size_t StatementOffset(int index) const { return tokens_[statements_[index].first].begin; }

  // Of protobuf's line and column: the first token that does not begin before it, and
  // the last that does.
  int TokenFrom(int line, int column) const;
  int TokenBefore(int line, int column) const;

  // The values of one field of a block, in the order of the file.
  std::vector<FieldValue> Values(int block, std::string_view name) const;

  // Those of all its fields, by name.
  absl::flat_hash_map<std::string, std::vector<FieldValue>> AllValues(int block) const;

  void Remove(int statement) { statements_[statement].removed = true; }

 private:
  class Builder;

  void AppendValues(int statement, std::vector<FieldValue>* values) const;
  int BlockOpenedBy(int token) const;

  std::string_view text_;
  std::vector<Token> tokens_;  // the last is TYPE_END
  std::vector<Statement> statements_;
  std::vector<Block> blocks_;
  absl::flat_hash_map<int, int> block_by_open_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_OUTLINE_H_
