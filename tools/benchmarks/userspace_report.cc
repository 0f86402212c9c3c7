// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/userspace_report.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/benchmarks/comparison.h"
#include "tools/benchmarks/measurement_json.h"

namespace weir::benchmarks {

namespace {

// A table of which rows and columns come in the order in which they were first named.
class Table {
 public:
  void Put(const std::string& row, const std::string& column, const std::string& text) {
    Note(row, &rows_);
    Note(column, &columns_);
    cells_[{row, column}] = text;
  }

  std::string ToString() const {
    std::string text = absl::StrFormat("%-42s", "");
    for (const std::string& column : columns_) absl::StrAppendFormat(&text, " %18s", column);
    for (const std::string& row : rows_) {
      absl::StrAppendFormat(&text, "\n%-42s", row);
      for (const std::string& column : columns_) {
        const auto cell = cells_.find({row, column});
        absl::StrAppendFormat(&text, " %18s", cell == cells_.end() ? "" : cell->second);
      }
    }
    return text + "\n";
  }

 private:
  static void Note(const std::string& name, std::vector<std::string>* names) {
    if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
  }

  std::vector<std::string> rows_;
  std::vector<std::string> columns_;
  std::map<std::pair<std::string, std::string>, std::string> cells_;
};

std::string StageTable(const StageCosts& stages) {
  Table table;
  for (const Measurement& measurement : stages.measurements) {
    table.Put(measurement.subject, measurement.traffic,
              absl::StrFormat("%.1f (%.1f)", measurement.ns.median, measurement.ratio));
  }
  for (const Footprint& footprint : stages.footprints) {
    table.Put(footprint.subject + ", bytes of a flow", footprint.traffic,
              absl::StrFormat("%.0f      ", footprint.bytes_per_flow));
  }
  return absl::StrCat(
      "Nanoseconds of processor time for a record, of all threads together; in brackets as a\n"
      "multiple of the first line.\n\n",
      table.ToString());
}

std::string ProcessTables(const ProcessCosts& processes) {
  std::string text;
  std::string traffic;
  for (const Measurement& measurement : processes.measurements) {
    if (measurement.traffic != traffic) {
      traffic = measurement.traffic;
      absl::StrAppendFormat(&text, "\nWhole programs: %s\n%-20s %12s %8s %10s %10s\n", traffic, "",
                            "ns a packet", "ratio", "flows", "peak MB");
    }
    absl::StrAppendFormat(&text, "%-20s %12.1f %8.3f", measurement.subject, measurement.ns.median,
                          measurement.ratio);
    for (const ProcessFacts& facts : processes.facts) {
      if (facts.program != measurement.subject || facts.traffic != traffic) continue;
      absl::StrAppendFormat(&text, " %10d %10.1f", facts.flows,
                            static_cast<double>(facts.peak_bytes) / 1e6);
    }
    text += "\n";
  }
  for (const std::string& sentence : processes.missing) {
    absl::StrAppend(&text, "SKIPPED: ", sentence, "\n");
  }
  return text;
}

std::string JsonOf(const Footprint& footprint) {
  return absl::StrFormat(R"({"subject": %s, "traffic": %s, "bytes_per_flow": %.1f})",
                         Quoted(footprint.subject), Quoted(footprint.traffic),
                         footprint.bytes_per_flow);
}

std::string JsonOf(const ProcessFacts& facts) {
  return absl::StrFormat(R"({"subject": %s, "traffic": %s, "flows": %d, "peak_bytes": %d})",
                         Quoted(facts.program), Quoted(facts.traffic), facts.flows,
                         facts.peak_bytes);
}

}  // namespace

std::string TextOf(const UserspaceReport& report) {
  std::string text = absl::StrFormat("%s,\nmedians of %d rounds. Take the ratios.\n",
                                     TextOf(report.machine), report.effort.rounds);
  if (!report.stages.measurements.empty()) text += StageTable(report.stages);
  return text + ProcessTables(report.processes);
}

std::string JsonOf(const UserspaceReport& report) {
  std::vector<Measurement> measurements = report.stages.measurements;
  measurements.insert(measurements.end(), report.processes.measurements.begin(),
                      report.processes.measurements.end());
  return absl::StrFormat(
      "{\n  %s\n  \"rounds\": %d,\n"
      "  \"measurements\": %s,\n  \"footprints\": %s,\n  \"programs\": %s\n}\n",
      JsonMembersOf(report.machine), report.effort.rounds, JsonList(measurements),
      JsonList(report.stages.footprints, [](const Footprint& one) { return JsonOf(one); }),
      JsonList(report.processes.facts, [](const ProcessFacts& one) { return JsonOf(one); }));
}

}  // namespace weir::benchmarks
