// SPDX-License-Identifier: Apache-2.0
#include "core/config/describe/describe.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/config/describe/config_example.h"
#include "core/config/describe/description.h"

namespace weir::config {
namespace {

constexpr size_t kLineBytes = 88;

// Appends `text` in lines of at most kLineBytes with their indent; a longer word gets its own
// line. The first line begins with `first_indent`.
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

// Appends a comment of a .proto. Wraps its paragraphs; lines with a deeper indent stay as they
// are.
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
    const std::vector<MessageDescription> messages = DescribeMessages(schema_);
    if (messages.empty()) absl::StrAppend(&out_, "It takes no configuration.\n\n");
    for (const MessageDescription& message : messages) AppendMessage(message);
    absl::StrAppend(&out_, "Example:\n\n", ExampleStage(schema_, 2));
    return std::move(out_);
  }

 private:
  void AppendMessage(const MessageDescription& message) {
    absl::StrAppend(&out_, message.name, "\n");
    AppendComment(message.comment, 2, &out_);
    if (message.fields.empty()) absl::StrAppend(&out_, "\n  It has no fields.\n");
    for (const FieldDescription& field : message.fields) AppendField(field);
    out_.push_back('\n');
  }

  void AppendField(const FieldDescription& field) {
    std::vector<std::string> facts = {field.type};
    if (!field.default_text.empty()) facts.push_back(absl::StrCat("default ", field.default_text));
    facts.insert(facts.end(), field.rules.begin(), field.rules.end());
    out_.push_back('\n');
    AppendWrapped(absl::StrJoin(facts, ", "), absl::StrCat("  ", field.name, ": "), 6, &out_);
    if (!field.comment.empty()) AppendComment(field.comment, 6, &out_);
    AppendValues(field.values);
  }

  void AppendValues(const std::vector<ValueDescription>& values) {
    size_t width = 0;
    for (const ValueDescription& value : values) width = std::max(width, value.name.size());
    for (const ValueDescription& value : values) {
      std::string head = absl::StrCat("        ", value.name);
      if (value.comment.empty()) {
        absl::StrAppend(&out_, head, "\n");
        continue;
      }
      head.resize(8 + width + 2, ' ');
      const std::string text = absl::StrReplaceAll(value.comment, {{"\n", " "}});
      AppendWrapped(text, head, head.size(), &out_);
    }
  }

  const Schema& schema_;
  std::string out_;
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
