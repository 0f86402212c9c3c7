// SPDX-License-Identifier: Apache-2.0
#include "core/config/describe.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/config/config_example.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace weir::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

constexpr size_t kLineBytes = 88;

// Appends `text`, broken between words so that lines with their indent have no more
// than kLineBytes if that can be. The first line goes on behind `first_indent`.
void AppendWrapped(std::string_view text, std::string_view first_indent, size_t indent,
                   std::string* out) {
  std::string line(first_indent);
  bool at_start = true;
  for (const std::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!at_start && line.size() + 1 + word.size() > kLineBytes) {
      absl::StrAppend(out, line, "\n");
      line.assign(indent, ' ');
      at_start = true;
    }
    absl::StrAppend(&line, at_start ? "" : " ", word);
    at_start = false;
  }
  absl::StrAppend(out, line, "\n");
}

void AppendWrapped(std::string_view text, size_t indent, std::string* out) {
  AppendWrapped(text, std::string(indent, ' '), indent, out);
}

// A comment of a .proto: paragraphs are wrapped anew; what is indented by more than
// the comment's own space is left as it is.
void AppendComment(std::string_view comment, size_t indent, std::string* out) {
  std::string paragraph;
  const auto flush = [&] {
    if (!paragraph.empty()) AppendWrapped(paragraph, indent, out);
    paragraph.clear();
  };
  for (const std::string_view line :
       absl::StrSplit(absl::StripTrailingAsciiWhitespace(comment), '\n')) {
    const std::string_view text = absl::StripAsciiWhitespace(line);
    const bool verbatim = line.size() > 2 && line[0] == ' ' && line[1] == ' ';
    if (!text.empty() && !verbatim) {
      absl::StrAppend(&paragraph, paragraph.empty() ? "" : " ", text);
      continue;
    }
    flush();
    if (text.empty()) {
      out->push_back('\n');
    } else {
      const std::string_view rest = absl::StripTrailingAsciiWhitespace(line);
      absl::StrAppend(out, std::string(indent, ' '), rest.substr(1), "\n");
    }
  }
  flush();
}

// What stands before it in the .proto, else behind it on the same line.
template <typename Element>
std::string CommentOf(const Element& element) {
  google::protobuf::SourceLocation location;
  if (!element.GetSourceLocation(&location)) return "";
  return location.leading_comments.empty() ? location.trailing_comments : location.leading_comments;
}

// Not the plugin's: explained elsewhere.
bool IsForeign(const Descriptor& message) { return message.file()->package() == "google.protobuf"; }

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

class Description {
 public:
  explicit Description(const Schema& schema) : schema_(schema) {}

  std::string Run() {
    const ComponentSpec& spec = schema_.spec();
    AppendWrapped(absl::StrCat(StageKindName(spec.kind), " ", spec.type, ": ", spec.summary), 0,
                  &out_);
    return absl::StrCat(out_, "Plugin: ", spec.plugin, "\n\n",
                        Description(schema_).Configuration());
  }

  std::string Configuration() {
    if (schema_.message() == nullptr) {
      absl::StrAppend(&out_, "It takes no configuration.\n\n");
    } else {
      Enqueue(schema_.message());
      for (size_t i = 0; i < to_do_.size(); ++i) AppendMessage(*to_do_[i]);
    }
    absl::StrAppend(&out_, "Example:\n\n", ExampleStage(schema_, 2));
    return std::move(out_);
  }

 private:
  void Enqueue(const Descriptor* message) {
    if (!IsForeign(*message) && seen_.insert(message).second) to_do_.push_back(message);
  }

  void AppendMessage(const Descriptor& message) {
    absl::StrAppend(&out_, message.full_name(), "\n");
    AppendComment(CommentOf(message), 2, &out_);
    if (message.field_count() == 0) absl::StrAppend(&out_, "\n  It has no fields.\n");
    for (int i = 0; i < message.field_count(); ++i) AppendField(*message.field(i));
    out_.push_back('\n');
  }

  void AppendField(const FieldDescriptor& field) {
    std::vector<std::string> facts = {TypeText(field)};
    const std::string default_text = DefaultText(field);
    if (!default_text.empty()) facts.push_back(absl::StrCat("default ", default_text));
    for (std::string& phrase : schema_.rules().Explain(field)) facts.push_back(std::move(phrase));
    if (field.real_containing_oneof() != nullptr) {
      facts.push_back(absl::StrCat("one of ", field.real_containing_oneof()->name()));
    }
    if (field.options().deprecated()) facts.push_back("deprecated");
    out_.push_back('\n');
    AppendWrapped(absl::StrJoin(facts, ", "), absl::StrCat("  ", field.name(), ": "), 6, &out_);
    if (const std::string comment = CommentOf(field); !comment.empty()) {
      AppendComment(comment, 6, &out_);
    }
    if (const EnumDescriptor* type = EnumOf(field); type != nullptr) AppendEnum(*type);
    if (const Descriptor* message = MessageOf(field); message != nullptr) Enqueue(message);
  }

  void AppendEnum(const EnumDescriptor& type) {
    size_t width = 0;
    for (int i = 0; i < type.value_count(); ++i) {
      width = std::max(width, type.value(i)->name().size());
    }
    for (int i = 0; i < type.value_count(); ++i) {
      const EnumValueDescriptor& value = *type.value(i);
      std::string head = absl::StrCat("        ", value.name());
      const std::string comment = CommentOf(value);
      if (comment.empty()) {
        absl::StrAppend(&out_, head, "\n");
        continue;
      }
      head.resize(8 + width + 2, ' ');
      const std::string text = absl::StrReplaceAll(comment, {{"\n", " "}});
      AppendWrapped(text, head, head.size(), &out_);
    }
  }

  const Schema& schema_;
  std::string out_;
  std::set<const Descriptor*> seen_;
  std::vector<const Descriptor*> to_do_;
};

}  // namespace

std::string Describe(const Schema& schema) {
  const auto commented = Schema::Create(schema.spec(), Comments::kKept);
  return Description(commented.ok() ? **commented : schema).Run();
}

std::string DescribeConfiguration(const Schema& schema) {
  const auto commented = Schema::Create(schema.spec(), Comments::kKept);
  return Description(commented.ok() ? **commented : schema).Configuration();
}

}  // namespace weir::config
