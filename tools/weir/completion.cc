// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/completion.h"

#include <set>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "tools/weir/field_list.h"
#include "tools/weir/flags.h"

namespace weir {
namespace {

// The script. Text from the tables replaces each @NAME@.
constexpr std::string_view kScript =
    R"bash(# bash completion of weir. SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Generated from the tables of --help. Do not edit.

# _weir_types PROGRAM [FLAG]: prints the component types that PROGRAM has.
_weir_types() {
  local type line
  "$@" plugins 2>/dev/null | while IFS= read -r line; do
    # An indented line belongs to the type above it.
    if [[ $line != ' '* ]]; then
      read -r _ type _ <<<"$line"
      printf '%s\n' "$type"
    fi
  done
}

_weir() {
  local current="${COMP_WORDS[COMP_CWORD]}" command='' flag='' expecting='' arguments=0 word
  local words=''
  local -A values=()
  COMPREPLY=()
  # For bash, = and : are words.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word == '=' ]]; then
      continue
    elif [[ $word == ':' && -n $flag ]]; then
      values[$flag]+=:
      expecting=1
    elif [[ -n $expecting ]]; then
      values[$flag]+=$word
      expecting=''
    elif [[ $word == -?* ]]; then
      flag="${word#-}"
      flag="${flag#-}"
      case "$flag" in
        @FLAGS_WITH_VALUE@) expecting=1 ;;
        *) flag='' ;;
      esac
    elif [[ -z $command ]]; then
      command=$word
    else
      ((++arguments))
    fi
  done
  case "$current" in
    =) current='' ;;
    :) current='' expecting="$flag" ;;
  esac

  if [[ -n $expecting ]]; then
    case "$flag" in
@VALUES@
    esac
  elif [[ $current != -* && -z $command ]]; then
    words='@COMMANDS@'
  else
    case "$command" in
@COMMAND_FLAGS@
      *) words='@GLOBAL_FLAGS@' ;;
    esac
    if [[ $current != -* ]]; then
      case "$command:$arguments" in
        @FILE_COMMANDS@) compopt -o default && return ;;
        @FIELD_COMMANDS@) words='@FIELDS@' ;;
        @TYPE_COMMANDS@)
          words="$(_weir_types "$1" ${values[plugin_path]:+"--plugin_path=${values[plugin_path]}"})"
          ;;
      esac
    fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace
  fi
}

complete -F _weir weir
)bash";

// The words to complete: "--config= --help".
std::string FlagWords(std::vector<std::string> names) {
  names.insert(names.end(), GlobalFlags().begin(), GlobalFlags().end());
  std::string words;
  for (const Flag& flag : DescribeFlags(names)) {
    absl::StrAppend(&words, "--", flag.name, flag.placeholder.empty() ? " " : "= ");
  }
  return absl::StrCat(words, "--help");
}

// Every flag, once.
std::vector<Flag> AllFlags(const std::vector<Command>& commands) {
  std::set<std::string> names(GlobalFlags().begin(), GlobalFlags().end());
  for (const Command& command : commands) {
    names.insert(command.flags.begin(), command.flags.end());
  }
  return DescribeFlags({names.begin(), names.end()});
}

// A line of `case "$flag"`; empty for a flag with free values.
std::string ValueCase(const Flag& flag) {
  std::string action;
  if (!flag.words.empty()) {
    action = absl::StrCat("words='", absl::StrJoin(flag.words, " "), "'");
  } else if (flag.placeholder == "FILE") {
    // The shell's own completion of file names knows how they are quoted.
    action = "compopt -o default && return";
  } else if (flag.placeholder == "FOLDERS") {
    action = "compopt -o dirnames && return";
  } else {
    return "";
  }
  return absl::StrCat("      ", flag.name, ") ", action, " ;;\n");
}

}  // namespace

std::string BashCompletion(const std::vector<Command>& commands) {
  std::vector<std::string> names;
  std::vector<std::string> type_commands;
  std::vector<std::string> file_commands;
  std::vector<std::string> field_commands;
  std::string command_flags;
  for (const Command& command : commands) {
    names.push_back(command.name);
    if (absl::EndsWith(command.arguments, "TYPE")) {
      // Behind a kind too.
      type_commands.push_back(absl::StrCat(command.name, ":[01]"));
    }
    if (absl::StrContains(command.arguments, "FIELD")) {
      field_commands.push_back(absl::StrCat(command.name, ":0"));
    }
    if (absl::StrContains(command.arguments, "FILE")) {
      const bool many = absl::EndsWith(command.arguments, "...");
      file_commands.push_back(absl::StrCat(command.name, many ? ":*" : ":0"));
    }
    if (command.flags.empty()) continue;
    absl::StrAppend(&command_flags, "      ", command.name, ") words='", FlagWords(command.flags),
                    "' ;;\n");
  }
  std::vector<std::string> with_value;
  std::string values;
  for (const Flag& flag : AllFlags(commands)) {
    if (!flag.placeholder.empty()) with_value.push_back(flag.name);
    values += ValueCase(flag);
  }
  return absl::StrReplaceAll(kScript, {{"@FLAGS_WITH_VALUE@", absl::StrJoin(with_value, " | ")},
                                       {"@VALUES@\n", values},
                                       {"@COMMANDS@", absl::StrJoin(names, " ")},
                                       {"@COMMAND_FLAGS@\n", command_flags},
                                       {"@GLOBAL_FLAGS@", FlagWords({})},
                                       {"@FILE_COMMANDS@", absl::StrJoin(file_commands, " | ")},
                                       {"@FIELD_COMMANDS@", absl::StrJoin(field_commands, " | ")},
                                       {"@FIELDS@", absl::StrJoin(FieldNames(), " ")},
                                       {"@TYPE_COMMANDS@", absl::StrJoin(type_commands, " | ")}});
}

}  // namespace weir
