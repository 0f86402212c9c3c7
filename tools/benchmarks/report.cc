// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/benchmarks/measurement_json.h"

namespace weir::benchmarks {

namespace {

std::string TitleOf(const Measurement& measurement) {
  const std::string& section = measurement.section;
  const std::string traffic = measurement.traffic;
  if (section == "packet") return absl::StrCat("A packet of a known flow: ", traffic);
  if (section == "feature") return absl::StrCat("The same by setting: ", traffic);
  if (section == "insert") return absl::StrCat("The first packet of a flow: ", traffic);
  if (section == "live") {
    return absl::StrCat("Processor time of a packet at an interface: ", traffic);
  }
  return absl::StrCat("Taking an entry out of a table: ", traffic);
}

std::string LineOf(const Measurement& measurement) {
  const Summary& ns = measurement.ns;
  std::string line = absl::StrFormat("%-40s %8.1f %8.1f %8.1f %8.1f", measurement.subject,
                                     ns.median, ns.min, ns.low, ns.high);
  if (!measurement.baseline.empty()) {
    absl::StrAppendFormat(&line, " %7.2f of %s", measurement.ratio, measurement.baseline);
  }
  return line + "\n";
}

std::string JsonOf(const ProgramSize& program) {
  return absl::StrFormat(
      R"({"name": %s, "verified": %d, "translated": %d, "machine_code_bytes": %d})",
      Quoted(program.name), program.verified, program.translated, program.machine_code);
}

}  // namespace

std::string TextOf(const Report& report) {
  std::string text = absl::StrFormat(
      "%s,\n%d rounds of %d packets. Nanoseconds; what stands under a first\n"
      "line without a ratio is what it costs more than that line. Take the ratios.\n",
      TextOf(report.machine), report.effort.rounds, report.effort.packets);
  std::string title;
  for (const Measurement& measurement : report.measurements) {
    if (TitleOf(measurement) != title) {
      title = TitleOf(measurement);
      absl::StrAppendFormat(&text, "\n%s\n%-40s %8s %8s %8s %8s %7s\n", title, "", "median", "min",
                            "10 %", "90 %", "ratio");
    }
    text += LineOf(measurement);
  }
  absl::StrAppendFormat(&text, "\nPrograms\n%-45s %10s %12s %14s\n", "", "verified", "translated",
                        "machine code");
  for (const ProgramSize& program : report.programs) {
    absl::StrAppendFormat(&text, "%-45s %10d %12d %8d bytes\n", program.name, program.verified,
                          program.translated, program.machine_code);
  }
  return text;
}

std::string JsonOf(const Report& report) {
  return absl::StrFormat(
      "{\n  %s\n  \"rounds\": %d,\n  \"packets\": %d,\n"
      "  \"measurements\": %s,\n  \"programs\": %s\n}\n",
      JsonMembersOf(report.machine), report.effort.rounds, report.effort.packets,
      JsonList(report.measurements),
      JsonList(report.programs, [](const ProgramSize& one) { return JsonOf(one); }));
}

}  // namespace weir::benchmarks
