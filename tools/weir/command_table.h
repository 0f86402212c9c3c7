// SPDX-License-Identifier: Apache-2.0
// Which commands there are: the one source of --help, of the manual page and of the
// shell's completion.
#ifndef WEIR_TOOLS_WEIR_COMMAND_TABLE_H_
#define WEIR_TOOLS_WEIR_COMMAND_TABLE_H_

#include <vector>

#include "tools/weir/command_line.h"

namespace weir {

const std::vector<Command>& Commands();

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_COMMAND_TABLE_H_
