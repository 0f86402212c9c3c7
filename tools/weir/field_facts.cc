// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/field_facts.h"

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

std::string PlainTypeWord(const weir_field& field) {
  switch (field.type) {
    case WEIR_FIELD_UNSIGNED:
      return absl::StrCat("uint", 8 * field.size);
    case WEIR_FIELD_SIGNED:
      return absl::StrCat("int", 8 * field.size);
    case WEIR_FIELD_BOOL:
      return "bool";
    case WEIR_FIELD_IP:
      return "ip";
    case WEIR_FIELD_MAC:
      return "mac";
    case WEIR_FIELD_FIXED_TEXT:
    case WEIR_FIELD_TEXT:
      return "text";
    case WEIR_FIELD_WALL_TIME:
      return "wall time";
    case WEIR_FIELD_MONO_TIME:
      return "mono time";
    case WEIR_FIELD_DURATION:
      return "duration";
    default:
      return "unknown";
  }
}

}  // namespace

std::string TypeWord(const ListedField& listed) {
  return absl::StrCat(listed.kind == ListedField::Kind::kList ? "list of " : "",
                      PlainTypeWord(*listed.field));
}

std::string DisplayWord(const weir_field& field) {
  switch (field.display) {
    case WEIR_DISPLAY_COUNT:
      return "count";
    case WEIR_DISPLAY_BYTES:
      return "bytes";
    case WEIR_DISPLAY_HEX:
      return "hexadecimal";
    case WEIR_DISPLAY_NAMES:
      return "names";
    case WEIR_DISPLAY_FLAGS:
      return "flags";
    default:
      return "";
  }
}

std::string MergeWord(const weir_field& field) {
  switch (field.merge) {
    case WEIR_MERGE_KEY:
      return "key";
    case WEIR_MERGE_SUM:
      return "sum";
    case WEIR_MERGE_MIN:
      return "min";
    case WEIR_MERGE_MAX:
      return "max";
    case WEIR_MERGE_OR:
      return "or";
    case WEIR_MERGE_FIRST:
      return "first";
    case WEIR_MERGE_LAST:
      return "last";
    default:
      return "unknown";
  }
}

std::string MergeSentence(const weir_field& field) {
  switch (field.merge) {
    case WEIR_MERGE_KEY:
      return "part of the key: another value is another flow";
    case WEIR_MERGE_SUM:
      return "the sum of both records";
    case WEIR_MERGE_MIN:
      return "the lesser value of both records";
    case WEIR_MERGE_MAX:
      return "the greater value of both records";
    case WEIR_MERGE_OR:
      return "the union of both records";
    case WEIR_MERGE_FIRST:
      return "the value of the first record";
    case WEIR_MERGE_LAST:
      return "the value of the last record";
    default:
      return "unknown";
  }
}

std::string ProtobufNumber(const weir_field& field) {
  if (field.protobuf_number == 0) return "";
  return field.protobuf_message == 0
             ? absl::StrCat(field.protobuf_number)
             : absl::StrCat(field.protobuf_message, ".", field.protobuf_number);
}

std::string IpfixElements(const weir_field& field) {
  if (field.ipfix_element == 0) return "";
  return field.ipfix_element_v6 == 0
             ? absl::StrCat(field.ipfix_element)
             : absl::StrCat(field.ipfix_element, ", ", field.ipfix_element_v6);
}

}  // namespace weir
