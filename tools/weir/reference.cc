// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/reference.h"

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/config/describe/config_example.h"
#include "core/config/describe/description.h"
#include "core/record/stage_kind.h"
#include "tools/weir/fields_page.h"
#include "tools/weir/flags.h"
#include "tools/weir/markdown.h"
#include "tools/weir/pipeline_schema.h"

namespace weir {
namespace {

using config::FieldDescription;
using config::MessageDescription;

constexpr std::string_view kMark =
    "<!-- Generated: do not edit. `tools/reference` writes this page from the code. -->\n\n";

std::string Capitalized(std::string_view text) {
  std::string out(text);
  if (!out.empty()) out[0] = absl::ascii_toupper(static_cast<unsigned char>(out[0]));
  return out;
}

std::string FileName(const config::ComponentSpec& spec) {
  return absl::StrCat(StageKindName(spec.kind), "-", spec.type, ".md");
}

// The type of a field; a message of the same page is a link.
std::string TypeText(const std::string& type, const std::vector<MessageDescription>& messages) {
  for (const MessageDescription& message : messages) {
    const size_t at = type.rfind(message.name);
    if (at == std::string::npos || at + message.name.size() != type.size()) continue;
    return absl::StrCat(type.substr(0, at), "[", message.name, "](#",
                        MarkdownAnchor(absl::StrCat("message ", message.name)), ")");
  }
  return MarkdownProse(type);
}

// A value is code. A default that no value gives, such as "no limit", is prose.
std::string DefaultText(const FieldDescription& field) {
  const std::string& text = field.default_text;
  const bool is_duration =
      std::any_of(field.rules.begin(), field.rules.end(),
                  [](const std::string& rule) { return absl::StartsWith(rule, "a duration"); });
  const bool is_prose =
      (absl::StrContains(text, ' ') && text[0] != '"') || text[0] == '`' ||
      (is_duration && !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) && text[0] != '"');
  return is_prose ? MarkdownProse(text) : absl::StrCat("`", text, "`");
}

// "repeated string, default `lo`, at most 256 bytes".
std::string Facts(const FieldDescription& field, const std::vector<MessageDescription>& messages) {
  std::string text = TypeText(field.type, messages);
  if (!field.default_text.empty()) absl::StrAppend(&text, ", default ", DefaultText(field));
  for (std::string_view rule : field.rules) {
    // A pattern is code.
    const bool is_pattern = absl::ConsumePrefix(&rule, "matches ");
    absl::StrAppend(&text, ", ",
                    is_pattern ? absl::StrCat("matches `", rule, "`") : MarkdownProse(rule));
  }
  return text;
}

std::string FieldEntry(const FieldDescription& field,
                       const std::vector<MessageDescription>& messages) {
  std::string text = absl::StrCat("### `", field.name, "`\n\n*", Facts(field, messages), "*\n");
  if (!field.comment.empty()) {
    absl::StrAppend(&text, "\n", MarkdownComment(field.comment, "text"));
  }
  if (field.values.empty()) return text + "\n";
  absl::StrAppend(&text, "\n| value | meaning |\n|---|---|\n");
  for (const config::ValueDescription& value : field.values) {
    absl::StrAppend(&text, "| `", value.name, "` | ", MarkdownCell(value.comment), " |\n");
  }
  return text + "\n";
}

std::string MessageEntry(const MessageDescription& message,
                         const std::vector<MessageDescription>& messages) {
  const bool is_first = &message == messages.data();
  std::string text =
      is_first ? "## Settings\n\n" : absl::StrCat("## Message `", message.name, "`\n\n");
  if (!is_first && !message.comment.empty()) {
    absl::StrAppend(&text, MarkdownComment(message.comment, "text"), "\n");
  }
  if (message.fields.empty()) absl::StrAppend(&text, "It has no fields.\n\n");
  for (const FieldDescription& field : message.fields) {
    absl::StrAppend(&text, FieldEntry(field, messages));
  }
  return text;
}

std::string ComponentPage(const config::Schema& schema) {
  const config::ComponentSpec& spec = schema.spec();
  const std::vector<MessageDescription> messages = config::DescribeMessages(schema);
  std::string text = absl::StrCat(kMark, "# ", Capitalized(StageKindName(spec.kind)), " `",
                                  spec.type, "`\n\n", MarkdownProse(spec.summary), "\n\n");
  if (messages.empty()) {
    absl::StrAppend(&text, "It takes no configuration.\n\n");
  } else {
    absl::StrAppend(&text, MarkdownComment(messages[0].comment, "text"), "\nMessage: `",
                    messages[0].name, "`\n\n");
  }
  for (const MessageDescription& message : messages) {
    absl::StrAppend(&text, MessageEntry(message, messages));
  }
  return absl::StrCat(text, "## Example\n\n",
                      MarkdownBlock("text", config::ExampleStage(schema, 0)));
}

std::string ComponentIndex(const std::vector<const config::Schema*>& components) {
  std::string text = absl::StrCat(
      kMark,
      "# Components\n\nThe components that come with weir. `weir plugins` lists those that are\n",
      "installed, and `weir describe TYPE` prints what these pages show.\n");
  std::string_view kind;
  for (const config::Schema* component : components) {
    const config::ComponentSpec& spec = component->spec();
    if (kind != StageKindName(spec.kind)) {
      kind = StageKindName(spec.kind);
      absl::StrAppend(&text, "\n## ", Capitalized(kind),
                      "s\n\n| type | what it does |\n|---|---|\n");
    }
    absl::StrAppend(&text, "| [`", spec.type, "`](", FileName(spec), ") | ",
                    MarkdownCell(spec.summary), " |\n");
  }
  return text;
}

std::string FlagTable(const std::vector<std::string>& names) {
  std::string text = "| flag | meaning | default |\n|---|---|---|\n";
  for (const Flag& flag : DescribeFlags(names)) {
    absl::StrAppend(&text, "| `", flag.Spelling(), "` | ", MarkdownCell(flag.description), " | ",
                    flag.default_value.empty() ? "" : absl::StrCat("`", flag.default_value, "`"),
                    " |\n");
  }
  return text;
}

std::string CommandEntry(const Command& command) {
  std::string text =
      absl::StrCat("## weir ", command.name, "\n\n",
                   MarkdownBlock("text", absl::StrCat("weir ", command.name, " [FLAGS]",
                                                      *command.arguments == '\0' ? "" : " ",
                                                      command.arguments, "\n")),
                   "\n", MarkdownProse(command.summary), "\n\n", MarkdownProse(command.help), "\n");
  if (!command.flags.empty()) absl::StrAppend(&text, FlagTable(command.flags), "\n");
  return text;
}

std::string CommandLinePage(const std::vector<Command>& commands) {
  std::string text = absl::StrCat(kMark, "# Command line\n\n", MarkdownProse(ProgramSummary()),
                                  "\n", MarkdownProse(ArgumentRules()), "\n");
  for (const Command& command : commands) absl::StrAppend(&text, CommandEntry(command));
  absl::StrAppend(&text, "## Flags of all commands\n\n", FlagTable(GlobalFlags()),
                  "\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
  for (const ExitCodeMeaning& meaning : ExitCodeMeanings()) {
    absl::StrAppend(&text, "| ", meaning.code, " | ", MarkdownCell(meaning.text), " |\n");
  }
  absl::StrAppend(&text, "\n## Signals\n\nOf `weir run`:\n\n| signal | meaning |\n|---|---|\n");
  for (const SignalMeaning& meaning : SignalMeanings()) {
    absl::StrAppend(&text, "| ", meaning.name, " | ", MarkdownCell(meaning.text), " |\n");
  }
  return absl::StrCat(text, "\nMore: [exit codes and signals](exit-codes-and-signals.md).\n");
}

std::string PipelineFilePage(const PipelineSchema& schema) {
  // As a comment of a .proto, whose text begins with a space.
  std::string comment;
  for (const std::string_view line : absl::StrSplit(schema.description, '\n')) {
    absl::StrAppend(&comment, line.empty() ? "" : " ", line, "\n");
  }
  return absl::StrCat(
      kMark, "# Pipeline file\n\n", MarkdownComment(comment, "textproto stage"),
      "\nHow to write and format one: [write a pipeline file](../guides/pipeline-files.md). The "
      "configuration of a component: [components](components/README.md).\n\n## Schema\n\n"
      "The file is a message `Pipeline`.\n\n",
      MarkdownBlock("proto", schema.messages));
}

}  // namespace

absl::StatusOr<std::vector<ReferencePage>> ReferencePages(
    const std::vector<Command>& commands, std::string_view schema,
    const std::vector<const config::Schema*>& components) {
  const absl::StatusOr<PipelineSchema> parts = ReadPipelineSchema(schema);
  if (!parts.ok()) return parts.status();
  std::vector<ReferencePage> pages = {
      {"command-line.md", CommandLinePage(commands)},
      {"pipeline-file.md", PipelineFilePage(*parts)},
      {"record-fields.md", absl::StrCat(kMark, FieldsPage())},
      {"components/README.md", ComponentIndex(components)},
  };
  for (const config::Schema* component : components) {
    absl::StatusOr<std::unique_ptr<const config::Schema>> commented =
        config::Schema::Create(component->spec(), config::Comments::kKept);
    if (!commented.ok()) return commented.status();
    pages.push_back(
        {absl::StrCat("components/", FileName(component->spec())), ComponentPage(**commented)});
  }
  return pages;
}

std::string BundlePages(const std::vector<ReferencePage>& pages) {
  std::string text;
  for (const ReferencePage& page : pages)
    absl::StrAppend(&text, "=== ", page.path, "\n", page.text);
  return text;
}

}  // namespace weir
