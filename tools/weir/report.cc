// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/report.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace weir {
namespace {

std::string StageLabel(const pipeline::StageReport& stage) {
  return StageTitle(stage.kind, stage.name);
}

std::string Row(size_t label_width, std::string_view label,
                const std::vector<std::string>& columns) {
  std::string row(label);
  row.resize(std::max(label_width, row.size()), ' ');
  for (const std::string& column : columns) absl::StrAppendFormat(&row, " %12s", column);
  return row + "\n";
}

// What does not fit into columns; empty for a stage that lost nothing.
std::string Remarks(const pipeline::StageReport& stage) {
  std::string text;
  for (const auto& [reason, records] : stage.balance.dropped) {
    absl::StrAppend(&text, StageLabel(stage), ": ", records, " dropped: ", reason, "\n");
  }
  const int64_t missing = stage.balance.Unaccounted();
  if (missing != 0) {
    absl::StrAppend(&text, StageLabel(stage), ": the balance does not hold: ", missing,
                    " records are unaccounted for\n");
  }
  return text;
}

}  // namespace

std::string BalanceTable(const std::vector<pipeline::StageReport>& stages) {
  size_t width = 0;
  for (const pipeline::StageReport& stage : stages) {
    width = std::max(width, StageLabel(stage).size());
  }
  std::string text =
      Row(width, "records", {"received", "emitted", "merged", "filtered", "dropped", "held"});
  std::string remarks;
  for (const pipeline::StageReport& stage : stages) {
    const telemetry::Balance& balance = stage.balance;
    text += Row(width, StageLabel(stage),
                {absl::StrCat(balance.received), absl::StrCat(balance.emitted),
                 absl::StrCat(balance.merged), absl::StrCat(balance.filtered),
                 absl::StrCat(balance.DroppedTotal()), absl::StrCat(balance.held)});
    remarks += Remarks(stage);
  }
  return text + remarks;
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

}  // namespace weir
