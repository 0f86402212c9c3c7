// SPDX-License-Identifier: Apache-2.0
// `weir fields`: the fields of a record.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/suggestion/suggestion.h"
#include "gflags/gflags.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/field_list.h"
#include "tools/weir/program.h"

DEFINE_bool(json, false, "print JSON");

namespace weir {
namespace {

int NoSuchField(const std::string& name) {
  const std::vector<std::string> names = FieldNames();
  const std::string suggestion = DidYouMean(name, names);
  return BadUsage(absl::StrCat(
      "there is no field '", name, "'",
      suggestion.empty() ? absl::StrCat("; there are ", absl::StrJoin(names, ", ")) : suggestion));
}

}  // namespace

int FieldsCommand(const Arguments& arguments) {
  const std::vector<ListedField> fields =
      arguments.empty() ? AllFields() : FieldsNamed(arguments[0]);
  if (fields.empty()) return NoSuchField(arguments[0]);
  std::string text;
  if (FLAGS_json) {
    text = FieldsJson(fields);
  } else if (arguments.empty()) {
    text = FieldTable(fields);
  } else {
    for (const ListedField& field : fields) {
      absl::StrAppend(&text, text.empty() ? "" : "\n", FieldDetails(field));
    }
  }
  std::fputs(text.c_str(), stdout);
  return kExitClean;
}

}  // namespace weir
