// SPDX-License-Identifier: Apache-2.0
// Which flows are evicted, when, in what order, in what portions, and what is reported.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "core/record/constants.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "transforms/accounter/accounter.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

constexpr uint64_t kSecond = 1'000'000'000;

std::unique_ptr<AccounterTransform> Make(FakeHost* host, const Accounter& config) {
  auto made = MakeComponent<AccounterTransform>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

Accounter Config(uint32_t max_entries, Accounter::Eviction eviction = Accounter::ALL) {
  Accounter config;
  config.set_max_entries(max_entries);
  config.set_eviction(eviction);
  return config;
}

Record OfFlow(uint32_t flow) {
  Record record{};
  record.if_index = flow;
  record.packets = 1;
  return record;
}

// One record for each of `flows` flows, starting with `first`.
std::vector<Record> OfFlows(uint32_t first, uint32_t flows) {
  std::vector<Record> records;
  for (uint32_t i = 0; i < flows; ++i) records.push_back(OfFlow(first + i));
  return records;
}

std::vector<uint32_t> FlowsOf(const std::vector<Record>& records) {
  std::vector<uint32_t> flows;
  for (const Record& record : records) flows.push_back(record.if_index);
  return flows;
}

std::vector<uint32_t> Range(uint32_t first, uint32_t count) {
  std::vector<uint32_t> range(count);
  std::iota(range.begin(), range.end(), first);
  return range;
}

FlowEndReason ReasonOf(const Record& record) {
  EXPECT_TRUE((record.present & WEIR_HAS_FLOW_END_REASON) != 0);
  return static_cast<FlowEndReason>(record.flow_end_reason);
}

// A record that says why it ended.
Record WithEndReason(Record record, FlowEndReason reason) {
  record.present |= WEIR_HAS_FLOW_END_REASON;
  record.flow_end_reason = static_cast<uint8_t>(reason);
  return record;
}

TEST(AccounterEvictionTest, FlowsGoOnInTheOrderOfTheirComingInFullBatches) {
  FakeHost host;
  Accounter config = Config(20'000);
  config.set_batch_records(100);
  const auto accounter = Make(&host, config);
  ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(1, 1050)).ok());
  ASSERT_TRUE(accounter->Flush().ok());
  ASSERT_EQ(host.batches().size(), 11u);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(host.batches()[i].records.size(), 100u);
  EXPECT_EQ(FlowsOf(host.records()), Range(1, 1050));
}

// Whatever the number of flows: a record waits for at most four rows per record and a batch, all
// flows are emitted before the table is full again, and the order is kept.
TEST(AccounterEvictionTest, EvictionOfALargeTableDoesNotHoldUpRecords) {
  constexpr uint32_t kFlows = 100'000;
  FakeHost host;
  const auto accounter = Make(&host, Config(kFlows));
  ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(0, kFlows)).ok());
  ASSERT_TRUE(host.TakeRecords().empty());
  std::vector<uint32_t> out;
  uint32_t calls = 0;
  for (uint32_t fed = kFlows; out.size() < kFlows; fed += 200, ++calls) {
    ASSERT_LT(fed, 2 * kFlows) << "not done before the table is full again";
    ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(fed, 200)).ok());
    host.ExpectBalanced();
    const std::vector<uint32_t> now = FlowsOf(host.TakeRecords());
    ASSERT_LE(now.size(), 200 * AccounterTransform::kRowsPerRecord + 2 * 256);
    out.insert(out.end(), now.begin(), now.end());
  }
  EXPECT_EQ(out, Range(0, kFlows));
  EXPECT_NEAR(calls, kFlows / (200 * AccounterTransform::kRowsPerRecord), 2);
  EXPECT_EQ(host.metric("weir_accounter_evicted_flows_total", "table_full"), kFlows);
}

// If no records come, ticks emit the flows; they are frequent if there can be many flows.
TEST(AccounterEvictionTest, TicksFinishAnEviction) {
  constexpr uint32_t kFlows = 200'000;
  FakeHost host;
  const auto accounter = Make(&host, Config(kFlows));
  EXPECT_EQ(accounter->TickIntervalNs(), 50'000'000u);
  ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(0, kFlows)).ok());
  uint64_t now_ns = FakeHost::kMonotonicNs;
  const auto tick = [&](uint64_t step_ns) {
    now_ns += step_ns;
    ASSERT_TRUE(accounter->Tick(now_ns).ok());
    host.ExpectBalanced();
  };
  tick(5 * kSecond - 1);
  EXPECT_TRUE(host.records().empty());
  tick(1);  // evict_timeout
  std::vector<uint32_t> out;
  for (int ticks = 1; out.size() < kFlows; ++ticks) {
    ASSERT_LE(ticks, 4);
    const std::vector<uint32_t> now = FlowsOf(host.TakeRecords());
    ASSERT_LE(now.size(), AccounterTransform::kRowsPerTick + 256);
    out.insert(out.end(), now.begin(), now.end());
    tick(50'000'000);
  }
  EXPECT_EQ(out, Range(0, kFlows));
  EXPECT_EQ(host.counts().held, 0u);
}

// Whatever fails in between, nothing is lost without a count; Flush finishes the eviction.
TEST(AccounterEvictionTest, AnEvictionThatFailsInTheMiddleIsBalanced) {
  constexpr uint32_t kFlows = 20'000;
  for (const bool memory : {false, true}) {
    FakeHost host;
    const auto accounter = Make(&host, Config(kFlows));
    ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(0, kFlows + 300)).ok());
    ASSERT_GT(host.TakeRecords().size(), 0u);
    host.ExpectBalanced();
    weir_batch* const batch = host.MakeBatch({OfFlow(1)});
    host.FailEmits(memory ? WEIR_OK : WEIR_CANCELLED);
    host.FailAllocations(memory);
    for (int i = 0; i < 3; ++i) {
      // A batch may have room for some more rows.
      while (host.FeedBatch(accounter.get(), batch).ok()) host.ExpectBalanced();
      host.ExpectBalanced();
    }
    host.host()->batch_release(batch);
    host.FailEmits(WEIR_OK);
    host.FailAllocations(false);
    ASSERT_TRUE(accounter->Flush().ok());
    EXPECT_EQ(host.counts().held, 0u);
    host.ExpectBalanced();
  }
}

TEST(AccounterEvictionTest, OldestGoesAloneWhenTheTableIsFull) {
  FakeHost host;
  const auto accounter = Make(&host, Config(100, Accounter::OLDEST));
  ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(0, 100)).ok());
  // Ordered by the arrival of a flow, not by its last record.
  ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(0, 50)).ok());
  ASSERT_TRUE(host.TakeRecords().empty());
  ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(100, 30)).ok());
  const std::vector<Record> out = host.TakeRecords();
  EXPECT_EQ(FlowsOf(out), Range(0, 30));
  for (const Record& record : out) {
    EXPECT_EQ(record.packets, 2u);
    EXPECT_EQ(ReasonOf(record), FlowEndReason::kLackOfResources);
  }
  EXPECT_EQ(host.counts().held, 100u);
  // A tick does not empty the table either.
  ASSERT_TRUE(accounter->Tick(FakeHost::kMonotonicNs + 3600 * kSecond).ok());
  EXPECT_EQ(host.counts().held, 100u);
  ASSERT_TRUE(accounter->Flush().ok());
  EXPECT_EQ(FlowsOf(host.records()), Range(30, 100));
  EXPECT_EQ(host.metric("weir_accounter_evicted_flows_total", "table_full"), 30);
  EXPECT_EQ(host.metric("weir_accounter_evicted_flows_total", "flush"), 100);
  host.ExpectBalanced();
}

// The same compared with a queue, with records of held flows in between.
TEST(AccounterEvictionTest, OldestIsAlwaysTheOneThatCameFirst) {
  std::mt19937 random(11);
  FakeHost host;
  const auto accounter = Make(&host, Config(500, Accounter::OLDEST));
  std::vector<uint32_t> came;  // in order
  size_t gone = 0;
  std::vector<uint32_t> expected;
  for (int step = 0; step < 300; ++step) {
    std::vector<Record> records;
    for (int i = 0; i < 100; ++i) {
      const uint32_t flow = random() % 700;
      records.push_back(OfFlow(flow));
      const auto begin = came.begin() + static_cast<std::ptrdiff_t>(gone);
      if (std::find(begin, came.end(), flow) != came.end()) continue;
      if (came.size() - gone == 500) expected.push_back(came[gone++]);
      came.push_back(flow);
    }
    ASSERT_TRUE(host.Feed(accounter.get(), records).ok());
    host.ExpectBalanced();
    ASSERT_EQ(FlowsOf(host.TakeRecords()), expected);
    expected.clear();
  }
  EXPECT_EQ(host.counts().held, 500u);
}

TEST(AccounterEvictionTest, RecordsTellWhyTheirFlowEnded) {
  FakeHost host;
  Accounter config = Config(3, Accounter::OLDEST);
  config.set_active_timeout("10s");
  config.set_idle_timeout("4s");
  const auto accounter = Make(&host, config);
  EXPECT_EQ(accounter->TickIntervalNs(), kSecond * 4 / 10);
  Record closed = OfFlow(2);
  closed.present = WEIR_HAS_TCP_FLAGS;
  closed.tcp_flags = 0x11;  // FIN, ACK
  const Record shed = WithEndReason(OfFlow(3), FlowEndReason::kLackOfResources);
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(1), closed, shed}).ok());
  uint64_t now_ns = FakeHost::kMonotonicNs;
  for (int second = 0; second < 20; ++second, now_ns += kSecond) {
    host.SetClocks(FakeHost::kWallNs, now_ns);
    if (second < 12) {
      ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(1)}).ok());
    }
    ASSERT_TRUE(accounter->Tick(now_ns).ok());
  }
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(4)}).ok());
  ASSERT_TRUE(accounter->Flush().ok());
  const std::vector<Record> out = host.records();
  ASSERT_EQ(out.size(), 5u);
  for (const Record& record : {out[0], out[1]}) {
    EXPECT_EQ(ReasonOf(record), record.if_index == 2 ? FlowEndReason::kEndOfFlowDetected
                                                     : FlowEndReason::kIdleTimeout);
  }
  EXPECT_EQ(FlowsOf({out[2], out[3], out[4]}), (std::vector<uint32_t>{1, 1, 4}));
  EXPECT_EQ(ReasonOf(out[2]), FlowEndReason::kActiveTimeout);
  EXPECT_EQ(out[2].packets, 11u);
  EXPECT_EQ(ReasonOf(out[3]), FlowEndReason::kIdleTimeout);
  EXPECT_EQ(ReasonOf(out[4]), FlowEndReason::kForcedEnd);
  EXPECT_EQ(host.metric("weir_accounter_evicted_flows_total", "active_timeout"), 1);
  EXPECT_EQ(host.metric("weir_accounter_evicted_flows_total", "idle_timeout"), 3);
  EXPECT_EQ(host.metric("weir_accounter_evicted_flows_total", "flush"), 1);
}

// The source of these records ends each of them after some seconds, whatever the flow does.
TEST(AccounterEvictionTest, ReasonsOfTheInputGiveWayToTheAccounters) {
  FakeHost host;
  Accounter config = Config(3);
  config.set_active_timeout("10s");
  config.set_idle_timeout("4s");
  const auto accounter = Make(&host, config);
  const auto cut = [](uint32_t flow) {
    return WithEndReason(OfFlow(flow), FlowEndReason::kActiveTimeout);
  };
  const Record closed = WithEndReason(OfFlow(3), FlowEndReason::kEndOfFlowDetected);
  ASSERT_TRUE(host.Feed(accounter.get(), {cut(1), cut(2), closed}).ok());
  uint64_t now_ns = FakeHost::kMonotonicNs;
  const auto pass = [&](int seconds, const std::vector<Record>& each_second) {
    for (; seconds > 0; --seconds) {
      now_ns += kSecond;
      host.SetClocks(FakeHost::kWallNs, now_ns);
      ASSERT_TRUE(host.Feed(accounter.get(), each_second).ok());
      ASSERT_TRUE(accounter->Tick(now_ns).ok());
    }
  };
  pass(4, {cut(1)});
  std::vector<Record> out = host.TakeRecords();
  ASSERT_EQ(out.size(), 2u);
  for (const Record& record : out) {
    EXPECT_EQ(ReasonOf(record), record.if_index == 3 ? FlowEndReason::kEndOfFlowDetected
                                                     : FlowEndReason::kIdleTimeout);
  }
  pass(6, {cut(1)});
  out = host.TakeRecords();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(ReasonOf(out[0]), FlowEndReason::kActiveTimeout);
  // A full table and the end of the input take precedence.
  ASSERT_TRUE(host.Feed(accounter.get(), {closed, cut(5), cut(6), cut(7)}).ok());
  out = host.TakeRecords();
  ASSERT_EQ(out.size(), 3u);
  for (const Record& record : out) EXPECT_EQ(ReasonOf(record), FlowEndReason::kLackOfResources);
  ASSERT_TRUE(host.Feed(accounter.get(), {closed}).ok());
  ASSERT_TRUE(accounter->Flush().ok());
  out = host.TakeRecords();
  ASSERT_EQ(out.size(), 3u);
  for (const Record& record : out) EXPECT_EQ(ReasonOf(record), FlowEndReason::kForcedEnd);
}

// With its defaults it gives no reason to flows that came without one, as the reference does.
TEST(AccounterEvictionTest, DefaultsReplaceReasonsAndAddNone) {
  FakeHost host;
  const auto accounter = Make(&host, Config(2));
  const std::vector<Record> records = {OfFlow(1),
                                       WithEndReason(OfFlow(2), FlowEndReason::kLackOfResources)};
  const auto take_reason = [&] {
    const std::vector<Record> out = host.TakeRecords();
    EXPECT_EQ(FlowsOf(out), (std::vector<uint32_t>{1, 2}));
    EXPECT_EQ(out[0].present, 0u);
    EXPECT_EQ(out[0].flow_end_reason, 0u);
    return ReasonOf(out[1]);
  };
  ASSERT_TRUE(host.Feed(accounter.get(), records).ok());
  ASSERT_TRUE(accounter->Tick(FakeHost::kMonotonicNs).ok());
  EXPECT_EQ(take_reason(), FlowEndReason::kActiveTimeout);
  ASSERT_TRUE(host.Feed(accounter.get(), records).ok());
  ASSERT_TRUE(accounter->Flush().ok());
  EXPECT_EQ(take_reason(), FlowEndReason::kForcedEnd);
  ASSERT_TRUE(host.Feed(accounter.get(), records).ok());
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(3)}).ok());
  EXPECT_EQ(take_reason(), FlowEndReason::kLackOfResources);
}

// A capture of an hour, read in an instant, gives the flows of an hour.
TEST(AccounterEvictionTest, TimeIsThatOfTheRecordsIfAskedFor) {
  FakeHost host;
  Accounter config = Config(5000);
  config.set_clock(Accounter::RECORDS);
  config.set_idle_timeout("15s");
  const auto accounter = Make(&host, config);
  const auto at = [](uint32_t flow, int64_t second) {
    Record record = OfFlow(flow);
    record.end_wall_time_ns = FakeHost::kWallNs + second * static_cast<int64_t>(kSecond);
    return record;
  };
  ASSERT_TRUE(
      host.Feed(accounter.get(), {at(1, 0), at(2, 0), at(1, 14), at(2, 15), at(1, 28)}).ok());
  // Flow 2 was idle for 15 seconds, flow 1 never.
  ASSERT_EQ(FlowsOf(host.TakeRecords()), (std::vector<uint32_t>{2}));
  // A late record does not turn time back, and the time of this machine does not matter.
  ASSERT_TRUE(host.Feed(accounter.get(), {at(3, 1)}).ok());
  ASSERT_TRUE(accounter->Tick(FakeHost::kMonotonicNs + 3600 * kSecond).ok());
  ASSERT_TRUE(host.records().empty());
  // Flows are evicted even if they get no more records: 2 at 30 s, 1 and 3 at 43 s.
  ASSERT_TRUE(host.Feed(accounter.get(), {at(4, 42)}).ok());
  ASSERT_EQ(FlowsOf(host.TakeRecords()), (std::vector<uint32_t>{2}));
  ASSERT_TRUE(host.Feed(accounter.get(), {at(4, 45)}).ok());
  std::vector<uint32_t> out = FlowsOf(host.TakeRecords());
  std::sort(out.begin(), out.end());
  ASSERT_EQ(out, (std::vector<uint32_t>{1, 3}));
  // Two days later: all flows.
  ASSERT_TRUE(host.Feed(accounter.get(), {at(4, 60), at(5, 200'000)}).ok());
  EXPECT_EQ(FlowsOf(host.TakeRecords()), (std::vector<uint32_t>{4, 4}));
  EXPECT_EQ(host.counts().held, 1u);
  host.ExpectBalanced();
}

// The clock starts at the first measured time, also if it is 0.
TEST(AccounterEvictionTest, TheRecordsTimeMayBeginAtZero) {
  FakeHost host;
  Accounter config = Config(5000);
  config.set_clock(Accounter::RECORDS);
  config.set_evict_timeout("5s");
  const auto accounter = Make(&host, config);
  const auto at = [](uint32_t flow, double second) {
    Record record = OfFlow(flow);
    record.present = WEIR_HAS_WALL_TIME;
    record.end_wall_time_ns = static_cast<int64_t>(second * kSecond);
    return record;
  };
  const Record timeless = OfFlow(9);
  ASSERT_TRUE(host.Feed(accounter.get(), {timeless, at(1, 0), at(2, 3), timeless}).ok());
  EXPECT_TRUE(host.TakeRecords().empty());
  ASSERT_TRUE(host.Feed(accounter.get(), {at(3, 4.999)}).ok());
  EXPECT_TRUE(host.TakeRecords().empty());
  ASSERT_TRUE(host.Feed(accounter.get(), {at(4, 5)}).ok());
  EXPECT_EQ(FlowsOf(host.TakeRecords()), (std::vector<uint32_t>{9, 1, 2, 3}));
  host.ExpectBalanced();
}

TEST(AccounterEvictionTest, AllGoOnByTheRecordsTimeToo) {
  FakeHost host;
  Accounter config = Config(5000);
  config.set_clock(Accounter::RECORDS);
  const auto accounter = Make(&host, config);
  std::vector<Record> records = OfFlows(0, 100);
  for (Record& record : records) {
    record.end_wall_time_ns = FakeHost::kWallNs + record.if_index * int64_t{100'000'000};
  }
  ASSERT_TRUE(host.Feed(accounter.get(), records).ok());
  // One evict_timeout passes in these ten seconds.
  EXPECT_EQ(FlowsOf(host.TakeRecords()), Range(0, 50));
  ASSERT_TRUE(accounter->Tick(FakeHost::kMonotonicNs + 3600 * kSecond).ok());
  EXPECT_TRUE(host.records().empty());
  ASSERT_TRUE(accounter->Flush().ok());
  for (const Record& record : host.records()) EXPECT_EQ(record.present, 0u);
}

TEST(AccounterEvictionTest, MetricsTellHowFullTheTableIs) {
  FakeHost host;
  const auto accounter = Make(&host, Config(3000));
  EXPECT_EQ(host.metric("weir_accounter_max_flows"), 3000);
  ASSERT_TRUE(host.Feed(accounter.get(), OfFlows(0, 2000)).ok());
  EXPECT_EQ(host.metric("weir_accounter_flows"), 2000);
  EXPECT_GT(host.metric("weir_accounter_bytes"), 2000 * 128);
  EXPECT_LE(host.metric("weir_accounter_bytes"), 2000 * 160);
  ASSERT_TRUE(accounter->Tick(0).ok());
  EXPECT_EQ(host.metric("weir_accounter_flows"), 0);
  EXPECT_EQ(host.metric("weir_accounter_most_flows"), 2000);
  EXPECT_EQ(host.metric("weir_accounter_evicted_flows_total", "evict_timeout"), 2000);
}

TEST(AccounterEvictionTest, ChoosesItsTicksByWhatIsToBeDone) {
  FakeHost host;
  const auto interval = [&](const Accounter& config) {
    return Make(&host, config)->TickIntervalNs();
  };
  EXPECT_EQ(interval(Config(5000)), 5 * kSecond);
  EXPECT_EQ(interval(Config(1'000'000)), kSecond / 20);
  EXPECT_EQ(interval(Config(1'000'000, Accounter::OLDEST)), kSecond);
  Accounter config = Config(5000);
  config.set_idle_timeout("2ms");
  EXPECT_EQ(interval(config), 1'000'000u);
  config.set_idle_timeout("24h");
  EXPECT_EQ(interval(config), kSecond);
  config.set_evict_timeout("100ms");
  EXPECT_EQ(interval(config), kSecond / 10);
}

TEST(AccounterEvictionTest, RefusesWhatTheHostsRulesWould) {
  FakeHost host;
  Accounter config;
  config.set_active_timeout("25h");
  EXPECT_EQ(MakeComponent<AccounterTransform>(&host, config).status().message(),
            "active_timeout: '25h' is not a duration of 1ns to 24h");
  config = Accounter();
  config.set_idle_timeout("");
  EXPECT_FALSE(MakeComponent<AccounterTransform>(&host, config).ok());
  config = Accounter();
  config.set_batch_records(65537);
  EXPECT_FALSE(MakeComponent<AccounterTransform>(&host, config).ok());
}

}  // namespace
}  // namespace weir::transforms
