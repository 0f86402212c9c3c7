// SPDX-License-Identifier: Apache-2.0
// Puts the components of a plugin file through what the plugin interface lets a host do,
// and says of each step whether they keep their side of it: `weir plugin-test`.
#ifndef WEIR_CORE_CONFORMANCE_CONFORMANCE_H_
#define WEIR_CORE_CONFORMANCE_CONFORMANCE_H_

#include <cstdio>
#include <string>

#include "absl/time/time.h"

namespace weir::conformance {

struct Options {
  std::string plugin;          // the file
  std::string component;       // the type to try; empty: all
  std::string config_file;     // a pipeline file with stages of the components, or empty
  std::string config_text;     // in its place: the fields of the one component's message
  std::string plugin_folders;  // with the other components of that file, separated by colons
  absl::Duration step_timeout = absl::Seconds(30);
};

struct Result {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  bool unsupported = false;   // some were for a privilege or kernel feature that is missing
  bool unconfigured = false;  // some were for want of a configuration
};

// Writes a line for each step to `report`. Whatever the plugin does, it does in a child
// process. The calling process must have one thread.
Result TestPlugin(const Options& options, std::FILE* report);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_CONFORMANCE_H_
