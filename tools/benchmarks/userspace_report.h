// SPDX-License-Identifier: Apache-2.0
// What was measured of user space, for people and for programs.
#ifndef WEIR_TOOLS_BENCHMARKS_USERSPACE_REPORT_H_
#define WEIR_TOOLS_BENCHMARKS_USERSPACE_REPORT_H_

#include <string>

#include "tools/benchmarks/machine.h"
#include "tools/benchmarks/userspace_costs.h"

namespace weir::benchmarks {

struct UserspaceReport {
  Machine machine;
  UserspaceEffort effort;
  StageCosts stages;
  ProcessCosts processes;
};

// One table of the stages, a column for each number of flows; one of the programs.
std::string TextOf(const UserspaceReport& report);
// One object of JSON; docs/explanation/benchmarks.md has its fields.
std::string JsonOf(const UserspaceReport& report);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_USERSPACE_REPORT_H_
