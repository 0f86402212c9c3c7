// SPDX-License-Identifier: Apache-2.0
// The weir program: which commands there are, and how a run of one begins.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/telemetry/log.h"
#include "gflags/gflags.h"
#include "tools/weir/command_line.h"
#include "tools/weir/commands.h"
#include "tools/weir/exit_code.h"
#include "tools/weir/program.h"

DEFINE_string(log_level, "info", "the least severe lines to log: debug, info, warning or error");

namespace weir {
namespace {

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"run",
       "",
       "Runs a pipeline until its input ends or a signal comes.",
       "Without --config it runs the built-in pipeline: all interfaces but lo, to standard\n"
       "output. SIGINT or SIGTERM ends the run: sources stop, everything that was counted\n"
       "reaches its sink, and the balance of all stages is printed on stderr. A second\n"
       "signal ends at once. Data goes to stdout, the log to stderr.\n",
       {"config"},
       RunCommand},
      {"validate",
       "",
       "Checks a pipeline file without running it.",
       "Each error is printed as file:line:column; the exit code is then 2.\n",
       {"config", "depth"},
       ValidateCommand},
      {"plugins",
       "",
       "Lists the component types, and plugin files that cannot be used.",
       "The exit code is 1 if a plugin file was refused.\n",
       {},
       PluginsCommand},
      {"describe",
       "TYPE",
       "Shows how a component type is configured.",
       "Fields, types, defaults and rules come straight from the plugin.\n",
       {},
       DescribeCommand},
      {"version",
       "",
       "Prints the versions of weir and of its plugin interface.",
       "",
       {},
       VersionCommand},
  };
  return *commands;
}

int Fail(std::string_view message, std::string_view where_to_look) {
  PrintError(message);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(where_to_look.size()), where_to_look.data());
  return kExitBadUsage;
}

int Main(int argc, char** argv) {
  telemetry::InitializeLog(argc > 0 ? argv[0] : "weir");
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto invocation = ParseCommandLine(words, Commands());
  if (!invocation.ok()) return Fail(invocation.status().message(), "`weir --help` tells more");
  const Command* const command = invocation->command;
  if (invocation->help) {
    std::fputs((command == nullptr ? ProgramHelp(Commands()) : CommandHelp(*command)).c_str(),
               stdout);
    return kExitClean;
  }
  if (command == nullptr) return Fail("which command?", "`weir --help` lists them");
  const std::string hint = absl::StrCat("`weir ", command->name, " --help` tells more");
  const size_t wanted = *command->arguments == '\0' ? 0 : 1;
  if (invocation->arguments.size() != wanted) {
    return Fail(absl::StrCat("'", command->name, "' takes ", wanted, " arguments, ",
                             invocation->arguments.size(), " are given"),
                hint);
  }
  if (absl::Status status = telemetry::SetLogLevel(FLAGS_log_level); !status.ok()) {
    return Fail(absl::StrCat("--log_level: ", status.message()), hint);
  }
  return command->run(invocation->arguments);
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) { return weir::Main(argc, argv); }
