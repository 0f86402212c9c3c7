// SPDX-License-Identifier: Apache-2.0
// Checks descriptions of blocks against the limits of weir_fields.h. Made for untrusted
// descriptions: pointers are NULL or valid, all else may be anything.
#ifndef WEIR_CORE_RECORD_FIELDS_CHECK_BLOCK_H_
#define WEIR_CORE_RECORD_FIELDS_CHECK_BLOCK_H_

#include "absl/status/status.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

// Checks a block of a plugin. INVALID_ARGUMENT names the block, the field and the limit. The names,
// keys and columns of the block must also differ from those of the record.
absl::Status CheckBlock(const weir_block_spec* block);

// Checks the layout and the fields, but not the name of the block; a field may have the merge rule
// KEY. For CheckBlock, and for the table of the record.
absl::Status CheckFields(const weir_block_spec& block);

// Returns ALREADY_EXISTS if a field of `block` has a name, a key or a column of `other`. Both have
// passed CheckBlock.
absl::Status CheckNoConflict(const weir_block_spec& block, const weir_block_spec& other);

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_CHECK_BLOCK_H_
