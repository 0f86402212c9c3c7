// SPDX-License-Identifier: Apache-2.0
// The page of the reference about the fields of a record, from the table of fields.
#ifndef WEIR_TOOLS_WEIR_FIELDS_PAGE_H_
#define WEIR_TOOLS_WEIR_FIELDS_PAGE_H_

#include <string>

namespace weir {

// Returns the page without the mark of generated pages.
std::string FieldsPage();

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_FIELDS_PAGE_H_
