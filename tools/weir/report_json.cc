// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "core/plugin/version.h"
#include "core/record/json.h"
#include "core/record/text.h"
#include "tools/weir/report.h"

namespace weir {
namespace {

std::string Text(std::string_view text) {
  std::string json(MaxJsonStringBytes(text.size()) + kScratchBytes, '\0');
  json.resize(static_cast<size_t>(WriteJsonString(text, json.data()) - json.data()));
  return json;
}

std::string TextOrNull(std::string_view text) { return text.empty() ? "null" : Text(text); }

std::string Time(int64_t wall_ns) {
  return Text(
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixNanos(wall_ns), absl::UTCTimeZone()));
}

std::string StageObject(const StageResult& stage) {
  const telemetry::Balance& balance = stage.balance;
  std::vector<std::string> reasons;
  for (const auto& [reason, records] : balance.dropped) {
    reasons.push_back(absl::StrCat(Text(reason), ": ", records));
  }
  std::string json = absl::StrCat(
      "{\"kind\": ", Text(StageKindName(stage.kind)), ", \"name\": ", Text(stage.name),
      ", \"type\": ", Text(stage.type), ",\n     \"records\": {\"received\": ", balance.received,
      ", \"emitted\": ", balance.emitted, ", \"merged\": ", balance.merged,
      ", \"filtered\": ", balance.filtered, ", \"dropped\": ", balance.DroppedTotal());
  absl::StrAppend(&json, ", \"held\": ", balance.held, ", \"unaccounted\": ", balance.Unaccounted(),
                  "},\n     \"dropped_by_reason\": {", absl::StrJoin(reasons, ", "), "}");
  if (stage.packets.has_value()) {
    absl::StrAppend(&json, ",\n     \"packets\": {\"measured\": ", stage.packets->measured,
                    ", \"dropped\": ", stage.packets->dropped, "}");
  }
  return json + "}";
}

std::string MetricObject(const telemetry::MetricSample& metric) {
  std::vector<std::string> labels;
  if (!metric.name.stage.empty()) {
    labels.push_back(absl::StrCat("\"stage\": ", Text(metric.name.stage)));
  }
  if (!metric.name.reason.empty()) {
    labels.push_back(absl::StrCat("\"reason\": ", Text(metric.name.reason)));
  }
  const char* const kind = metric.kind == telemetry::MetricKind::kCounter ? "counter" : "gauge";
  return absl::StrCat("{\"name\": ", Text(metric.name.name), ", \"kind\": \"", kind,
                      "\", \"labels\": {", absl::StrJoin(labels, ", "),
                      "}, \"value\": ", metric.value, "}");
}

// "[", the objects, a line each, and "]".
template <typename T>
std::string Array(const std::vector<T>& values, std::string (*object)(const T&)) {
  std::vector<std::string> objects;
  objects.reserve(values.size());
  for (const T& value : values) objects.push_back("\n    " + object(value));
  return absl::StrCat("[", absl::StrJoin(objects, ","), "\n  ]");
}

}  // namespace

std::string ReportJson(const RunReport& report) {
  const Losses lost = report.Lost();
  const RunEnd end = report.end.value_or(RunEnd());
  return absl::StrCat(
      "{\n  \"version\": ", kReportVersion, ",\n  \"weir\": ", Text(plugin::kVersion),
      ",\n  \"pipeline\": ", Text(report.pipeline),
      ",\n  \"state\": ", Text(report.end.has_value() ? "ended" : "running"),
      ",\n  \"exit_code\": ", report.end.has_value() ? absl::StrCat(end.exit_code) : "null",
      ",\n  \"reason\": ", TextOrNull(end.reason), ",\n  \"error\": ", TextOrNull(end.error),
      ",\n  \"start_time\": ", Time(report.start_wall_ns),
      ",\n  \"report_time\": ", Time(report.report_wall_ns),
      ",\n  \"run_seconds\": ", absl::StrFormat("%.3f", static_cast<double>(report.run_ns) / 1e9),
      ",\n  \"lost\": {\"packets\": ", lost.packets, ", \"records\": ", lost.records,
      "},\n  \"stages\": ", Array(report.stages, StageObject),
      ",\n  \"metrics\": ", Array(report.metrics, MetricObject), "\n}\n");
}

}  // namespace weir
