// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/command_table.h"

#include "gflags/gflags.h"
#include "tools/weir/commands.h"

DEFINE_string(log_level, "info", "the least severe lines to log: debug, info, warning or error");

namespace weir {

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"run",
       "",
       "Runs a pipeline until its input ends or a signal comes.",
       "Without --config it runs the built-in pipeline: all interfaces but lo, to standard\n"
       "output. SIGINT or SIGTERM ends the run: sources stop, everything that was counted\n"
       "reaches its sink, and the balance of all stages is printed on stderr. A second\n"
       "signal, 250 ms later or more, ends at once. Data goes to stdout, the log to stderr. Only\n"
       "plugin files that the pipeline needs are opened.\n",
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
       "Each file is opened in a process of its own: one that crashes or hangs is refused. The\n"
       "exit code is 1 if a plugin file was refused.\n",
       {},
       PluginsCommand},
      {"describe",
       "TYPE",
       "Shows how a component type is configured.",
       "Fields, types, defaults and rules come straight from the plugin. Files that are named\n"
       "after the type (weir_KIND_TYPE.so) are opened first, and others if none of these has it.\n",
       {},
       DescribeCommand},
      {"doctor",
       "",
       "Says what works on this machine, and what each missing thing costs.",
       "Every component of the pipeline file, or of the built-in pipeline, looks at the\n"
       "machine for its configuration: one line for each thing, with `ok`, `degraded`\n"
       "(it works, with the loss that is named) or `missing`. It tries out what it can and\n"
       "attaches nothing. The exit code is 3 if something is missing that `weir run` needs.\n",
       {"config"},
       DoctorCommand},
      {"plugin-test",
       "FILE",
       "Tries whether a plugin file keeps its side of the plugin interface.",
       "Every component of it is made, started, given batches of all sizes or run, flushed,\n"
       "stopped and destroyed, more than once and twice at a time, in processes of their own,\n"
       "so that a crash is a line of the report. Each step is `ok`, `FAILED` with a sentence,\n"
       "or `skipped` with the reason. Components really do their work meanwhile: give them a\n"
       "configuration that does no harm, as fields or with a pipeline file that has one (the\n"
       "first stage of the type counts, the defaults if there is none).\n"
       "The exit code is 1 if a step failed; else 2 if a component needs a configuration, or 3\n"
       "if something of this machine, and then steps were skipped.\n",
       {"component", "config", "config_text", "step_timeout"},
       PluginTestCommand},
      {"version",
       "",
       "Prints the versions of weir and of its plugin interface.",
       "With --verbose also the compiler, the tools that made the BPF objects, the build's\n"
       "configuration, the pinned libraries, and the version of each plugin. What is said\n"
       "of the build was recorded while weir was built.\n",
       {"verbose"},
       VersionCommand},
  };
  return *commands;
}

}  // namespace weir
