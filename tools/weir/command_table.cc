// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/command_table.h"

#include "gflags/gflags.h"
#include "tools/weir/commands.h"

DEFINE_string(log_level, "info", "the least severe lines to log: debug, info, warning or error");

namespace weir {

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"run",
       "[FILE]",
       "Runs a pipeline until its input ends or a signal comes.",
       "Without FILE it runs the built-in pipeline: flows of all interfaces except lo, to\n"
       "standard output. SIGINT or SIGTERM ends the run: sources stop, all records go to the\n"
       "sinks, and the balance of all stages is printed on stderr. A second signal, 250 ms\n"
       "later or more, ends weir at once. SIGUSR2 prints the balance so far. Data goes to\n"
       "stdout, the log to stderr. Only the plugin files that the pipeline needs are opened.\n",
       {"config", "fail_on_loss", "report"},
       RunCommand},
      {"validate",
       "FILE|--config=FILE",
       "Checks a pipeline file without running it.",
       "Each error is printed as file:line:column; the exit code is then 2.\n",
       {"config", "depth"},
       ValidateCommand},
      {"plugins",
       "",
       "Lists the component types, and the plugin files that cannot be used.",
       "Each file is opened in a process of its own: a file that crashes or hangs is refused.\n"
       "The exit code is 1 if a plugin file was refused. A file that is not used because an\n"
       "earlier folder has one of its types is named on stderr, and is no error.\n",
       {},
       PluginsCommand},
      {"describe",
       "[KIND] TYPE",
       "Shows how a component type is configured.",
       "A source and a sink may have the same type, such as grpc: KIND (source, transform or\n"
       "sink) chooses one, and without it weir shows both. Fields, types, defaults and rules come\n"
       "from the plugin. weir first opens the files that are named after the type\n"
       "(weir_KIND_TYPE.so), and all others only if none of them has the type. With --example it\n"
       "prints only a stage to paste into a pipeline file. It is valid as it is. Its comments are\n"
       "optional fields with values that their rules allow; some of them exclude or need each\n"
       "other.\n",
       {"example"},
       DescribeCommand},
      {"fields",
       "[FIELD]",
       "Lists the fields of a record.",
       "Each line has the name, the type and the unit of a field, and its key in JSON, which\n"
       "is its column in CSV. Behind them are its number in protobuf (5.1 is field 1 of field\n"
       "5), its number in IPFIX (the second is that of IPv6 flows) and its meaning. Filters\n"
       "have all fields except times and lists.\n"
       "With FIELD it prints all that is known of one field, with the names of its values.\n"
       "FIELD is a name, a key of JSON, or a name for two fields (`port`), in upper or lower\n"
       "case.\n",
       {"json"},
       FieldsCommand},
      {"fmt",
       "FILE...",
       "Formats pipeline files.",
       "The meaning and all comments stay. A file is replaced only if its layout changes, and as\n"
       "a whole; its mode and symbolic links stay. `-` formats standard input to standard output.\n"
       "A file with a syntax error, or one that would become longer than 1 MiB, is not changed;\n"
       "the exit code is then 2. Plugins and variables of the environment are not needed.\n",
       {"check"},
       FmtCommand},
      {"doctor",
       "[FILE]",
       "Checks whether a pipeline runs on this machine.",
       "Without FILE it checks the built-in pipeline. Every stage examines the machine for its\n"
       "configuration and prints a line for each thing that it needs:\n"
       "  ok        the stage can use it\n"
       "  degraded  the stage works without it; the line names the loss\n"
       "  missing   weir run fails without it\n"
       "The doctor tries what can be tried, and attaches nothing. The exit code is 3 if something\n"
       "is missing.\n",
       {"config"},
       DoctorCommand},
      {"plugin-test",
       "FILE",
       "Tests whether a plugin file follows the rules of the plugin interface.",
       "weir creates, starts, feeds, flushes, stops and destroys each component of the file, more\n"
       "than once and two instances at a time. This happens in other processes, so a crash is a\n"
       "line of the report. Each step is `ok`, `FAILED` with the reason, or `skipped` with the\n"
       "reason. The components really work: give them a configuration that does no harm. A\n"
       "pipeline file gives each component the configuration of the first stage of its type;\n"
       "without a stage it gets the defaults.\n"
       "The exit code is 1 if a step failed, but 2 if only --component or the configuration is\n"
       "wrong. If steps were skipped, it is 2 if a component needs a configuration, and 3 if this\n"
       "machine lacks something. Two instances with the same configuration may exclude each\n"
       "other: that is a skipped step without an exit code.\n",
       {"component", "config", "config_text", "step_timeout"},
       PluginTestCommand},
      {"version",
       "",
       "Prints the versions of weir and of its plugin interface.",
       "With --verbose also the compiler, the tools that built the BPF objects, the configuration\n"
       "of the build, the pinned libraries, and the version of each plugin.\n"
       "`weir --version` is the same as `weir version`.\n",
       {"verbose"},
       VersionCommand},
  };
  return *commands;
}

}  // namespace weir
