// SPDX-License-Identifier: Apache-2.0
// A filter's expression, from its text to a tree and back. The grammar:
//
//   expression = conjunction { ( "or" | "||" ) conjunction }
//   conjunction = term { ( "and" | "&&" ) term }
//   term       = ( "not" | "!" ) term | "(" expression ")" | test
//   test       = FIELD ( "==" | "=" | "!=" | "<>" | "in" | "not" "in" ) values
//              | FIELD ( "<" | "<=" | ">" | ">=" ) VALUE
//              | FIELD ( "any" | "all" ) values
//   values     = VALUE | "(" VALUE { "," VALUE } ")"
//
// FIELD is a name of field.h. A VALUE is a word of any characters but spaces, quotes and
// "()=<>!&|,#", or anything within ' or ": a number, a name of one, a range "a-b", an
// address or a prefix of addresses, a pattern with * and ?. "#" begins a comment, which
// ends with its line. Case does not matter but in names of interfaces.
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

// What an expression may have at most. Once it is parsed, one within these takes a few
// megabytes at most.
inline constexpr size_t kMaxExpressionBytes = 65536;
inline constexpr size_t kMaxExpressionDepth = 64;  // "(" and "not" within each other
inline constexpr size_t kMaxExpressionTests = 1024;

enum class Operator : uint8_t {
  kIn,     // the field is one of the values; also "==", "<" and their like
  kNotIn,  // it was measured, and is none of them
  kAny,    // it has one of the bits
  kAll,    // it has all of the bits
};

struct Test {
  const Field* field = nullptr;
  Operator op = Operator::kIn;
  Values values;
};

// A value; its depth and size are bounded as above.
struct Expression {
  enum class Kind : uint8_t { kTest, kAnd, kOr, kNot };

  Kind kind = Kind::kTest;
  Test test;                         // kTest
  std::vector<Expression> children;  // kAnd, kOr: two or more, none of the same kind; kNot: one
};

// Any text, of any bytes. INVALID_ARGUMENT says where it is wrong and shows the place:
//   column 13: expected a port, found 'abc'
//     dst_port == abc
//                 ^
// with "line 2, column 13: " if there are several lines. Columns count characters.
sdk::Result<Expression> ParseExpression(std::string_view text);

// The expression as text again, in one way for all that mean the same value by value;
// parsing it gives the same expression.
std::string ExpressionText(const Expression& expression);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_EXPRESSION_H_
