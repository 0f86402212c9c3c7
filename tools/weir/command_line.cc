// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/command_line.h"

#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "gflags/gflags.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/flags.h"

namespace weir {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Command* FindCommand(const std::vector<Command>& commands, std::string_view name) {
  for (const Command& command : commands) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

std::string FlagHelp(const std::vector<std::string>& names) {
  std::string text;
  for (const Flag& flag : DescribeFlags(names)) {
    absl::StrAppendFormat(&text, "  %s\n        %s", flag.Spelling(), flag.description);
    if (!flag.default_value.empty()) {
      absl::StrAppendFormat(&text, " (default \"%s\")", flag.default_value);
    }
    text += '\n';
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
  std::string value;
};

// Reads words[*at], a flag, and the next one if that is its value.
absl::StatusOr<FlagWord> ReadFlag(const std::vector<std::string>& words, size_t* at) {
  const std::string& word = words[*at];
  std::string_view name = word;
  absl::ConsumePrefix(&name, "-");
  absl::ConsumePrefix(&name, "-");
  const size_t equals = name.find('=');
  if (equals != std::string_view::npos) {
    return FlagWord{std::string(name.substr(0, equals)), std::string(name.substr(equals + 1))};
  }
  if (IsSwitch(std::string(name))) return FlagWord{std::string(name), "true"};
  if (*at + 1 >= words.size()) {
    return absl::InvalidArgumentError(absl::StrCat(word, " needs a value"));
  }
  return FlagWord{std::string(name), words[++*at]};
}

absl::Status CheckFlags(const std::vector<FlagWord>& flags, const Command* command) {
  for (const FlagWord& flag : flags) {
    const bool known = Contains(GlobalFlags(), flag.name) ||
                       (command != nullptr && Contains(command->flags, flag.name));
    if (!known) {
      return absl::InvalidArgumentError(
          command == nullptr ? absl::StrCat("there is no flag --", flag.name, " for all commands")
                             : absl::StrCat("'", command->name, "' has no flag --", flag.name));
    }
    if (gflags::SetCommandLineOption(flag.name.c_str(), flag.value.c_str()).empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", flag.name, " does not take '", flag.value, "'"));
    }
  }
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
    } else if (!only_arguments && word.size() > 1 && word[0] == '-') {
      absl::StatusOr<FlagWord> flag = ReadFlag(words, &i);
      if (!flag.ok()) return flag.status();
      flags.push_back(*std::move(flag));
    } else if (invocation.command == nullptr) {
      invocation.command = FindCommand(commands, word);
      if (invocation.command == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat("there is no command '", word, "'"));
      }
    } else {
      invocation.arguments.push_back(word);
    }
  }
  if (absl::Status status = CheckFlags(flags, invocation.command); !status.ok()) return status;
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
  return "weir measures network flows: sources see packets, transforms shape flow records,\n"
         "sinks carry them away; a text file wires them.\n";
}

const std::vector<ExitCodeMeaning>& ExitCodeMeanings() {
  static const auto* const meanings = new std::vector<ExitCodeMeaning>{
      {kExitClean, "clean"},
      {kExitFailed, "failed while running"},
      {kExitBadUsage, "bad usage or configuration"},
      {kExitUnsupported, "a privilege or a kernel feature is missing"},
  };
  return *meanings;
}

std::string ProgramHelp(const std::vector<Command>& commands) {
  std::string text =
      absl::StrCat(ProgramSummary(), "\nUsage: weir COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n");
  for (const Command& command : commands) {
    absl::StrAppendFormat(&text, "  %-10s %s\n", command.name, command.summary);
  }
  absl::StrAppend(&text, "\n`weir COMMAND --help` tells more.\n\nFlags of all commands:\n",
                  FlagHelp(GlobalFlags()), "\nExit codes:\n");
  for (const ExitCodeMeaning& meaning : ExitCodeMeanings()) {
    absl::StrAppend(&text, "  ", meaning.code, "  ", meaning.text, "\n");
  }
  return text;
}

}  // namespace weir
