// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/telemetry/metrics.h"
#include "core/telemetry/stage_counters.h"

namespace weir::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(StageCountersTest, TheBalanceShowsUnaccountedRecords) {
  StageCounters counters;
  counters.AddReceived(100);
  counters.AddEmitted(50);
  counters.AddMerged(20);
  counters.AddFiltered(10);
  counters.AddDropped("queue_full", 4);
  counters.AddDropped("queue_full", 1);
  counters.SetHeld(7);
  counters.SetHeld(9);
  EXPECT_EQ(counters.Snapshot().Unaccounted(), 6);

  counters.DropUnaccounted("stage_failed");
  counters.DropHeld("stage_failed");
  const Balance balance = counters.Snapshot();
  EXPECT_EQ(balance.Unaccounted(), 0);
  EXPECT_EQ(balance.held, 0u);
  EXPECT_THAT(balance.dropped, ElementsAre(Pair("queue_full", 5), Pair("stage_failed", 15)));
}

TEST(StageCountersTest, TheBalanceShowsRecordsThatWereNeverReceived) {
  StageCounters counters;
  counters.AddReceived(1);
  counters.AddEmitted(3);
  counters.DropUnaccounted("stage_failed");
  EXPECT_EQ(counters.Snapshot().Unaccounted(), -2);
}

// A failure and a give-up can come at the same time.
TEST(StageCountersTest, RecordsThatTwoThreadsDropCountOnce) {
  constexpr int kTimes = 200'000;
  StageCounters counters;
  std::atomic<bool> begun{false};
  std::atomic<bool> done{false};
  std::thread failure([&] {
    while (!done) {
      counters.DropUnaccounted("stage_failed");
      counters.DropHeld("stage_failed");
      begun = true;
    }
  });
  while (!begun) std::this_thread::yield();
  for (int i = 0; i < kTimes; ++i) counters.DropInput("drain_timeout", 1);
  done = true;
  failure.join();
  const Balance balance = counters.Snapshot();
  EXPECT_EQ(balance.Unaccounted(), 0);
  EXPECT_THAT(balance.dropped, ElementsAre(Pair("drain_timeout", kTimes)));
}

TEST(BalanceTest, TheRestIsDroppedAtTheEnd) {
  StageCounters counters;
  counters.AddReceived(10);
  counters.AddEmitted(4);
  counters.SetHeld(5);
  Balance balance = counters.Snapshot();
  balance.DropRest("drain_timeout");
  EXPECT_EQ(balance.held, 0u);
  EXPECT_EQ(balance.Unaccounted(), 0);
  EXPECT_THAT(balance.dropped, ElementsAre(Pair("drain_timeout", 6)));
}

TEST(MetricRegistryTest, HasOneMetricForEachNameAndLabels) {
  MetricRegistry registry;
  Metric* const a = registry.Get(MetricKind::kCounter, {"weir_x_total", "a", ""}, "x");
  Metric* const b = registry.Get(MetricKind::kCounter, {"weir_x_total", "b", ""}, "x");
  EXPECT_NE(a, b);
  EXPECT_EQ(a, registry.Get(MetricKind::kCounter, {"weir_x_total", "a", ""}, "other help"));
  a->Add(2);
  b->Set(7);
  const std::vector<MetricSample> samples = registry.Snapshot();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].value, 2);
  EXPECT_EQ(samples[0].help, "x");
  EXPECT_EQ(samples[1].value, 7);
}

}  // namespace
}  // namespace weir::telemetry
