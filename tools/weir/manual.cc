// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/manual.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/config/describe/describe.h"
#include "core/record/stage_kind.h"
#include "tools/weir/flags.h"
#include "tools/weir/pipeline_schema.h"
#include "tools/weir/roff.h"

namespace weir {
namespace {

// The title has no date: two builds of one version give the same page.
std::string Title(std::string_view name, std::string_view section, std::string_view version,
                  std::string_view manual) {
  return absl::StrCat(".\\\" SPDX-License-Identifier: Apache-2.0\n.\\\" Generated. Do not edit.\n",
                      ".TH ", RoffText(name), " ", section, " \"\" \"weir ", RoffText(version),
                      "\" \"", manual, "\"\n.nh\n.ad l\n");
}

std::string FlagEntries(const std::vector<std::string>& names) {
  std::string text;
  for (const Flag& flag : DescribeFlags(names)) {
    absl::StrAppend(&text, ".TP\n\\fB", RoffText(absl::StrCat("--", flag.name)), "\\fR");
    if (!flag.placeholder.empty()) absl::StrAppend(&text, "=\\fI", flag.placeholder, "\\fR");
    absl::StrAppend(&text, "\n", RoffProse(flag.description));
    if (!flag.default_value.empty()) {
      absl::StrAppend(&text, "\n.br\nDefault: ", RoffText(flag.default_value));
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

// Fills paragraphs, and keeps indented lines as they are.
std::string Paragraphs(std::string_view text) {
  std::string out;
  std::string example;
  const auto end_example = [&] {
    if (!example.empty()) absl::StrAppend(&out, ".PP\n", RoffExample(example), ".PP\n");
    example.clear();
  };
  bool paragraph_ended = false;
  for (const std::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    if (absl::StartsWith(line, " ")) {
      absl::StrAppend(&example, line, "\n");
      continue;
    }
    const bool behind_example = !example.empty();
    end_example();
    if (line.empty()) {
      paragraph_ended = true;
      continue;
    }
    if (paragraph_ended && !behind_example && !out.empty() && !absl::EndsWith(out, ".PP\n")) {
      out += ".PP\n";
    }
    paragraph_ended = false;
    absl::StrAppend(&out, RoffProse(line), "\n");
  }
  end_example();
  return out;
}

std::string CommandEntry(const Command& command) {
  std::string text =
      absl::StrCat(".SS weir ", RoffText(command.name), command.flags.empty() ? "" : " [FLAGS]",
                   *command.arguments == '\0' ? "" : " ", RoffText(command.arguments), "\n",
                   RoffProse(command.summary), "\n", Paragraphs(command.help));
  return absl::StrCat(text, FlagEntries(command.flags));
}

std::string ComponentEntry(const config::Schema& component) {
  const config::ComponentSpec& spec = component.spec();
  return absl::StrCat(".SS ", StageKindName(spec.kind), " ", RoffText(spec.type), "\n",
                      RoffProse(spec.summary), "\n.PP\n",
                      RoffExample(config::DescribeConfiguration(component)));
}

}  // namespace

std::string ProgramManual(const std::vector<Command>& commands, std::string_view version) {
  std::string text = absl::StrCat(
      Title("WEIR", "1", version, "User Commands"),
      ".SH NAME\nweir \\- measures network flows\n"
      ".SH SYNOPSIS\n\\fBweir\\fR \\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIARGUMENT\\fR]\n"
      ".SH DESCRIPTION\n",
      RoffProse(ProgramSummary()), ".PP\n", RoffProse(ArgumentRules()), ".SH COMMANDS\n");
  for (const Command& command : commands) absl::StrAppend(&text, CommandEntry(command));
  absl::StrAppend(&text, ".SH OPTIONS\nAll commands take these:\n", FlagEntries(GlobalFlags()),
                  ".SH EXIT STATUS\n");
  for (const ExitCodeMeaning& meaning : ExitCodeMeanings()) {
    absl::StrAppend(&text, ".TP\n\\fB", meaning.code, "\\fR\n", RoffProse(meaning.text), "\n");
  }
  text += ".SH SIGNALS\nOf \\fBweir run\\fR:\n";
  for (const SignalMeaning& meaning : SignalMeanings()) {
    absl::StrAppend(&text, ".TP\n\\fB", meaning.name, "\\fR\n", RoffProse(meaning.text), "\n");
  }
  return absl::StrCat(
      text, ".SH ENVIRONMENT\n.TP\n\\fBNOTIFY_SOCKET\\fR\n",
      RoffProse("A service manager such as systemd sets it. weir tells this socket when the\n"
                "pipeline runs and when it ends.\n"),
      ".PP\nA pipeline file can use any other variable.\n"
      ".SH SEE ALSO\n.BR weir.textproto (5)\n");
}

absl::StatusOr<std::string> PipelineFileManual(std::string_view schema,
                                               const std::vector<const config::Schema*>& components,
                                               std::string_view version) {
  const absl::StatusOr<PipelineSchema> parts = ReadPipelineSchema(schema);
  if (!parts.ok()) return parts.status();
  std::string text = absl::StrCat(
      Title("WEIR.TEXTPROTO", "5", version, "File Formats"),
      ".SH NAME\nweir.textproto \\- pipeline file of weir\n.SH DESCRIPTION\n",
      Paragraphs(parts->description),
      ".SH SCHEMA\nThe whole file is a message \\fBPipeline\\fR.\n.PP\n",
      RoffExample(parts->messages), ".SH COMPONENT TYPES\n",
      RoffProse("The types that come with weir. `weir plugins` lists all installed types,\n"
                "and `weir describe TYPE` shows a type as below.\n"));
  for (const config::Schema* component : components) {
    absl::StrAppend(&text, ComponentEntry(*component));
  }
  return absl::StrCat(text, ".SH SEE ALSO\n.BR weir (1)\n");
}

}  // namespace weir
