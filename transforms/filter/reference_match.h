// SPDX-License-Identifier: Apache-2.0
// What an expression means, said once more: by walking the tree and with the record's
// fields by their names. For tests of what is quicker.
#ifndef WEIR_TRANSFORMS_FILTER_REFERENCE_MATCH_H_
#define WEIR_TRANSFORMS_FILTER_REFERENCE_MATCH_H_

#include "core/record/record.h"
#include "transforms/filter/expression.h"

namespace weir::transforms {

bool ReferenceMatches(const Expression& expression, const Record& record);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_REFERENCE_MATCH_H_
