// SPDX-License-Identifier: Apache-2.0
// The structure of a text-format file without its meaning: tokens, blocks in braces, and the
// statements of each block. It locates every value, so that an error points at its own
// position, and a statement with an error can be removed.
#ifndef WEIR_CORE_CONFIG_TEXT_OUTLINE_H_
#define WEIR_CORE_CONFIG_TEXT_OUTLINE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/config/text/expansion.h"
#include "core/config/text/lexer.h"

namespace weir::config {

// `name: value`, `name { ... }`, `[extension.or/any.type] { ... }`, or the rest of one after
// a mistake.
struct Statement {
  int first, name_end, end;  // tokens: [first, name_end) is the name, [first, end) all
  int block;                 // that contains it
  bool removed = false;      // after an error; Values no longer returns it
};

struct Block {
  int open, close;  // tokens of its braces; -1 and the end token for the whole file
  int statement;    // that it is (a part of) the value of; -1 for the whole file
  std::vector<int> statements;
};

// One value of a field: a repeated field may have several, also in one statement.
struct FieldValue {
  int statement;
  int token;  // for errors about the value: the name, or the element of a list
  int block;  // of a message; -1 for a scalar
};

// Built by one thread, then read by any until Remove.
class Outline {
 public:
  static constexpr int kRoot = 0;
  static constexpr int kMaxDepth = 64;

  // Reads `text`, which must outlive this. Returns false, after at least one report, if a
  // token is wrong, or if braces do not match or are nested too deep.
  bool Build(std::string_view text, const MistakeReport& report);

  // As above, of an expanded text.
  bool Build(const ExpandedText& text, const MistakeReport& report);

  std::string_view text() const { return text_; }

  // Returns what the file has for `length` bytes of text() at `begin`: ${VAR}, not its value.
  std::string Written(size_t begin, size_t length) const;

  const std::vector<Token>& tokens() const { return tokens_; }
  const Token& token(int index) const { return tokens_[index]; }
  const Statement& statement(int index) const { return statements_[index]; }
  const Block& block(int index) const { return blocks_[index]; }
  std::string_view TokenText(int index) const;
  std::string StatementName(int index) const;

  // Returns the block that begins with this token, or -1.
  int BlockOpenedBy(int token) const;

  // Returns the values of one field of a block, in the order of the file.
  std::vector<FieldValue> Values(int block, std::string_view name) const;

  // Returns the values of all fields of a block, by name.
  absl::flat_hash_map<std::string, std::vector<FieldValue>> AllValues(int block) const;

  void Remove(int statement) { statements_[statement].removed = true; }

 private:
  class Builder;

  void AppendValues(int statement, std::vector<FieldValue>* values) const;

  std::string_view text_;
  const ExpandedText* expanded_ = nullptr;
  std::vector<Token> tokens_;  // without comments; the last is kEnd
  std::vector<Statement> statements_;
  std::vector<Block> blocks_;
  absl::flat_hash_map<int, int> block_by_open_;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_OUTLINE_H_
