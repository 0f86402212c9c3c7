// SPDX-License-Identifier: Apache-2.0
// Completion of `weir` command lines in the shell.
#ifndef WEIR_TOOLS_WEIR_COMPLETION_H_
#define WEIR_TOOLS_WEIR_COMPLETION_H_

#include <string>
#include <vector>

#include "tools/weir/command_line.h"

namespace weir {

// A script for bash (4 or later) to source. It needs only bash, and runs `weir plugins` to complete
// component types. Any thread.
std::string BashCompletion(const std::vector<Command>& commands);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_COMPLETION_H_
