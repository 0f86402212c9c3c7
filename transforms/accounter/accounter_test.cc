// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/accounter.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/record/json.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "tests/vectors/vectors.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

constexpr uint64_t kNow = FakeHost::kMonotonicNs;

std::unique_ptr<AccounterTransform> Make(FakeHost* host, uint32_t max_entries = 5000) {
  Accounter config;
  config.set_max_entries(max_entries);
  auto made = MakeComponent<AccounterTransform>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

// A record of flow number `flow`.
Record OfFlow(uint32_t flow, uint64_t packets = 1) {
  Record record{};
  record.if_index = flow;
  record.packets = packets;
  record.bytes = 100 * packets;
  return record;
}

std::vector<std::string> SortedJson(const std::vector<Record>& records) {
  std::vector<std::string> lines;
  for (const Record& record : records) AppendJson(record, &lines.emplace_back());
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(AccounterTest, AccountsAsTheReferenceDoes) {
  FakeHost host;
  const auto accounter = Make(&host);
  ASSERT_TRUE(host.Feed(accounter.get(), vectors::InputRecords(), 7).ok());
  EXPECT_TRUE(host.records().empty());
  EXPECT_EQ(host.counts().held, 40u);
  ASSERT_TRUE(accounter->Flush().ok());
  std::vector<std::string> expected = vectors::ReadLines(vectors::kAccounted);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(SortedJson(host.records()), expected);
  EXPECT_EQ(host.counts().merged, 160u);
  EXPECT_EQ(host.counts().held, 0u);
  host.ExpectBalanced();
}

// 0 is a valid time if the record says that it was measured, as in a capture that begins in 1970.
TEST(AccounterTest, AFlowThatBeginsAtZeroKeepsItsStart) {
  FakeHost host;
  const auto accounter = Make(&host);
  std::vector<Record> records;
  for (const uint64_t time_ns : {0, 1'000'000'000, 2'000'000'000}) {
    Record& record = records.emplace_back(OfFlow(1));
    record.present = kTimeBits;
    record.start_mono_time_ns = record.end_mono_time_ns = time_ns;
    record.start_wall_time_ns = record.end_wall_time_ns = static_cast<int64_t>(time_ns);
  }
  ASSERT_TRUE(host.Feed(accounter.get(), records, 1).ok());
  ASSERT_TRUE(accounter->Flush().ok());
  ASSERT_EQ(host.records().size(), 1u);
  const Record flow = host.records()[0];
  EXPECT_EQ(flow.packets, 3u);
  EXPECT_EQ(flow.start_mono_time_ns, 0u);
  EXPECT_EQ(flow.end_mono_time_ns, 2'000'000'000u);
  EXPECT_EQ(flow.start_wall_time_ns, 0);
  EXPECT_EQ(flow.end_wall_time_ns, 2'000'000'000);
}

// Records from protobuf have only wall times. A flow of an hour then takes no more memory.
TEST(AccounterTest, FlowsWithWallTimesAloneAreMergedByThese) {
  constexpr int64_t kMinute = 60'000'000'000;
  FakeHost host;
  const auto accounter = Make(&host);
  int64_t bytes = 0;
  for (const int minute : {7, 3, 60, 20}) {
    Record record = OfFlow(1);
    record.present = WEIR_HAS_WALL_TIME;
    record.start_wall_time_ns = FakeHost::kWallNs + minute * kMinute;
    record.end_wall_time_ns = record.start_wall_time_ns + kMinute;
    ASSERT_TRUE(host.Feed(accounter.get(), {record}).ok());
    if (bytes == 0) bytes = host.metric("weir_accounter_bytes");
    EXPECT_EQ(host.metric("weir_accounter_bytes"), bytes);
  }
  ASSERT_TRUE(accounter->Flush().ok());
  ASSERT_EQ(host.records().size(), 1u);
  const Record flow = host.records()[0];
  EXPECT_EQ(flow.present, uint64_t{WEIR_HAS_WALL_TIME});
  EXPECT_EQ(flow.start_wall_time_ns, FakeHost::kWallNs + 3 * kMinute);
  EXPECT_EQ(flow.end_wall_time_ns, FakeHost::kWallNs + 61 * kMinute);
  EXPECT_EQ(flow.start_mono_time_ns, 0u);
  EXPECT_EQ(flow.end_mono_time_ns, 0u);
}

// The reference evicts when a new flow finds the table full, not when the table becomes full.
TEST(AccounterTest, ANewFlowThatFindsTheTableFullEvictsAll) {
  FakeHost host;
  const auto accounter = Make(&host, 3);
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(1), OfFlow(2), OfFlow(3), OfFlow(1)}).ok());
  EXPECT_TRUE(host.records().empty());
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(2), OfFlow(4), OfFlow(1)}).ok());
  const std::vector<Record> evicted = host.TakeRecords();
  ASSERT_EQ(evicted.size(), 3u);
  for (const Record& record : evicted) EXPECT_EQ(record.packets, record.if_index == 3 ? 1u : 2u);
  EXPECT_EQ(host.counts().held, 2u);  // 4, and a new flow 1
  host.ExpectBalanced();
}

TEST(AccounterTest, OneEntryIsEnough) {
  FakeHost host;
  const auto accounter = Make(&host, 1);
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(1), OfFlow(1), OfFlow(2), OfFlow(1)}).ok());
  ASSERT_TRUE(accounter->Flush().ok());
  const std::vector<Record> out = host.records();
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].packets, 2u);
  host.ExpectBalanced();
}

TEST(AccounterTest, EachTickEvictsAllAndNeverAnEmptyBatch) {
  FakeHost host;
  const auto accounter = Make(&host);
  EXPECT_EQ(accounter->TickIntervalNs(), 5'000'000'000u);
  ASSERT_TRUE(accounter->Tick(kNow).ok());
  EXPECT_TRUE(host.batches().empty());
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(1), OfFlow(2)}).ok());
  ASSERT_TRUE(accounter->Tick(kNow).ok());
  EXPECT_EQ(host.batches().size(), 1u);
  EXPECT_EQ(host.records().size(), 2u);
  ASSERT_TRUE(accounter->Tick(kNow).ok());
  ASSERT_TRUE(accounter->Flush().ok());
  EXPECT_EQ(host.batches().size(), 1u);
  host.ExpectBalanced();
}

// Interface 2 of one namespace is not interface 2 of another.
TEST(AccounterTest, KeepsNetworkNamespacesApart) {
  FakeHost host;
  const auto accounter = Make(&host);
  Record other = OfFlow(2);
  other.present = WEIR_HAS_NETWORK_NAMESPACE;
  other.network_namespace = 4026531840;
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(2), other, other}).ok());
  EXPECT_EQ(host.counts().held, 2u);
}

TEST(AccounterTest, InstancesShareNothing) {
  FakeHost first_host("first");
  FakeHost second_host("second", &first_host);
  const auto first = Make(&first_host);
  const auto second = Make(&second_host);
  ASSERT_TRUE(first_host.Feed(first.get(), {OfFlow(1)}).ok());
  ASSERT_TRUE(second->Flush().ok());
  EXPECT_TRUE(second_host.records().empty());
  ASSERT_TRUE(first->Flush().ok());
  EXPECT_EQ(first_host.records().size(), 1u);
}

// Every record is accounted for, also if emit fails.
TEST(AccounterTest, NoRecordIsLostUncounted) {
  FakeHost host;
  const auto accounter = Make(&host, 2);
  host.FailEmits();
  EXPECT_FALSE(host.Feed(accounter.get(), {OfFlow(1), OfFlow(2), OfFlow(3), OfFlow(3)}, 4).ok());
  EXPECT_EQ(host.dropped("pipeline_ended"), 4u);
  host.ExpectBalanced();
  host.FailEmits(WEIR_OK);
  ASSERT_TRUE(host.Feed(accounter.get(), {OfFlow(1), OfFlow(2)}).ok());
  host.FailAllocations(true);
  EXPECT_FALSE(accounter->Flush().ok());
  EXPECT_EQ(host.counts().held, 2u);
  host.ExpectBalanced();
  host.FailAllocations(false);
  EXPECT_TRUE(accounter->Flush().ok());
  EXPECT_EQ(host.records().size(), 2u);
  host.ExpectBalanced();
}

struct Sums {
  uint64_t packets = 0;
  uint64_t bytes = 0;
};

Sums SumsOf(const std::vector<Record>& records) {
  Sums sums;
  for (const Record& record : records) {
    sums.packets += record.packets;
    sums.bytes += record.bytes;
  }
  return sums;
}

// The law of accounting, on random traffic with random evictions.
TEST(AccounterTest, PacketsAndBytesInAreThoseOut) {
  std::mt19937 random(20220823);
  const auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  for (int round = 0; round < 50; ++round) {
    FakeHost host;
    const auto accounter = Make(&host, 1 + below(300));
    Sums in;
    for (int step = 0; step < 40; ++step) {
      std::vector<Record> records(1 + below(200));
      for (Record& record : records) record = OfFlow(below(400), below(1000));
      const Sums sums = SumsOf(records);
      in.packets += sums.packets;
      in.bytes += sums.bytes;
      ASSERT_TRUE(host.Feed(accounter.get(), records, 1 + below(64)).ok());
      if (below(4) == 0) {
        ASSERT_TRUE(accounter->Tick(kNow).ok());
      }
      host.ExpectBalanced();
    }
    ASSERT_TRUE(accounter->Flush().ok());
    const Sums out = SumsOf(host.records());
    EXPECT_EQ(out.packets, in.packets);
    EXPECT_EQ(out.bytes, in.bytes);
    EXPECT_EQ(host.counts().held, 0u);
    host.ExpectBalanced();
  }
}

TEST(AccounterTest, RefusesWhatTheHostsRulesWould) {
  FakeHost host;
  Accounter config;
  config.set_evict_timeout("soon");
  EXPECT_EQ(MakeComponent<AccounterTransform>(&host, config).status().message(),
            "evict_timeout: 'soon' is not a duration of 1ns to 24h");
  config.set_evict_timeout("inf");
  EXPECT_FALSE(MakeComponent<AccounterTransform>(&host, config).ok());
  config.clear_evict_timeout();
  config.set_max_entries(0);
  EXPECT_FALSE(MakeComponent<AccounterTransform>(&host, config).ok());
}

TEST(AccounterTest, DiagnosesItsMemory) {
  FakeHost host;
  std::vector<sdk::Finding> findings = host.Diagnose(Make(&host).get());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
  EXPECT_EQ(findings[0].text, "up to 781 KiB for max_entries 5000");
}

}  // namespace
}  // namespace weir::transforms
