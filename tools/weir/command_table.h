// SPDX-License-Identifier: Apache-2.0
// All commands. --help, the manual pages, the reference and the completion are made from this
// table.
#ifndef WEIR_TOOLS_WEIR_COMMAND_TABLE_H_
#define WEIR_TOOLS_WEIR_COMMAND_TABLE_H_

#include <vector>

#include "tools/weir/command_line.h"

namespace weir {

const std::vector<Command>& Commands();

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_COMMAND_TABLE_H_
