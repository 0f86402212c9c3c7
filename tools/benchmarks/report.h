// SPDX-License-Identifier: Apache-2.0
// What was measured, for people and for programs.
#ifndef WEIR_TOOLS_BENCHMARKS_REPORT_H_
#define WEIR_TOOLS_BENCHMARKS_REPORT_H_

#include <string>
#include <vector>

#include "tools/benchmarks/comparison.h"
#include "tools/benchmarks/datapath_costs.h"
#include "tools/benchmarks/machine.h"

namespace weir::benchmarks {

struct Report {
  Machine machine;
  Effort effort;
  std::vector<Measurement> measurements;
  std::vector<ProgramSize> programs;
};

// Tables of lines.
std::string TextOf(const Report& report);
// One object of JSON; docs/explanation/benchmarks.md has its fields.
std::string JsonOf(const Report& report);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_REPORT_H_
