// SPDX-License-Identifier: Apache-2.0
#include "core/config/describe/description.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/config/describe/config_example.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace weir::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

// The comment before the element in the .proto, else the one behind it on the same line.
template <typename Element>
std::string CommentOf(const Element& element) {
  google::protobuf::SourceLocation location;
  if (!element.GetSourceLocation(&location)) return "";
  return location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
}

std::string ScalarType(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return field.message_type()->full_name();
    case FieldDescriptor::TYPE_ENUM:
      return field.enum_type()->name();
    default:
      return field.type_name();
  }
}

std::string TypeText(const FieldDescriptor& field) {
  if (field.is_map()) {
    return absl::StrCat("map from ", ScalarType(*field.message_type()->map_key()), " to ",
                        ScalarType(*field.message_type()->map_value()));
  }
  return absl::StrCat(field.is_repeated() ? "repeated " : "", ScalarType(field));
}

const EnumDescriptor* EnumOf(const FieldDescriptor& field) {
  return field.is_map() ? field.message_type()->map_value()->enum_type() : field.enum_type();
}

const Descriptor* MessageOf(const FieldDescriptor& field) {
  return field.is_map() ? field.message_type()->map_value()->message_type() : field.message_type();
}

FieldDescription DescribeField(const FieldDescriptor& field, const RuleSet& rules) {
  FieldDescription text{field.name(),         TypeText(field),  DefaultText(field),
                        rules.Explain(field), CommentOf(field), {}};
  if (field.real_containing_oneof() != nullptr) {
    text.rules.push_back(absl::StrCat("one of ", field.real_containing_oneof()->name()));
  }
  if (field.options().deprecated()) text.rules.push_back("deprecated");
  if (const EnumDescriptor* type = EnumOf(field); type != nullptr) {
    for (int i = 0; i < type->value_count(); ++i) {
      text.values.push_back({type->value(i)->name(), CommentOf(*type->value(i))});
    }
  }
  return text;
}

}  // namespace

std::vector<MessageDescription> DescribeMessages(const Schema& schema) {
  std::vector<MessageDescription> messages;
  if (schema.message() == nullptr) return messages;
  std::set<const Descriptor*> seen = {schema.message()};
  std::vector<const Descriptor*> to_do = {schema.message()};
  for (size_t i = 0; i < to_do.size(); ++i) {
    const Descriptor& message = *to_do[i];
    MessageDescription text{message.full_name(), CommentOf(message), {}};
    for (int j = 0; j < message.field_count(); ++j) {
      text.fields.push_back(DescribeField(*message.field(j), schema.rules()));
      const Descriptor* inner = MessageOf(*message.field(j));
      // protobuf's own messages are not a plugin's.
      const bool is_own = inner != nullptr && inner->file()->package() != "google.protobuf";
      if (is_own && seen.insert(inner).second) to_do.push_back(inner);
    }
    messages.push_back(std::move(text));
  }
  return messages;
}

}  // namespace weir::config
