// SPDX-License-Identifier: Apache-2.0
// `tools/bench userspace`: what weir costs between the kernel and the wire.
// docs/explanation/benchmarks.md says how it is measured, and what the figures mean.
#include <gflags/gflags.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/plugin/catalogue.h"
#include "plugins/sdk/status.h"
#include "tools/benchmarks/silence.h"
#include "tools/benchmarks/userspace_costs.h"
#include "tools/benchmarks/userspace_report.h"

DEFINE_bool(quick, false, "Measure little: shows that it works, and no more.");
DEFINE_string(json, "", "Also write what was measured to this file.");
DEFINE_string(only, "",
              "The one section to be measured: source, queue, accounter, encoder, transform, "
              "process.");
DEFINE_int32(rounds, 15, "How often each is measured.");

namespace weir::benchmarks {
namespace {

UserspaceEffort EffortOfFlags() {
  UserspaceEffort effort;
  effort.rounds = FLAGS_quick ? 2 : FLAGS_rounds;
  effort.flows = FLAGS_quick ? std::vector<uint32_t>{100, 1'000}
                             : std::vector<uint32_t>{1'000, 100'000, 1'000'000};
  effort.records = FLAGS_quick ? 4'096 : 262'144;
  effort.packets = FLAGS_quick ? 5'000 : 300'000;
  effort.conversations = FLAGS_quick ? 200 : 5'000;
  effort.only = FLAGS_only;
  return effort;
}

// `program` is this one's name: what it measures lies beside it.
sdk::Status Measure(const std::string& program, UserspaceReport* report) {
  const std::filesystem::path folder = std::filesystem::path(program).parent_path();
  const Programs programs{(folder.parent_path() / "tree").string(),
                          (folder / "measure_child").string()};
  if (FLAGS_only.empty() || FLAGS_only == "process") {
    sdk::Result<ProcessCosts> processes = MeasureProcesses(report->effort, programs);
    if (!processes.ok()) return processes.status();
    report->processes = *std::move(processes);
    if (FLAGS_only == "process") return sdk::OkStatus();
  }
  plugin::Catalogue catalogue;
  if (absl::Status status = catalogue.AddPath(programs.tree + "/lib/weir/plugins"); !status.ok()) {
    return status;
  }
  const Silence silence;
  if (!silence.works()) return {WEIR_UNKNOWN, "standard output cannot be put aside"};
  sdk::Result<StageCosts> stages = MeasureStages(report->effort, catalogue);
  if (!stages.ok()) return stages.status();
  report->stages = *std::move(stages);
  return sdk::OkStatus();
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "tools/bench userspace: %s\n", message.c_str());
  return 1;
}

int Run(const std::string& program) {
  UserspaceReport report;
  report.machine = ThisMachine();
  report.effort = EffortOfFlags();
  if (sdk::Status status = Measure(program, &report); !status.ok()) return Fail(status.message());
  std::fputs(TextOf(report).c_str(), stdout);
  if (FLAGS_json.empty()) return 0;
  std::ofstream json(FLAGS_json);
  json << JsonOf(report);
  json.close();
  return json ? 0 : Fail("cannot write " + FLAGS_json);
}

}  // namespace
}  // namespace weir::benchmarks

int main(int argc, char** argv) {
  gflags::ParseCommandLineFlags(&argc, &argv, /*remove_flags=*/true);
  return weir::benchmarks::Run(argv[0]);
}
