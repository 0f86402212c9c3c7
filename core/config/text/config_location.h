// SPDX-License-Identifier: Apache-2.0
// A line and column of a configuration file.
#ifndef WEIR_CORE_CONFIG_TEXT_CONFIG_LOCATION_H_
#define WEIR_CORE_CONFIG_TEXT_CONFIG_LOCATION_H_

namespace weir::config {

// Both count from 1, as editors and compilers do. The column counts bytes; a tab is one.
struct ConfigLocation {
  int line = 1;
  int column = 1;
};

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_CONFIG_LOCATION_H_
