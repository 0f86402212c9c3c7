// SPDX-License-Identifier: Apache-2.0
// A place in a configuration file.
#ifndef WEIR_CORE_CONFIG_POSITION_H_
#define WEIR_CORE_CONFIG_POSITION_H_

namespace weir::config {

// Both count from 1, as editors and compilers do; the column counts bytes, a tab
// is one.
struct Position {
  int line = 1;
  int column = 1;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_POSITION_H_
