// SPDX-License-Identifier: Apache-2.0
// What a program costs from its start to its end.
#ifndef WEIR_TOOLS_BENCHMARKS_CHILD_PROCESS_H_
#define WEIR_TOOLS_BENCHMARKS_CHILD_PROCESS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"

namespace weir::benchmarks {

struct ChildCosts {
  double cpu_ns = 0;        // processor time of all its threads, in the kernel too
  uint64_t peak_bytes = 0;  // the most memory that was resident
};

// Runs `command` (its first word is looked up in PATH) with an empty input, and its output
// and its errors going to the file `output`, with `measure_child`, a path, in between. An
// error unless it ends with 0.
sdk::Result<ChildCosts> RunChild(const std::string& measure_child,
                                 const std::vector<std::string>& command,
                                 const std::string& output);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_CHILD_PROCESS_H_
