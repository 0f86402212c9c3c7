// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/field_list.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/record/fields/field_value.h"
#include "core/record/fields/record_fields.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "plugins/abi/weir_plugin.h"
#include "tools/weir/field_facts.h"

namespace weir {
namespace {

using Kind = ListedField::Kind;

std::string_view OrEmpty(const char* text) { return text == nullptr ? "" : text; }

// ---- Lines for people ------------------------------------------------------

constexpr size_t kColumns = 7;
using Cells = std::array<std::string, kColumns>;

Cells CellsOf(const ListedField& listed) {
  const weir_field& field = *listed.field;
  return {field.name,
          TypeWord(listed),
          std::string(OrEmpty(field.unit)),
          std::string(OrEmpty(field.json_key)),
          ProtobufNumber(field),
          IpfixElements(field),
          field.help};
}

// Pads all cells but the last to the width of their column.
std::string Aligned(const std::vector<Cells>& lines) {
  std::array<size_t, kColumns> widths{};
  for (const Cells& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Cells& line : lines) {
    for (size_t i = 0; i + 1 < line.size(); ++i) {
      absl::StrAppend(&text, line[i], std::string(widths[i] - line[i].size() + 2, ' '));
    }
    absl::StrAppend(&text, line.back(), "\n");
  }
  return text;
}

std::string_view When(const ListedField& listed) {
  if (listed.kind == Kind::kComputed) return "only in filters, which compute it";
  if (listed.kind == Kind::kList) return "if the batch has the block of interfaces";
  return listed.field->present == 0 ? "in every record" : "if it was measured";
}

std::string Line(std::string_view what, std::string_view value) {
  if (value.empty()) return "";
  return absl::StrCat("  ", what, std::string(10 - what.size(), ' '), value, "\n");
}

// "idle_timeout 1, active_timeout 2".
std::string ValueNames(const weir_field& field) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < field.value_name_count; ++i) {
    names.push_back(absl::StrCat(field.value_names[i].name, " ", field.value_names[i].value));
  }
  return absl::StrJoin(names, ", ");
}

// ---- JSON ------------------------------------------------------------------

std::string Text(std::string_view text) {
  std::string json(MaxJsonStringBytes(text.size()) + kScratchBytes, '\0');
  json.resize(static_cast<size_t>(WriteJsonString(text, json.data()) - json.data()));
  return json;
}

// Appends a member unless its value is empty.
void AppendText(std::string_view key, std::string_view value, std::string* json) {
  if (!value.empty()) absl::StrAppend(json, ", \"", key, "\": ", Text(value));
}

std::string FieldJson(const ListedField& listed) {
  const weir_field& field = *listed.field;
  std::string json = absl::StrCat("{\"name\": ", Text(field.name));
  AppendText("either", OrEmpty(field.either), &json);
  AppendText("type", TypeWord(listed), &json);
  AppendText("unit", OrEmpty(field.unit), &json);
  AppendText("display", DisplayWord(field), &json);
  if (field.type == WEIR_FIELD_UNSIGNED) absl::StrAppend(&json, ", \"max\": ", MaxOf(field));
  AppendText("meaning", field.help, &json);
  AppendText("when", When(listed), &json);
  AppendText("json", OrEmpty(field.json_key), &json);
  AppendText("csv", OrEmpty(field.csv_column), &json);
  AppendText("protobuf", ProtobufNumber(field), &json);
  if (field.ipfix_element != 0) {
    absl::StrAppend(&json, ", \"ipfix\": [", IpfixElements(field), "]");
  }
  if (listed.kind == Kind::kStored) AppendText("merge", MergeWord(field), &json);
  std::vector<std::string> values;
  for (uint32_t i = 0; i < field.value_name_count; ++i) {
    values.push_back(
        absl::StrCat(Text(field.value_names[i].name), ": ", field.value_names[i].value));
  }
  if (!values.empty()) absl::StrAppend(&json, ", \"values\": {", absl::StrJoin(values, ", "), "}");
  return json + "}";
}

}  // namespace

std::vector<ListedField> AllFields() {
  std::vector<ListedField> fields;
  for (const weir_field& field : kRecordFields) fields.push_back({&field, Kind::kStored});
  for (const weir_field& field : kComputedFields) fields.push_back({&field, Kind::kComputed});
  for (const weir_field& field : kListFields) fields.push_back({&field, Kind::kList});
  return fields;
}

std::vector<ListedField> FieldsNamed(std::string_view name) {
  const auto is_name = [name](const char* known) {
    return known != nullptr && absl::EqualsIgnoreCase(known, name);
  };
  std::vector<ListedField> named;
  for (const ListedField& listed : AllFields()) {
    const weir_field& field = *listed.field;
    if (is_name(field.name) || is_name(field.either) || is_name(field.json_key)) {
      named.push_back(listed);
    }
  }
  return named;
}

std::vector<std::string> FieldNames() {
  std::vector<std::string> names;
  for (const ListedField& listed : AllFields()) {
    const std::string either(OrEmpty(listed.field->either));
    if (!either.empty() && std::find(names.begin(), names.end(), either) == names.end()) {
      names.push_back(either);
    }
    names.emplace_back(listed.field->name);
  }
  return names;
}

std::string EitherNames(std::string_view quote) {
  std::vector<std::string> pairs;
  const weir_field* first = nullptr;
  for (const weir_field& field : kRecordFields) {
    if (field.either == nullptr) continue;
    if (first == nullptr) {
      first = &field;
      continue;
    }
    pairs.push_back(absl::StrCat(quote, field.either, quote, " is ", quote, first->name, quote,
                                 " or ", quote, field.name, quote));
    first = nullptr;
  }
  return absl::StrJoin(pairs, ", ");
}

std::string FieldTable(const std::vector<ListedField>& fields) {
  std::vector<Cells> lines = {
      {"NAME", "TYPE", "UNIT", "JSON, CSV", "PROTOBUF", "IPFIX", "MEANING"}};
  for (const ListedField& field : fields) lines.push_back(CellsOf(field));
  return absl::StrCat(Aligned(lines), "\nIn a filter, ", EitherNames(""), ".\n");
}

std::string FieldDetails(const ListedField& listed) {
  const weir_field& field = *listed.field;
  const std::string display = DisplayWord(field);
  return absl::StrCat(
      field.name, ": ", field.help, "\n",
      Line("type", absl::StrCat(TypeWord(listed), display.empty() ? "" : ", shown as ", display)),
      Line("unit", OrEmpty(field.unit)), Line("max", field.max == 0 ? "" : absl::StrCat(field.max)),
      Line("present", When(listed)), Line("JSON", OrEmpty(field.json_key)),
      Line("CSV", OrEmpty(field.csv_column)), Line("protobuf", ProtobufNumber(field)),
      Line("IPFIX", IpfixElements(field)),
      listed.kind == Kind::kStored ? Line("merged", MergeSentence(field)) : "",
      Line("either", OrEmpty(field.either)), Line("values", ValueNames(field)));
}

std::string FieldsJson(const std::vector<ListedField>& fields) {
  std::vector<std::string> objects;
  for (const ListedField& field : fields) objects.push_back(FieldJson(field));
  return absl::StrCat("{\"record_version\": ", WEIR_RECORD_VERSION, ", \"fields\": [\n  ",
                      absl::StrJoin(objects, ",\n  "), "\n]}\n");
}

}  // namespace weir
