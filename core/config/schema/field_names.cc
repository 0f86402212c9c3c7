// SPDX-License-Identifier: Apache-2.0
#include "core/config/schema/field_names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::config {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

std::string TextName(const FieldDescriptor& field) {
  if (field.is_extension()) return absl::StrCat("[", field.PrintableNameForExtension(), "]");
  if (field.type() == FieldDescriptor::TYPE_GROUP) return field.message_type()->name();
  return field.name();
}

const FieldDescriptor* FindField(const Descriptor& message, const std::string& name) {
  if (absl::StartsWith(name, "[") && absl::EndsWith(name, "]")) {
    return message.file()->pool()->FindExtensionByPrintableName(&message,
                                                                name.substr(1, name.size() - 2));
  }
  const FieldDescriptor* field = message.FindFieldByName(name);
  if (field == nullptr) field = message.FindFieldByLowercaseName(absl::AsciiStrToLower(name));
  return field != nullptr && TextName(*field) == name ? field : nullptr;
}

std::vector<std::string> FieldNames(const Descriptor& message) {
  std::vector<std::string> names;
  for (int i = 0; i < message.field_count(); ++i) names.push_back(TextName(*message.field(i)));
  return names;
}

std::string EnumValueList(const EnumDescriptor& type) {
  constexpr int kMaxListed = 16;
  std::string list;
  for (int i = 0; i < type.value_count(); ++i) {
    if (i == kMaxListed) return absl::StrCat(list, " and ", type.value_count() - i, " more");
    const bool last = i + 1 == type.value_count();
    absl::StrAppend(&list, i == 0 ? "" : last ? " or " : ", ", type.value(i)->name());
  }
  return list;
}

}  // namespace weir::config
