// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/weir/report.h"

namespace weir {
namespace {

std::string LabelOf(const StageResult& stage) { return StageTitle(stage.kind, stage.name); }

size_t LabelWidth(const std::vector<StageResult>& stages) {
  size_t width = 0;
  for (const StageResult& stage : stages) width = std::max(width, LabelOf(stage).size());
  return width;
}

std::string Row(size_t label_width, std::string_view label,
                const std::vector<std::string>& columns) {
  std::string row(label);
  row.resize(std::max(label_width, row.size()), ' ');
  for (const std::string& column : columns) absl::StrAppendFormat(&row, " %12s", column);
  return row + "\n";
}

std::string RecordTable(const std::vector<StageResult>& stages, size_t width) {
  std::string text =
      Row(width, "records", {"received", "emitted", "merged", "filtered", "dropped", "held"});
  for (const StageResult& stage : stages) {
    const telemetry::Balance& balance = stage.balance;
    text += Row(width, LabelOf(stage),
                {absl::StrCat(balance.received), absl::StrCat(balance.emitted),
                 absl::StrCat(balance.merged), absl::StrCat(balance.filtered),
                 absl::StrCat(balance.DroppedTotal()), absl::StrCat(balance.held)});
  }
  return text;
}

// Empty if no source counts packets.
std::string PacketTable(const std::vector<StageResult>& stages, size_t width) {
  std::string rows;
  for (const StageResult& stage : stages) {
    if (!stage.packets.has_value()) continue;
    rows += Row(width, LabelOf(stage),
                {absl::StrCat(stage.packets->measured), absl::StrCat(stage.packets->dropped)});
  }
  return rows.empty() ? "" : Row(width, "packets", {"measured", "dropped"}) + rows;
}

// Why the stage dropped records, and what the columns of the table do not add up to: while it runs,
// the records of the calls in progress; at the end, a violation of the balance.
std::string Remarks(const StageResult& stage, bool running) {
  std::string text;
  for (const auto& [reason, records] : stage.balance.dropped) {
    absl::StrAppend(&text, LabelOf(stage), ": ", records, " dropped: ", reason, "\n");
  }
  const int64_t missing = stage.balance.Unaccounted();
  if (running) {
    // The counters are not read at one instant, so the difference may also be negative.
    if (missing > 0) absl::StrAppend(&text, LabelOf(stage), ": ", missing, " being processed\n");
  } else if (missing != 0) {
    absl::StrAppend(&text, LabelOf(stage), ": the balance does not hold: ", missing,
                    " records are unaccounted for\n");
  }
  return text;
}

std::string MetricLines(const std::vector<telemetry::MetricSample>& metrics) {
  std::string text;
  for (const telemetry::MetricSample& metric : metrics) {
    if (metric.value == 0) continue;
    std::vector<std::string> labels;
    if (!metric.name.stage.empty()) {
      labels.push_back(absl::StrCat("stage=\"", metric.name.stage, "\""));
    }
    if (!metric.name.reason.empty()) {
      labels.push_back(absl::StrCat("reason=\"", metric.name.reason, "\""));
    }
    absl::StrAppend(&text, metric.name.name, "{", absl::StrJoin(labels, ","), "} ", metric.value,
                    "\n");
  }
  return text;
}

}  // namespace

std::string ReportText(const RunReport& report) {
  const size_t width = LabelWidth(report.stages);
  std::string text = RecordTable(report.stages, width) + PacketTable(report.stages, width);
  for (const StageResult& stage : report.stages) {
    text += Remarks(stage, !report.end.has_value());
  }
  return absl::StrCat(text, "lost: ", report.Lost().ToString(), "\n", MetricLines(report.metrics));
}

}  // namespace weir
