// SPDX-License-Identifier: Apache-2.0
// Costs that are measured side by side, in turns, so that what disturbs a machine
// disturbs all of them: take the ratios, not the times.
#ifndef WEIR_TOOLS_BENCHMARKS_COMPARISON_H_
#define WEIR_TOOLS_BENCHMARKS_COMPARISON_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"

namespace weir::benchmarks {

// Of the samples of all rounds.
struct Summary {
  double median = 0;
  double min = 0;
  double low = 0;   // a tenth of the samples is below,
  double high = 0;  // and a tenth above
};

Summary Summarize(std::vector<double> samples);

// One line of the result: nanoseconds, of a packet, an entry or a record.
struct Measurement {
  std::string section;  // what is measured, e.g. "packet"
  std::string subject;
  std::string traffic;
  Summary ns;
  // The subject that this one is compared with, itself if it is one: the median of the
  // rounds' ratios. Empty if it is compared with none.
  std::string baseline;
  double ratio = 0;
  // The subject whose cost was taken off; empty if none was. What is left of something that
  // costs next to nothing is as good as lost in the noise of both, and may be below zero.
  std::string floor;
};

struct Subject {
  std::string name;
  std::string baseline;                         // another subject's name, or its own
  std::function<sdk::Result<double>()> sample;  // nanoseconds
};

// The processor time that the calling thread has had, in ns.
int64_t ThreadCpuNs();
// The same of all threads of this process together.
int64_t ProcessCpuNs();

// Takes a sample of each subject in turn, `rounds` times, forward and backward. `floor` is
// the name of the first subject, or empty. Its cost is part of every other subject's cost,
// so the sample of the floor is subtracted from the others of the same round. The floor
// itself is reported as measured.
sdk::Result<std::vector<Measurement>> Compare(const std::string& section,
                                              const std::string& traffic, int rounds,
                                              const std::string& floor,
                                              const std::vector<Subject>& subjects);

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_COMPARISON_H_
