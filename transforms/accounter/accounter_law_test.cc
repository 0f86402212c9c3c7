// SPDX-License-Identifier: Apache-2.0
// The accounter gives exactly the same records as the simplest accounter, for any input.
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "transforms/accounter/accounter.h"
#include "transforms/accounter/reference_accounter.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

constexpr uint64_t kMillisecond = 1'000'000;

std::unique_ptr<AccounterTransform> Make(FakeHost* host, const Accounter& config) {
  auto made = MakeComponent<AccounterTransform>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

std::vector<Record> Draw(RecordGenerator* generator, uint32_t flows, uint32_t odd) {
  std::vector<Record> records(1 + generator->Below(300));
  for (Record& record : records) record = generator->Next(flows, odd);
  return records;
}

// The law for each record, in each form of an entry.
TEST(AccounterLawTest, MakesOfRecordsWhatAccumulateDoes) {
  for (uint32_t round = 0; round < 40; ++round) {
    RecordGenerator generator(round);
    const uint32_t odd = round % 4;
    const uint32_t flows = 1 + generator.Below(round % 3 == 0 ? 20 : 5000);
    FakeHost host;
    Accounter config;
    config.set_max_entries(5000);
    const auto accounter = Make(&host, config);
    ReferenceAccounter reference;
    for (int step = 0; step < 8; ++step) {
      const std::vector<Record> records = Draw(&generator, flows, odd);
      for (const Record& record : records) reference.Take(record);
      ASSERT_TRUE(host.Feed(accounter.get(), records, 1 + generator.Below(100)).ok());
      ASSERT_EQ(host.counts().held, reference.held());
      if (generator.Below(3) == 0) {
        reference.EvictAll();
        ASSERT_TRUE(accounter->Tick(0).ok());
      }
      host.ExpectBalanced();
    }
    reference.Flush();
    ASSERT_TRUE(accounter->Flush().ok());
    ASSERT_EQ(SortedBytes(host.records()), SortedBytes(reference.out)) << "round " << round;
  }
}

struct TimedCase {
  const char* active;
  const char* idle;
  ReferenceTimeouts timeouts;
};

class AccounterTimingLawTest : public testing::TestWithParam<TimedCase> {};

// Each flow ends at the first tick, or with its first record, at or after its deadline, and at no
// other time. Ticks come at any time.
TEST_P(AccounterTimingLawTest, FlowsEndWhenTheyAreDue) {
  for (uint32_t round = 0; round < 12; ++round) {
    RecordGenerator generator(round);
    FakeHost host;
    Accounter config;
    config.set_max_entries(1'000'000);
    config.set_eviction(round % 2 == 0 ? Accounter::ALL : Accounter::OLDEST);
    if (GetParam().active != nullptr) config.set_active_timeout(GetParam().active);
    if (GetParam().idle != nullptr) config.set_idle_timeout(GetParam().idle);
    const auto accounter = Make(&host, config);
    ReferenceAccounter reference(GetParam().timeouts);
    uint64_t now_ns = FakeHost::kMonotonicNs;
    for (int step = 0; step < 120; ++step) {
      // Mostly less than a tick, sometimes far more than all timeouts, even days.
      const uint64_t step_ns = generator.Below(20) == 0
                                   ? uint64_t{generator.Below(1u << 20)} * kMillisecond
                                   : generator.Below(100'000'000);
      now_ns += step_ns;
      host.AdvanceClocks(step_ns);
      if (generator.Below(3) > 0) {
        const std::vector<Record> records = Draw(&generator, 400, round % 2);
        for (const Record& record : records) reference.Take(record, now_ns);
        ASSERT_TRUE(host.Feed(accounter.get(), records, 1 + generator.Below(100)).ok());
      } else {
        reference.Tick(now_ns);
        ASSERT_TRUE(accounter->Tick(now_ns).ok());
      }
      host.ExpectBalanced();
      ASSERT_EQ(host.counts().held, reference.held());
      ASSERT_EQ(SortedBytes(host.TakeRecords()), SortedBytes(reference.out))
          << "round " << round << " step " << step;
      reference.out.clear();
    }
    reference.Flush();
    ASSERT_TRUE(accounter->Flush().ok());
    ASSERT_EQ(SortedBytes(host.TakeRecords()), SortedBytes(reference.out));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Timeouts, AccounterTimingLawTest,
    testing::Values(TimedCase{"1s", nullptr, {1000 * kMillisecond, 0}},
                    TimedCase{nullptr, "300ms", {0, 300 * kMillisecond}},
                    TimedCase{"2s", "170ms", {2000 * kMillisecond, 170 * kMillisecond}},
                    TimedCase{"90ms", "2s", {90 * kMillisecond, 2000 * kMillisecond}},
                    TimedCase{"1ms", "1ms", {kMillisecond, kMillisecond}},
                    TimedCase{"24h", "1m", {86'400'000 * kMillisecond, 60'000 * kMillisecond}}));

// A host ticks as often as TickIntervalNs says, at any phase: no flow is later than that.
TEST(AccounterTimingTest, NoFlowLeavesMoreThanOneTickLate) {
  FakeHost host;
  Accounter config;
  config.set_max_entries(1'000'000);
  config.set_idle_timeout("730ms");
  const auto accounter = Make(&host, config);
  const uint64_t tick_ns = accounter->TickIntervalNs();
  EXPECT_EQ(tick_ns, 50 * kMillisecond);
  constexpr uint64_t kIdleNs = 730 * kMillisecond;
  std::mt19937 random(7);
  std::vector<uint64_t> came;
  uint64_t now_ns = FakeHost::kMonotonicNs;
  uint64_t next_tick_ns = now_ns + random() % tick_ns;
  size_t left = 0;
  while (left < 3000) {
    const uint64_t step_ns = 1 + random() % (kMillisecond / 2);
    now_ns += step_ns;
    host.AdvanceClocks(step_ns);
    if (now_ns >= next_tick_ns) {
      next_tick_ns += tick_ns;
      ASSERT_TRUE(accounter->Tick(now_ns).ok());
      for (const Record& record : host.TakeRecords()) {
        const uint64_t late_ns = now_ns - (came[record.if_index] + kIdleNs);
        // Not early: then the difference would be far below 0.
        ASSERT_LE(late_ns, tick_ns + kMillisecond / 2);  // and the step of this test
        ++left;
      }
    } else {
      Record record{};
      record.if_index = static_cast<uint32_t>(came.size());
      came.push_back(now_ns);
      ASSERT_TRUE(host.Feed(accounter.get(), {record}).ok());
    }
  }
}

}  // namespace
}  // namespace weir::transforms
