// SPDX-License-Identifier: Apache-2.0
// Parses a filter expression to a tree, and converts a tree to text. The grammar:
//
//   expression = conjunction { ( "or" | "||" ) conjunction }
//   conjunction = term { ( "and" | "&&" ) term }
//   term       = ( "not" | "!" ) term | "(" expression ")" | test
//   test       = FIELD ( "==" | "=" | "!=" | "<>" | "in" | "not" "in" ) values
//              | FIELD ( "<" | "<=" | ">" | ">=" ) VALUE
//              | FIELD ( "any" | "all" ) values
//   values     = VALUE | "(" VALUE { "," VALUE } ")"
//
// FIELD is a name in field.cc. A VALUE is a word without spaces, quotes and "()=<>!&|,#", or any
// text within ' or ". It is a number, the name of a number, a range "a-b", an address, a prefix, or
// a pattern with * and ?. "#" begins a comment, which ends with its line. Upper and lower case are
// the same, except in interface names.
#ifndef WEIR_TRANSFORMS_FILTER_EXPRESSION_H_
#define WEIR_TRANSFORMS_FILTER_EXPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdk/status.h"
#include "transforms/filter/field.h"
#include "transforms/filter/values.h"

namespace weir::transforms {

// The limits of an expression. An expression within them takes a few megabytes after parsing.
inline constexpr size_t kMaxExpressionBytes = 65536;
inline constexpr size_t kMaxExpressionDepth = 64;  // nested "(" and "not"
inline constexpr size_t kMaxExpressionTests = 1024;

enum class Operator : uint8_t {
  kIn,     // the field is one of the values; also "==", "<" and so on
  kNotIn,  // the field was measured and is none of the values
  kAny,    // the field has one of the bits
  kAll,    // the field has all of the bits
};

struct Test {
  const Field* field = nullptr;
  Operator op = Operator::kIn;
  Values values;
};

// A value type; its depth and size are within the limits above.
struct Expression {
  enum class Kind : uint8_t { kTest, kAnd, kOr, kNot };

  Kind kind = Kind::kTest;
  Test test;                         // kTest
  std::vector<Expression> children;  // kAnd, kOr: at least two, none of the same kind; kNot: one
};

// Parses any bytes. INVALID_ARGUMENT contains the position of the error and shows it:
//   column 13: expected a port, found 'abc'
//     dst_port == abc
//                 ^
// If there are several lines, it begins with "line 2, column 13: ". Columns count characters.
sdk::Result<Expression> ParseExpression(std::string_view text);

// Returns the expression as text. Expressions with the same tests give the same text, and parsing
// the text gives the same expression.
std::string ExpressionText(const Expression& expression);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_EXPRESSION_H_
