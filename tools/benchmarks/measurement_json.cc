// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/measurement_json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace weir::benchmarks {

// Names and traffics have no control characters.
std::string Quoted(std::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::string JsonOf(const Measurement& measurement) {
  const Summary& ns = measurement.ns;
  std::string json =
      absl::StrFormat(R"({"section": %s, "subject": %s, "traffic": %s, )"
                      R"("ns": {"median": %.3f, "min": %.3f, "low": %.3f, "high": %.3f})",
                      Quoted(measurement.section), Quoted(measurement.subject),
                      Quoted(measurement.traffic), ns.median, ns.min, ns.low, ns.high);
  if (!measurement.baseline.empty()) {
    absl::StrAppendFormat(&json, R"(, "baseline": %s, "ratio": %.4f)", Quoted(measurement.baseline),
                          measurement.ratio);
  }
  if (!measurement.floor.empty()) {
    absl::StrAppendFormat(&json, R"(, "floor": %s)", Quoted(measurement.floor));
  }
  return json + "}";
}

}  // namespace weir::benchmarks
