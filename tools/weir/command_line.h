// SPDX-License-Identifier: Apache-2.0
// The command line: `weir COMMAND [--flag=value ...] [ARGUMENT ...]`. Values are
// gflags; which of them a command takes is the command's to say, so that the flags
// of libraries inside weir are none of weir's.
#ifndef WEIR_TOOLS_WEIR_COMMAND_LINE_H_
#define WEIR_TOOLS_WEIR_COMMAND_LINE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace weir {

struct Command {
  const char* name;
  const char* arguments;           // as the usage line shows them; "" for none
  const char* summary;             // one line
  const char* help;                // the rest of --help, ending in a newline
  std::vector<std::string> flags;  // its own; the global ones are taken by all
  int (*run)(const std::vector<std::string>& arguments);
};

// What was asked for. `command` null: help on the whole program.
struct Invocation {
  const Command* command = nullptr;
  bool help = false;
  std::vector<std::string> arguments;
};

// Sets the gflags that are given. Flags may stand before or after the command;
// after "--" everything is an argument. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Invocation> ParseCommandLine(const std::vector<std::string>& words,
                                            const std::vector<Command>& commands);

struct ExitCodeMeaning {
  int code;
  const char* text;
};
const std::vector<ExitCodeMeaning>& ExitCodeMeanings();

// What weir is, in a sentence or two, in lines.
std::string_view ProgramSummary();

// Text of --help: of one command, or of the program.
std::string CommandHelp(const Command& command);
std::string ProgramHelp(const std::vector<Command>& commands);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_COMMAND_LINE_H_
