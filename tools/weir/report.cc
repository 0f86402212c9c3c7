// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/report.h"

#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace weir {
namespace {

std::string Amount(uint64_t number, std::string_view unit) {
  return absl::StrCat(number, " ", unit, number == 1 ? "" : "s");
}

}  // namespace

std::string Losses::ToString() const {
  std::vector<std::string> parts;
  if (packets > 0) parts.push_back(Amount(packets, "packet"));
  if (records > 0) parts.push_back(Amount(records, "record"));
  return parts.empty() ? "nothing" : absl::StrJoin(parts, ", ");
}

Losses RunReport::Lost() const {
  Losses lost;
  for (const StageResult& stage : stages) {
    if (stage.packets.has_value()) lost.packets += stage.packets->dropped;
    lost.records += stage.balance.DroppedTotal();
    if (!end.has_value()) continue;
    const int64_t unaccounted = stage.balance.Unaccounted();
    lost.records += stage.balance.held + (unaccounted > 0 ? static_cast<uint64_t>(unaccounted) : 0);
  }
  return lost;
}

std::optional<PacketCounts> PacketsOf(const std::string& stage,
                                      const std::vector<telemetry::MetricSample>& metrics) {
  std::map<std::string_view, uint64_t> counters;
  for (const telemetry::MetricSample& metric : metrics) {
    if (metric.name.stage != stage || !metric.name.reason.empty()) continue;
    counters[metric.name.name] = static_cast<uint64_t>(metric.value);
  }
  for (const auto& [name, dropped] : counters) {
    std::string_view prefix = name;
    if (!absl::ConsumeSuffix(&prefix, "_dropped_packets_total")) continue;
    const auto measured = counters.find(absl::StrCat(prefix, "_packets_total"));
    if (measured != counters.end()) return PacketCounts{measured->second, dropped};
  }
  return std::nullopt;
}

Reporter::Reporter(std::string file_name, std::vector<std::string> types,
                   const pipeline::Pipeline* pipeline, const telemetry::MetricRegistry* metrics,
                   const pipeline::Clock* clock)
    : file_name_(std::move(file_name)),
      types_(std::move(types)),
      pipeline_(pipeline),
      metrics_(metrics),
      clock_(clock),
      start_wall_ns_(clock->WallNs()),
      start_monotonic_ns_(clock->MonotonicNs()) {}

RunReport Reporter::Report(std::optional<RunEnd> end) const {
  RunReport report;
  report.pipeline = file_name_;
  report.start_wall_ns = start_wall_ns_;
  report.report_wall_ns = clock_->WallNs();
  report.run_ns = clock_->MonotonicNs() - start_monotonic_ns_;
  report.metrics = metrics_->Snapshot();
  for (pipeline::StageReport& stage : pipeline_->Report()) {
    StageResult result{stage.kind, std::move(stage.name), types_[report.stages.size()],
                       std::move(stage.balance), std::nullopt};
    if (result.kind == StageKind::kSource) result.packets = PacketsOf(result.name, report.metrics);
    report.stages.push_back(std::move(result));
  }
  report.end = std::move(end);
  return report;
}

}  // namespace weir
