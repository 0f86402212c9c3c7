// SPDX-License-Identifier: Apache-2.0
// Evaluates an expression in the simplest way: walks the tree and reads each field by its name. For
// tests of the compiled program.
#ifndef WEIR_TRANSFORMS_FILTER_REFERENCE_MATCH_H_
#define WEIR_TRANSFORMS_FILTER_REFERENCE_MATCH_H_

#include "core/record/record.h"
#include "transforms/filter/expression.h"

namespace weir::transforms {

bool ReferenceMatches(const Expression& expression, const Record& record);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_REFERENCE_MATCH_H_
