// SPDX-License-Identifier: Apache-2.0
// The command line: `weir COMMAND [--flag=value ...] [ARGUMENT ...]`. Flags are gflags. Each
// command lists the flags that it takes, so flags of libraries inside weir are refused.
// Functions without state, except ParseCommandLine, which sets gflags: one thread.
#ifndef WEIR_TOOLS_WEIR_COMMAND_LINE_H_
#define WEIR_TOOLS_WEIR_COMMAND_LINE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace weir {

struct Command {
  const char* name;
  // The argument that is no flag, as the usage line shows it: "TYPE", "FILE", or "" for none.
  // "[FILE]" and "FILE|--config=FILE" mean the same as --config=FILE; the former may be left out.
  // "[KIND] TYPE" is one argument or two; "[FIELD]" is one or none.
  const char* arguments;
  const char* summary;             // one line
  const char* help;                // the rest of --help; ends with a newline
  std::vector<std::string> flags;  // without the flags of all commands
  int (*run)(const std::vector<std::string>& arguments);
};

// What a command line asks for. No command: the help of the whole program.
struct Invocation {
  const Command* command = nullptr;
  bool help = false;
  std::vector<std::string> arguments;
};

// Sets the given flags. In place of a command, `--version` means the command `version`, and `help`
// means --help. Flags may be before or after the command; after "--" every word is an argument.
// INVALID_ARGUMENT for an unknown command or flag, with a suggestion, for a value that a flag does
// not take, for an empty name of a file, and for a wrong number of arguments.
absl::StatusOr<Invocation> ParseCommandLine(const std::vector<std::string>& words,
                                            const std::vector<Command>& commands);

// A line of a table in --help, the manual and the reference.
struct ExitCodeMeaning {
  int code;
  const char* text;
};
const std::vector<ExitCodeMeaning>& ExitCodeMeanings();

struct SignalMeaning {
  const char* name;
  const char* text;
};
// Of `weir run`.
const std::vector<SignalMeaning>& SignalMeanings();

// What weir is: lines.
std::string_view ProgramSummary();

// How flags and arguments are written, for the manual and the reference page: lines.
std::string_view ArgumentRules();

// The text of --help for one command, and for the program.
std::string CommandHelp(const Command& command);
std::string ProgramHelp(const std::vector<Command>& commands);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_COMMAND_LINE_H_
