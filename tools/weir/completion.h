// SPDX-License-Identifier: Apache-2.0
// What the shell completes behind `weir`.
#ifndef WEIR_TOOLS_WEIR_COMPLETION_H_
#define WEIR_TOOLS_WEIR_COMPLETION_H_

#include <string>
#include <vector>

#include "tools/weir/command_line.h"

namespace weir {

// A script for bash (4 or later) to source; it needs nothing but bash. Component
// types are asked of `weir plugins`.
std::string BashCompletion(const std::vector<Command>& commands);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_COMPLETION_H_
