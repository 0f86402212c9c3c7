// SPDX-License-Identifier: Apache-2.0
// `tools/bench datapath`: what weir's programs in the kernel cost. docs/explanation/benchmarks.md
// says how, and what the figures mean.
#include <gflags/gflags.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdk/status.h"
#include "plugins/sdk/testing/network_namespace.h"
#include "sources/ebpf/testing/traffic_generator.h"
#include "tools/benchmarks/datapath_costs.h"
#include "tools/benchmarks/report.h"

DEFINE_bool(quick, false, "Measure little: shows that it works, and no more.");
DEFINE_string(json, "", "Also write what was measured to this file.");
DEFINE_string(only, "", "The one section to be measured: packet, feature, insert, live, drain.");
DEFINE_int32(rounds, 31, "How often each is measured.");

namespace weir::benchmarks {
namespace {

constexpr char kInterface[] = "weir_bench";

Effort EffortOfFlags() {
  if (FLAGS_quick)
    return {/*rounds=*/5, /*packets=*/10'000, /*few_flows=*/256, /*many_flows=*/4'096};
  return {FLAGS_rounds, /*packets=*/100'000, /*few_flows=*/1'024, /*many_flows=*/131'072};
}

sdk::Status Measure(Report* report) {
  const Effort& effort = report->effort;
  const std::vector<std::pair<std::string, std::function<Measurements()>>> sections = {
      {"packet", [&] { return MeasurePackets(effort); }},
      {"feature", [&] { return MeasureFeatures(effort); }},
      {"insert", [&] { return MeasureInsertions(effort); }},
      {"live", [&] { return MeasureLive(effort, kInterface); }},
      {"drain", [&] { return MeasureDraining(effort); }},
  };
  for (const auto& [section, measure] : sections) {
    if (!FLAGS_only.empty() && FLAGS_only != section) continue;
    Measurements some = measure();
    if (!some.ok()) return some.status();
    report->measurements.insert(report->measurements.end(), some->begin(), some->end());
  }
  sdk::Result<std::vector<ProgramSize>> programs = MeasurePrograms();
  if (!programs.ok()) return programs.status();
  report->programs = *std::move(programs);
  return sdk::OkStatus();
}

// Empty, or why an interface cannot be had.
std::string MakeInterface() {
  return sdk::testing::RunCommand({"sh", "-c",
                                   std::string("ip link add ") + kInterface +
                                       " type veth peer name other && ip link set other up && "
                                       "ip link set " +
                                       kInterface + " up"});
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "tools/bench datapath: %s\n", message.c_str());
  return 1;
}

int Run() {
  const sdk::testing::ScopedNetworkNamespace network;
  std::string why_not = network.why_not();
  if (why_not.empty()) why_not = MakeInterface();
  if (!why_not.empty()) {
    std::printf("SKIPPED: %s\n", why_not.c_str());
    return 0;
  }
  Report report;
  report.machine = ThisMachine();
  report.effort = EffortOfFlags();
  sdk::Status status = ebpf::RunOnCpu(ebpf::AvailableCpus().back());
  if (status.ok()) status = Measure(&report);
  if (status.code() == WEIR_PERMISSION_DENIED || status.code() == WEIR_UNIMPLEMENTED) {
    std::printf("SKIPPED: %s\n", status.message().c_str());
    return 0;
  }
  if (!status.ok()) return Fail(status.message());
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
  return weir::benchmarks::Run();
}
