// SPDX-License-Identifier: Apache-2.0
// Checks the description of one field against the limits of weir_fields.h.
#ifndef WEIR_CORE_RECORD_FIELDS_CHECK_FIELD_H_
#define WEIR_CORE_RECORD_FIELDS_CHECK_FIELD_H_

#include <string>

#include "plugins/abi/weir_fields.h"

namespace weir {

// Each function returns what is wrong, or an empty text.

// `text` may be NULL. Words have lower-case letters, digits and '_', a letter first.
std::string CheckWord(const char* text);

// Checks `field` by itself and within `block`, whose size and present_offset have been checked.
// The name of the field has been checked too.
std::string CheckField(const weir_field& field, const weir_block_spec& block);

// Checks `field.name`.
std::string CheckFieldName(const weir_field& field);

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_CHECK_FIELD_H_
