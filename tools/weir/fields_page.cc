// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/fields_page.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/record/fields/record_fields.h"
#include "tools/weir/field_facts.h"
#include "tools/weir/field_list.h"
#include "tools/weir/markdown.h"

namespace weir {
namespace {

using Kind = ListedField::Kind;

std::string_view OrEmpty(const char* text) { return text == nullptr ? "" : text; }

std::string Code(std::string_view text) { return text.empty() ? "" : absl::StrCat("`", text, "`"); }

std::string PageTable(Kind kind) {
  std::string text =
      "| name | type | unit | JSON, CSV | protobuf | IPFIX | merge | meaning |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const ListedField& listed : AllFields()) {
    const weir_field& field = *listed.field;
    if (listed.kind != kind) continue;
    absl::StrAppend(&text, "| ", Code(field.name), " | ", TypeWord(listed), " | ",
                    OrEmpty(field.unit), " | ", Code(OrEmpty(field.json_key)), " | ",
                    ProtobufNumber(field), " | ", IpfixElements(field), " | ",
                    kind == Kind::kStored ? Code(MergeWord(field)) : "");
    absl::StrAppend(&text, " | ", MarkdownCell(field.help),
                    field.present == 0 ? "" : " If measured.", " |\n");
  }
  return text;
}

std::string PageValueNames() {
  std::string text = "| field | names and values |\n|---|---|\n";
  for (const weir_field& field : kRecordFields) {
    if (field.value_name_count == 0) continue;
    std::vector<std::string> names;
    for (uint32_t i = 0; i < field.value_name_count; ++i) {
      names.push_back(
          absl::StrCat(Code(field.value_names[i].name), " ", field.value_names[i].value));
    }
    absl::StrAppend(&text, "| ", Code(field.name), " | ", absl::StrJoin(names, ", "), " |\n");
  }
  return text;
}

}  // namespace

std::string FieldsPage() {
  return absl::StrCat(
      "# Record fields\n\n"
      "The fields of a record in all formats. `weir fields` prints the same table.\n"
      "[Records](records.md) explains the fields. Filters have all fields except times and "
      "lists.\n\n"
      "- JSON and CSV contain the numbers of values. Filters take their names too.\n"
      "- protobuf: the number in `Record` of [pbflow.proto](../../core/record/pbflow.proto). 5.1 "
      "is\n"
      "  field 1 in field 5.\n"
      "- IPFIX: the element of IANA's registry with this meaning. The second is that of IPv6 "
      "flows.\n"
      "  weir does not write IPFIX.\n"
      "- merge: what becomes of the field when two records of one flow become one. `key`: records\n"
      "  with another value belong to another flow. `first` and `last`: the value of that record.\n"
      "- If measured: the field is absent if nothing measured it.\n\n",
      PageTable(Kind::kStored), "\nIn a filter, ", EitherNames("`"), ".\n\n## Only in filters\n\n",
      PageTable(Kind::kComputed),
      "\n## Lists\n\nA value for each interface that saw the flow. That of the record's own\n"
      "interface is the first.\n\n",
      PageTable(Kind::kList), "\n## Names of values\n\n", PageValueNames());
}

}  // namespace weir
