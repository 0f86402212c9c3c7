// SPDX-License-Identifier: Apache-2.0
//
// The main() of every weir_benchmark: Google Benchmark's own ends with 0 also when a
// benchmark could not be run.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

namespace {

class Reporter final : public benchmark::ConsoleReporter {
 public:
  Reporter() : ConsoleReporter(isatty(STDOUT_FILENO) == 1 ? OO_Defaults : OO_None) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) failed_ |= run.error_occurred;
    ConsoleReporter::ReportRuns(runs);
  }

  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Reporter reporter;
  if (benchmark::RunSpecifiedBenchmarks(&reporter) == 0) {
    std::fprintf(stderr, "there is no such benchmark\n");
    return 1;
  }
  return reporter.failed() ? 1 : 0;
}
