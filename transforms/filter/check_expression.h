// SPDX-License-Identifier: Apache-2.0
// What must be true of any text that is given as an expression. For the test and for the
// fuzzer.
#ifndef WEIR_TRANSFORMS_FILTER_CHECK_EXPRESSION_H_
#define WEIR_TRANSFORMS_FILTER_CHECK_EXPRESSION_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::transforms {

// It is refused with a message that shows the place. Or it is taken; then its own text
// means the same, and the program decides on some records, which are made for it, as the
// reference does. Empty: so it is; else what is wrong. Counts the records that passed and
// those that did not.
struct Decisions {
  size_t passed = 0;
  size_t failed = 0;
};
std::string CheckExpression(std::string_view text, Decisions* decisions);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_CHECK_EXPRESSION_H_
