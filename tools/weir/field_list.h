// SPDX-License-Identifier: Apache-2.0
// The table of the record's fields as texts, for `weir fields` and the reference.
// Functions without state: any thread.
#ifndef WEIR_TOOLS_WEIR_FIELD_LIST_H_
#define WEIR_TOOLS_WEIR_FIELD_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "plugins/abi/weir_fields.h"

namespace weir {

// A field, and how it relates to a record.
struct ListedField {
  enum class Kind { kStored, kComputed, kList };

  const weir_field* field;
  Kind kind;
};

// Returns all fields: those of a record, those that a filter computes, and lists.
std::vector<ListedField> AllFields();

// Returns the fields that `name` means, in upper or lower case: a name, a name that means either of
// two fields, or a key of JSON.
std::vector<ListedField> FieldsNamed(std::string_view name);

// Returns all names that FieldsNamed knows, without keys.
std::vector<std::string> FieldNames();

// Returns a table with a line for each field, and the names that mean either of two fields.
std::string FieldTable(const std::vector<ListedField>& fields);

// Returns all that is known of a field, with the names of its values: lines.
std::string FieldDetails(const ListedField& field);

// Returns the fields as a JSON object.
std::string FieldsJson(const std::vector<ListedField>& fields);

// Returns the names that mean either of two fields, with `quote` around each name: "mac is src_mac
// or dst_mac".
std::string EitherNames(std::string_view quote);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_FIELD_LIST_H_
