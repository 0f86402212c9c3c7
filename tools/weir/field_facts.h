// SPDX-License-Identifier: Apache-2.0
// Single facts about a field, as words.
#ifndef WEIR_TOOLS_WEIR_FIELD_FACTS_H_
#define WEIR_TOOLS_WEIR_FIELD_FACTS_H_

#include <string>

#include "tools/weir/field_list.h"

namespace weir {

// "uint16", "text", "list of text".
std::string TypeWord(const ListedField& listed);
// "names", "flags" and so on; empty for plain numbers.
std::string DisplayWord(const weir_field& field);
// "sum", "key".
std::string MergeWord(const weir_field& field);
// What the merge rule does: "the sum of both records".
std::string MergeSentence(const weir_field& field);
// "5.1": field 1 of field 5. Empty if there is none.
std::string ProtobufNumber(const weir_field& field);
// "8, 27": the second for IPv6 flows. Empty if there is none.
std::string IpfixElements(const weir_field& field);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_FIELD_FACTS_H_
