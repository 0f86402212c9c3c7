// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

telemetry::MetricSample Counter(const std::string& name, const std::string& stage,
                                const std::string& reason, int64_t value) {
  return {{name, stage, reason}, telemetry::MetricKind::kCounter, "", value};
}

// A source that dropped packets, and a sink that lost 4 records, holds 2 and forgot 1.
RunReport LossyReport() {
  StageResult flows{StageKind::kSource, "flows", "ebpf_map", {}, PacketCounts{1000, 379}};
  flows.balance.received = flows.balance.emitted = 14;
  StageResult console{StageKind::kSink, "console", "stdout", {}, std::nullopt};
  console.balance.received = 14;
  console.balance.emitted = 7;
  console.balance.held = 2;
  console.balance.dropped["reader_gone"] = 4;
  RunReport report;
  report.pipeline = "a \"b\".textproto";
  report.start_wall_ns = 1'661'272'402'123'456'789;
  report.report_wall_ns = report.start_wall_ns + 2'500'000'000;
  report.run_ns = 2'500'000'000;
  report.stages = {flows, console};
  report.metrics = {Counter("weir_a_total", "flows", "", 3),
                    Counter("weir_b_total", "flows", "full", 1),
                    Counter("weir_c_total", "flows", "", 0)};
  return report;
}

TEST(ReportTest, TheTextShowsTheBalanceAndAllLosses) {
  RunReport report = LossyReport();
  report.end = RunEnd{0, "Terminated", ""};
  EXPECT_EQ(ReportText(report),
            "records            received      emitted       merged     filtered      dropped"
            "         held\n"
            "source 'flows'           14           14            0            0            0"
            "            0\n"
            "sink 'console'           14            7            0            0            4"
            "            2\n"
            "packets            measured      dropped\n"
            "source 'flows'         1000          379\n"
            "sink 'console': 4 dropped: reader_gone\n"
            "sink 'console': the balance does not hold: 1 records are unaccounted for\n"
            "lost: 379 packets, 7 records\n"
            "weir_a_total{stage=\"flows\"} 3\n"
            "weir_b_total{stage=\"flows\",reason=\"full\"} 1\n");
}

TEST(ReportTest, NothingIsLostOfWhatARunningStageHolds) {
  RunReport report = LossyReport();
  EXPECT_EQ(report.Lost().ToString(), "379 packets, 4 records");
  report.stages[1].balance.dropped["reader_gone"] = 1;
  report.stages[0].packets.reset();
  EXPECT_EQ(report.Lost().ToString(), "1 record");
  report.stages[1].balance.dropped.clear();
  EXPECT_FALSE(report.Lost().any());
  EXPECT_THAT(ReportText(report), HasSubstr("lost: nothing\n"));
  EXPECT_THAT(ReportText(report), Not(HasSubstr("packets ")));
}

TEST(ReportTest, ACallInProgressIsNoViolationOfTheBalance) {
  RunReport report = LossyReport();
  EXPECT_THAT(ReportText(report), HasSubstr("sink 'console': 1 being processed\n"));
  EXPECT_THAT(ReportText(report), Not(HasSubstr("balance")));
  // `received` was read before the stage took and emitted a batch.
  report.stages[1].balance.emitted = 100;
  EXPECT_THAT(ReportText(report), Not(HasSubstr("being processed")));
  EXPECT_THAT(ReportText(report), Not(HasSubstr("balance")));
  report.end = RunEnd{0, "Terminated", ""};
  EXPECT_THAT(ReportText(report),
              HasSubstr("sink 'console': the balance does not hold: -92 records are unaccounted"));
}

TEST(ReportTest, TheJsonSaysTheSame) {
  RunReport report = LossyReport();
  report.end = RunEnd{4, "Terminated", ""};
  EXPECT_EQ(ReportJson(report), R"({
  "version": 1,
  "weir": "0.1.0",
  "pipeline": "a \"b\".textproto",
  "state": "ended",
  "exit_code": 4,
  "reason": "Terminated",
  "error": null,
  "start_time": "2022-08-23T16:33:22.123Z",
  "report_time": "2022-08-23T16:33:24.623Z",
  "run_seconds": 2.500,
  "lost": {"packets": 379, "records": 7},
  "stages": [
    {"kind": "source", "name": "flows", "type": "ebpf_map",
     "records": {"received": 14, "emitted": 14, "merged": 0, "filtered": 0, "dropped": 0, "held": 0, "unaccounted": 0},
     "dropped_by_reason": {},
     "packets": {"measured": 1000, "dropped": 379}},
    {"kind": "sink", "name": "console", "type": "stdout",
     "records": {"received": 14, "emitted": 7, "merged": 0, "filtered": 0, "dropped": 4, "held": 2, "unaccounted": 1},
     "dropped_by_reason": {"reader_gone": 4}}
  ],
  "metrics": [
    {"name": "weir_a_total", "kind": "counter", "labels": {"stage": "flows"}, "value": 3},
    {"name": "weir_b_total", "kind": "counter", "labels": {"stage": "flows", "reason": "full"}, "value": 1},
    {"name": "weir_c_total", "kind": "counter", "labels": {"stage": "flows"}, "value": 0}
  ]
}
)");
}

TEST(ReportTest, ARunningPipelineHasNoEnd) {
  const std::string json = ReportJson(LossyReport());
  EXPECT_THAT(json, HasSubstr("\"state\": \"running\",\n  \"exit_code\": null,\n"
                              "  \"reason\": null,\n  \"error\": null,\n"));
}

TEST(ReportTest, PacketsAreAPairOfCountersOfTheStage) {
  const std::vector<telemetry::MetricSample> metrics = {
      Counter("weir_datapath_dropped_packets_total", "flows", "", 5),
      Counter("weir_datapath_packets_total", "flows", "", 100),
      Counter("weir_datapath_table_packets_total", "flows", "", 95),
      Counter("weir_other_dropped_packets_total", "alone", "", 7),
      Counter("weir_x_dropped_packets_total", "by_reason", "why", 7),
      Counter("weir_x_packets_total", "by_reason", "", 9)};
  const std::optional<PacketCounts> packets = PacketsOf("flows", metrics);
  ASSERT_TRUE(packets.has_value());
  EXPECT_EQ(packets->measured, 100u);
  EXPECT_EQ(packets->dropped, 5u);
  EXPECT_FALSE(PacketsOf("alone", metrics).has_value());
  EXPECT_FALSE(PacketsOf("by_reason", metrics).has_value());
  EXPECT_FALSE(PacketsOf("none", metrics).has_value());
}

}  // namespace
}  // namespace weir
