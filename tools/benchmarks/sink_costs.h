// SPDX-License-Identifier: Apache-2.0
// What each sink costs beside one that does nothing, with its queue, on one and the same
// traffic. All are measured in turns (comparison.h).
#ifndef WEIR_TOOLS_BENCHMARKS_SINK_COSTS_H_
#define WEIR_TOOLS_BENCHMARKS_SINK_COSTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/plugin/catalogue.h"
#include "plugins/sdk/status.h"
#include "tools/benchmarks/comparison.h"

namespace weir::benchmarks {

struct SinkEffort {
  int rounds = 0;
  uint32_t records = 0;  // of a sample, one of each flow
};

// How many records a second went through, from the first one to the delivery of the last
// one, by the wall clock: the median of the rounds.
struct SinkRate {
  std::string subject;
  double records_per_second = 0;
};

struct SinkCosts {
  // Processor time of a record in this process, all threads and the kernel's work for them
  // included; what is called a collector is another process. The baseline does nothing.
  std::vector<Measurement> measurements;
  std::vector<SinkRate> rates;
  std::vector<std::string> missing;  // sentences: which sinks do not work here, and why
};

// Standard output is /dev/null while they run. `weir` is the program that collectors are
// made of. Files are written to a folder that is removed again.
sdk::Result<SinkCosts> MeasureSinks(const SinkEffort& effort, const plugin::Catalogue& catalogue,
                                    const std::string& weir);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_SINK_COSTS_H_
