// SPDX-License-Identifier: Apache-2.0
// The report of a run: what became of all records and packets. One structure; ReportText prints
// it on stderr, ReportJson writes it for programs (--report=FILE).
#ifndef WEIR_TOOLS_WEIR_REPORT_H_
#define WEIR_TOOLS_WEIR_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/metrics.h"
#include "core/telemetry/stage_counters.h"

namespace weir {

// The version of the JSON form. It grows when a key changes its meaning or goes; keys may be
// added without notice.
inline constexpr int kReportVersion = 1;

// The packets of a source.
struct PacketCounts {
  uint64_t measured = 0;  // dropped ones included
  uint64_t dropped = 0;   // in no record
};

struct StageResult {
  StageKind kind;
  std::string name;
  std::string type;
  telemetry::Balance balance;
  std::optional<PacketCounts> packets;  // of a source that counts them
};

// What a run has lost so far.
struct Losses {
  uint64_t packets = 0;
  // Dropped ones. At the end of the run also those that a stage still holds or has not accounted
  // for.
  uint64_t records = 0;

  bool any() const { return packets > 0 || records > 0; }
  // "379 packets, 12 records", or "nothing".
  std::string ToString() const;
};

struct RunEnd {
  int exit_code = 0;
  std::string reason;  // why the run ended, as "Terminated"
  std::string error;   // empty: none
};

struct RunReport {
  std::string pipeline;  // the file, as messages name it
  int64_t start_wall_ns = 0;
  int64_t report_wall_ns = 0;
  uint64_t run_ns = 0;  // on the monotonic clock
  std::vector<StageResult> stages;
  std::vector<telemetry::MetricSample> metrics;
  std::optional<RunEnd> end;  // none while the pipeline runs

  Losses Lost() const;
};

// The packets of the source `stage`: its counters P_packets_total and P_dropped_packets_total, for
// whatever P has both.
std::optional<PacketCounts> PacketsOf(const std::string& stage,
                                      const std::vector<telemetry::MetricSample>& metrics);

// Makes reports of one run. Any thread.
class Reporter {
 public:
  // `types` has the component type of each stage, in the order of `pipeline`. The run starts now.
  // The pointers must outlive the reporter.
  Reporter(std::string file_name, std::vector<std::string> types,
           const pipeline::Pipeline* pipeline, const telemetry::MetricRegistry* metrics,
           const pipeline::Clock* clock);

  RunReport Report(std::optional<RunEnd> end) const;

 private:
  const std::string file_name_;
  const std::vector<std::string> types_;
  const pipeline::Pipeline* const pipeline_;
  const telemetry::MetricRegistry* const metrics_;
  const pipeline::Clock* const clock_;
  const int64_t start_wall_ns_;
  const uint64_t start_monotonic_ns_;
};

// A table of records with a row for each stage, one of packets, why records were dropped, a line
// "lost: ...", and a line for each metric that is not zero, as "name{stage="flows"} 12".
std::string ReportText(const RunReport& report);

// A JSON object and a newline. Its shape is described in docs/reference.
std::string ReportJson(const RunReport& report);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_REPORT_H_
