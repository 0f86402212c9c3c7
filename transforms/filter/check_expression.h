// SPDX-License-Identifier: Apache-2.0
// Checks that any text given as an expression is handled correctly. For tests and fuzzers.
#ifndef WEIR_TRANSFORMS_FILTER_CHECK_EXPRESSION_H_
#define WEIR_TRANSFORMS_FILTER_CHECK_EXPRESSION_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::transforms {

// The expression must either be refused with a message that shows the position, or be accepted. If
// it is accepted, its own text must have the same meaning, and the program must match the same
// generated records as the reference. Returns an empty string, or what is wrong. Counts the records
// that matched and those that did not.
struct Decisions {
  size_t passed = 0;
  size_t failed = 0;
};
std::string CheckExpression(std::string_view text, Decisions* decisions);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_CHECK_EXPRESSION_H_
