// SPDX-License-Identifier: Apache-2.0
// `tools/bench sinks`: what each sink costs beside one that does nothing.
// docs/explanation/benchmarks.md says how it is measured, and what the figures mean.
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/plugin/catalogue.h"
#include "plugins/sdk/status.h"
#include "tools/benchmarks/machine.h"
#include "tools/benchmarks/measurement_json.h"
#include "tools/benchmarks/silence.h"
#include "tools/benchmarks/sink_costs.h"

DEFINE_bool(quick, false, "Measure little: shows that it works, and no more.");
DEFINE_string(json, "", "Also write what was measured to this file.");
DEFINE_int32(rounds, 15, "How often each is measured.");

namespace weir::benchmarks {
namespace {

double RateOf(const std::string& subject, const SinkCosts& costs) {
  for (const SinkRate& rate : costs.rates) {
    if (rate.subject == subject) return rate.records_per_second;
  }
  return 0;
}

std::string TextOf(const SinkCosts& costs) {
  std::string text =
      absl::StrFormat("%-22s %12s %8s %18s\n", "", "ns a record", "ratio", "million records/s");
  for (const Measurement& measurement : costs.measurements) {
    absl::StrAppendFormat(&text, "%-22s %12.1f %8.2f", measurement.subject, measurement.ns.median,
                          measurement.ratio);
    const double rate = RateOf(measurement.subject, costs);
    if (rate > 0) absl::StrAppendFormat(&text, " %18.2f", rate / 1e6);
    text += "\n";
  }
  for (const std::string& sentence : costs.missing) {
    absl::StrAppend(&text, "SKIPPED: ", sentence, "\n");
  }
  return text;
}

std::string JsonOf(const SinkRate& rate) {
  return absl::StrFormat(R"({"subject": %s, "records_per_second": %.0f})", Quoted(rate.subject),
                         rate.records_per_second);
}

std::string JsonOf(const Machine& machine, const SinkEffort& effort, const SinkCosts& costs) {
  return absl::StrFormat(
      "{\n  %s\n  \"rounds\": %d,\n  \"records\": %d,\n"
      "  \"measurements\": %s,\n  \"rates\": %s\n}\n",
      JsonMembersOf(machine), effort.rounds, effort.records, JsonList(costs.measurements),
      JsonList(costs.rates, [](const SinkRate& one) { return JsonOf(one); }));
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "tools/bench sinks: %s\n", message.c_str());
  return 1;
}

sdk::Result<SinkCosts> Measure(const std::string& tree, const SinkEffort& effort) {
  plugin::Catalogue catalogue;
  if (absl::Status status = catalogue.AddPath(tree + "/lib/weir/plugins"); !status.ok()) {
    return status;
  }
  const Silence silence;
  if (!silence.works()) return sdk::Status(WEIR_UNKNOWN, "standard output cannot be put aside");
  return MeasureSinks(effort, catalogue, tree + "/bin/weir");
}

// `program` is this one's name: what it measures lies beside it.
int Run(const std::string& program) {
  const std::filesystem::path folder = std::filesystem::path(program).parent_path();
  SinkEffort effort;
  effort.rounds = FLAGS_quick ? 2 : FLAGS_rounds;
  effort.records = FLAGS_quick ? 8'192 : 262'144;
  sdk::Result<SinkCosts> costs = Measure((folder.parent_path() / "tree").string(), effort);
  if (!costs.ok()) return Fail(costs.status().message());
  const Machine machine = ThisMachine();
  std::printf("%s,\nmedians of %d rounds. Take the ratios.\n%s", TextOf(machine).c_str(),
              effort.rounds, TextOf(*costs).c_str());
  if (FLAGS_json.empty()) return 0;
  std::ofstream json(FLAGS_json);
  json << JsonOf(machine, effort, *costs);
  json.close();
  return json ? 0 : Fail("cannot write " + FLAGS_json);
}

}  // namespace
}  // namespace weir::benchmarks

int main(int argc, char** argv) {
  gflags::ParseCommandLineFlags(&argc, &argv, /*remove_flags=*/true);
  google::InitGoogleLogging(argv[0]);
  FLAGS_minloglevel = google::GLOG_WARNING;  // which files were completed, nobody wants to know
  return weir::benchmarks::Run(argv[0]);
}
