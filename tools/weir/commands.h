// SPDX-License-Identifier: Apache-2.0
// The commands of the weir program. Each takes its arguments and returns the exit code. The
// main thread calls one of them, once.
#ifndef WEIR_TOOLS_WEIR_COMMANDS_H_
#define WEIR_TOOLS_WEIR_COMMANDS_H_

#include <string>
#include <vector>

namespace weir {

using Arguments = std::vector<std::string>;

int RunCommand(const Arguments& arguments);
int ValidateCommand(const Arguments& arguments);
int PluginsCommand(const Arguments& arguments);
int DescribeCommand(const Arguments& arguments);
int FieldsCommand(const Arguments& arguments);
int FmtCommand(const Arguments& arguments);
int DoctorCommand(const Arguments& arguments);
int PluginTestCommand(const Arguments& arguments);
int VersionCommand(const Arguments& arguments);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_COMMANDS_H_
