// SPDX-License-Identifier: Apache-2.0
// A text-format file with its comments, as a tree: the source of FormatText.
#ifndef WEIR_CORE_CONFIG_TEXT_SYNTAX_TREE_H_
#define WEIR_CORE_CONFIG_TEXT_SYNTAX_TREE_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/config/text/lexer.h"

namespace weir::config {

struct SyntaxNode;

// A scalar, a block in braces or a list in brackets.
struct SyntaxValue {
  enum class Kind { kScalar, kBlock, kList };

  Kind kind = Kind::kScalar;
  std::vector<SyntaxNode> nodes;  // parts of a scalar, fields of a block, elements of a list
  std::string_view open_comment;  // behind the opening brace, on its line
  bool one_line = true;           // it is on one line, without comments
};

// A field, an element of a list, a part of a scalar, or a comment on a line of its own.
struct SyntaxNode {
  bool is_comment = false;
  bool blank_before = false;          // an empty line is before it
  std::string text;                   // of the comment or part; the name of a field
  SyntaxValue value;                  // of a field or element
  std::string_view trailing_comment;  // behind it, on its line
};

// Parses `text` into the root block. Returns false after at least one report. The nesting of
// blocks must have been checked (Outline::Build). Comments inside of a field, but not of its
// value, move in front of the field.
bool ParseSyntax(std::string_view text, const std::vector<Token>& tokens,
                 const MistakeReport& report, SyntaxValue* root);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_SYNTAX_TREE_H_
