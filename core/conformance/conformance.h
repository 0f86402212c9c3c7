// SPDX-License-Identifier: Apache-2.0
// Checks that the components of a plugin file keep the rules of the plugin interface:
// `weir plugin-test`. Makes the calls that a host may make, and reports on each step.
#ifndef WEIR_CORE_CONFORMANCE_CONFORMANCE_H_
#define WEIR_CORE_CONFORMANCE_CONFORMANCE_H_

#include <cstdio>
#include <string>

#include "absl/time/time.h"

namespace weir::conformance {

struct Options {
  std::string plugin;          // the path of the plugin file
  std::string component;       // the type to check; empty: all types
  std::string config_file;     // a pipeline file with stages of these components, or empty
  std::string config_text;     // instead of it: the fields of the component's message
  std::string plugin_folders;  // for other components of config_file; separated by colons
  absl::Duration step_timeout = absl::Seconds(30);
};

struct Result {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  int mistakes = 0;           // the part of `failed` that is due to the options
  bool unsupported = false;   // a skip was due to a missing privilege or kernel feature
  bool unconfigured = false;  // a skip was due to a missing configuration
};

// Writes one line per step to `report`. The plugin runs only in child processes. The
// calling process must have one thread.
Result TestPlugin(const Options& options, std::FILE* report);

}  // namespace weir::conformance

#endif  // WEIR_CORE_CONFORMANCE_CONFORMANCE_H_
