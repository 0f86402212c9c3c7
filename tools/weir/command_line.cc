// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/command_line.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/suggestion/suggestion.h"
#include "gflags/gflags.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/flags.h"

namespace weir {
namespace {

constexpr std::string_view kOptionalFile = "[FILE]";
constexpr std::string_view kFile = "FILE|--config=FILE";
// The flag that these two stand for.
constexpr char kConfigFlag[] = "config";
constexpr std::string_view kOptionalKind = "[KIND] ";
// The longest line of --help.
constexpr size_t kHelpColumns = 90;
// In place of a command, the same as --help.
constexpr char kHelp[] = "help";

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What people also call a command or a flag.
struct Synonym {
  std::string_view word;
  std::string_view name;
};
constexpr Synonym kCommandSynonyms[] = {
    {"check", "validate"}, {"lint", "validate"},      {"format", "fmt"},
    {"list", "plugins"},   {"components", "plugins"}, {"start", "run"},
    {"info", "describe"},  {"show", "describe"},      {"diagnose", "doctor"},
};
constexpr Synonym kFlagSynonyms[] = {
    {"c", "config"},
    {"f", "config"},
    {"file", "config"},
    {"plugin_dir", "plugin_path"},
    {"plugins", "plugin_path"},
    {"plugin_folder", "plugin_path"},
    {"v", "verbose"},
    {"v", "version"},
    {"timeout", "drain_timeout"},
};

// Returns the name that `word` means, or one that is similar to it; empty if there is none.
template <size_t N>
std::string Meant(std::string_view word, const Synonym (&synonyms)[N],
                  const std::vector<std::string>& known) {
  const std::string plain = absl::StrReplaceAll(word, {{"-", "_"}});
  for (const Synonym& synonym : synonyms) {
    const std::string name(synonym.name);
    if (plain == synonym.word && Contains(known, name)) return name;
  }
  return Nearest(word, known);
}

absl::StatusOr<const Command*> FindCommand(const std::vector<Command>& commands,
                                           std::string_view name) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    if (name == command.name) return &command;
    names.emplace_back(command.name);
  }
  names.emplace_back(kHelp);
  std::string meant = Meant(name, kCommandSynonyms, names);
  if (!meant.empty()) meant = absl::StrCat("'", meant, "'");
  if (absl::EndsWith(name, ".textproto")) meant = absl::StrCat("`weir run ", name, "`");
  return absl::InvalidArgumentError(
      absl::StrCat("there is no command '", name, "'",
                   meant.empty() ? "" : absl::StrCat("; did you mean ", meant, "?")));
}

// Fills lines of at most kHelpColumns with the words of `text`, each behind kIndent.
std::string Indented(std::string_view text) {
  constexpr std::string_view kIndent = "        ";
  std::string out;
  size_t column = 0;
  for (const std::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    const bool fits = column > 0 && column + 1 + word.size() <= kHelpColumns;
    if (!fits && column > 0) out += "\n";
    absl::StrAppend(&out, fits ? " " : kIndent, word);
    column = fits ? column + 1 + word.size() : kIndent.size() + word.size();
  }
  return out + "\n";
}

std::string FlagHelp(const std::vector<std::string>& names) {
  std::string text;
  for (const Flag& flag : DescribeFlags(names)) {
    absl::StrAppendFormat(&text, "  %s\n%s", flag.Spelling(), Indented(flag.description));
    if (!flag.default_value.empty()) {
      absl::StrAppendFormat(&text, "        Default: %s\n", flag.default_value);
    }
  }
  return text;
}

// A flag that is on when it is given without a value.
bool IsSwitch(const std::string& name) {
  gflags::CommandLineFlagInfo flag;
  return gflags::GetCommandLineFlagInfo(name.c_str(), &flag) && flag.type == "bool";
}

struct FlagWord {
  std::string name;
  std::string typed;  // the name with its dashes, as it was typed
  std::string value;
  bool has_value = true;  // false: it is the last word, and no switch
};

// Reads words[*at], a flag, and the next word if that is its value.
FlagWord ReadFlag(const std::vector<std::string>& words, size_t* at) {
  const std::string& word = words[*at];
  std::string_view name = word;
  absl::ConsumePrefix(&name, "-");
  absl::ConsumePrefix(&name, "-");
  const size_t equals = name.find('=');
  FlagWord flag{std::string(name.substr(0, equals)), word.substr(0, word.find('=')), ""};
  if (equals != std::string_view::npos) {
    flag.value = name.substr(equals + 1);
  } else if (IsSwitch(flag.name)) {
    flag.value = "true";
  } else if (*at + 1 < words.size()) {
    flag.value = words[++*at];
  } else {
    flag.has_value = false;
  }
  return flag;
}

absl::Status UnknownFlag(const FlagWord& flag, const Command* command) {
  std::vector<std::string> known = GlobalFlags();
  known.emplace_back(kHelp);
  if (command == nullptr) {
    known.emplace_back("version");
  } else {
    known.insert(known.end(), command->flags.begin(), command->flags.end());
  }
  const std::string meant = Meant(flag.name, kFlagSynonyms, known);
  return absl::InvalidArgumentError(absl::StrCat(
      command == nullptr ? "without a command, weir" : absl::StrCat("'", command->name, "'"),
      " has no flag ", flag.typed,
      meant.empty() ? "" : absl::StrCat("; did you mean --", meant, "?")));
}

// An empty name of a file comes from a variable that is not set. A wrong duration is an error also
// for a command that does not use it.
absl::Status CheckValue(const FlagWord& flag) {
  if (!flag.has_value) {
    return absl::InvalidArgumentError(absl::StrCat("--", flag.name, " needs a value"));
  }
  const std::string placeholder = DescribeFlag(flag.name).placeholder;
  if (flag.value.empty() && placeholder == "FILE") {
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag.name, " needs the name of a file; its value is empty"));
  }
  if (placeholder == kDuration) return ReadDuration(flag.name, flag.value).status();
  return absl::OkStatus();
}

absl::Status SetFlags(const std::vector<FlagWord>& flags, const Command* command) {
  for (const FlagWord& flag : flags) {
    const bool known = Contains(GlobalFlags(), flag.name) ||
                       (command != nullptr && Contains(command->flags, flag.name));
    if (!known) return UnknownFlag(flag, command);
    if (absl::Status status = CheckValue(flag); !status.ok()) return status;
    if (gflags::SetCommandLineOption(flag.name.c_str(), flag.value.c_str()).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag.name, " does not take '", flag.value, "'"));
    }
  }
  return absl::OkStatus();
}

absl::Status WrongNumber(const Command& command, std::string_view takes, size_t given) {
  return absl::InvalidArgumentError(absl::StrCat("'", command.name, "' takes ", takes, "; ", given,
                                                 given == 1 ? " is given" : " are given"));
}

// Checks how many arguments there are. Sets --config to one that stands for it.
absl::Status TakeArguments(const std::vector<FlagWord>& flags, Invocation* invocation) {
  const Command& command = *invocation->command;
  std::vector<std::string>& given = invocation->arguments;
  if (absl::EndsWith(command.arguments, "...")) {
    return given.empty() ? WrongNumber(command, "at least one FILE", 0) : absl::OkStatus();
  }
  if (command.arguments != kOptionalFile && command.arguments != kFile) {
    std::string_view takes = command.arguments;
    const bool takes_two = absl::ConsumePrefix(&takes, kOptionalKind);
    const bool takes_none = absl::ConsumePrefix(&takes, "[") && absl::ConsumeSuffix(&takes, "]");
    const size_t takes_one = takes.empty() ? 0 : 1;
    if (given.size() == takes_one || (takes_two && given.size() == 2) ||
        (takes_none && given.empty())) {
      return absl::OkStatus();
    }
    return WrongNumber(
        command,
        takes.empty() ? "no arguments" : absl::StrCat(takes_none ? "at most " : "", "one ", takes),
        given.size());
  }
  const bool has_flag = std::any_of(flags.begin(), flags.end(),
                                    [](const FlagWord& flag) { return flag.name == kConfigFlag; });
  if (given.empty() && (has_flag || command.arguments == kOptionalFile)) return absl::OkStatus();
  if (given.size() != 1) return WrongNumber(command, "one FILE", given.size());
  if (has_flag) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", command.name, "' takes '", given[0], "' or --config=FILE, not both"));
  }
  if (given[0].empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", command.name, "' needs the name of a file; its argument is empty"));
  }
  gflags::SetCommandLineOption(kConfigFlag, given[0].c_str());
  given.clear();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Invocation> ParseCommandLine(const std::vector<std::string>& words,
                                            const std::vector<Command>& commands) {
  Invocation invocation;
  std::vector<FlagWord> flags;
  bool only_arguments = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!only_arguments && word == "--") {
      only_arguments = true;
    } else if (!only_arguments && (word == "--help" || word == "-help" || word == "-h")) {
      invocation.help = true;
    } else if (!only_arguments && invocation.command == nullptr && word == "--version") {
      const absl::StatusOr<const Command*> command = FindCommand(commands, "version");
      if (!command.ok()) return command.status();
      invocation.command = *command;
    } else if (!only_arguments && word.size() > 1 && word[0] == '-') {
      flags.push_back(ReadFlag(words, &i));
    } else if (!only_arguments && invocation.command == nullptr && word == kHelp) {
      invocation.help = true;
    } else if (invocation.command == nullptr) {
      const absl::StatusOr<const Command*> command = FindCommand(commands, word);
      if (!command.ok()) return command.status();
      invocation.command = *command;
    } else {
      invocation.arguments.push_back(word);
    }
  }
  if (absl::Status status = SetFlags(flags, invocation.command); !status.ok()) return status;
  if (invocation.command != nullptr && !invocation.help) {
    if (absl::Status status = TakeArguments(flags, &invocation); !status.ok()) return status;
  }
  return invocation;
}

std::string CommandHelp(const Command& command) {
  std::string text =
      absl::StrCat("Usage: weir ", command.name, " [FLAGS]", *command.arguments == '\0' ? "" : " ",
                   command.arguments, "\n\n", command.summary, "\n\n", command.help);
  if (!command.flags.empty()) absl::StrAppend(&text, "\nFlags:\n", FlagHelp(command.flags));
  return absl::StrCat(text, "\nFlags of all commands:\n", FlagHelp(GlobalFlags()));
}

std::string_view ProgramSummary() {
  return "weir measures network flows. Sources measure packets or read records, transforms change\n"
         "the flow records, and sinks deliver them. A text file, the pipeline file, connects "
         "them.\n";
}

std::string_view ArgumentRules() {
  return "Flags may be before or after the command. After `--` every word is an argument.\n"
         "`weir COMMAND --help` and `weir help COMMAND` show the same text as this page.\n";
}

const std::vector<ExitCodeMeaning>& ExitCodeMeanings() {
  static const auto* const meanings = new std::vector<ExitCodeMeaning>{
      {kExitClean, "clean"},
      {kExitFailed, "failed while running"},
      {kExitBadUsage, "a mistake in the command line or the configuration"},
      {kExitUnsupported, "a privilege or a kernel feature is missing"},
      {kExitLoss, "clean, but packets or records were lost (only with --fail_on_loss)"},
  };
  return *meanings;
}

const std::vector<SignalMeaning>& SignalMeanings() {
  static const auto* const meanings = new std::vector<SignalMeaning>{
      {"SIGINT, SIGTERM",
       "The run ends: sources stop, all records go to the sinks, and the balance is printed.\n"
       "A second signal, 250 ms later or more, ends weir at once with exit code 1."},
      {"SIGHUP", "Nothing but a line in the log: weir does not reload its configuration."},
      {"SIGUSR1", "Sinks that write to files reopen them by name, for logrotate."},
      {"SIGUSR2",
       "The balance so far goes to --report=FILE as JSON, or to stderr without that flag."},
  };
  return *meanings;
}

std::string ProgramHelp(const std::vector<Command>& commands) {
  std::string text =
      absl::StrCat(ProgramSummary(), "\nUsage: weir COMMAND [FLAGS] [ARGUMENT]\n\nCommands:\n");
  for (const Command& command : commands) {
    absl::StrAppendFormat(&text, "  %-11s  %s\n", command.name, command.summary);
  }
  absl::StrAppend(&text,
                  "\n`weir COMMAND --help` or `weir help COMMAND` describes a command.\n\nFlags of "
                  "all commands:\n",
                  FlagHelp(GlobalFlags()), "\nExit codes:\n");
  for (const ExitCodeMeaning& meaning : ExitCodeMeanings()) {
    absl::StrAppend(&text, "  ", meaning.code, "  ", meaning.text, "\n");
  }
  return text;
}

}  // namespace weir
