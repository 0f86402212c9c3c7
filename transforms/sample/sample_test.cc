// SPDX-License-Identifier: Apache-2.0
#include "transforms/sample/sample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/record/ip_addr.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

constexpr uint64_t kSeed = 20220823;

std::unique_ptr<SampleTransform> Make(FakeHost* host, uint32_t interval,
                                      Sample::By by = Sample::RECORD, uint64_t seed = kSeed) {
  Sample config;
  config.set_interval(interval);
  config.set_by(by);
  config.set_seed(seed);
  auto made = MakeComponent<SampleTransform>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

// Makes a record of flow number `flow`. Addresses and ports of the flows are similar, as in
// reality.
Record OfFlow(uint32_t flow) {
  Record record{};
  std::memcpy(record.src_addr, IpAddr::FromV4(0x0A000000 + flow / 8).bytes.data(), kIpLength);
  std::memcpy(record.dst_addr, IpAddr::FromV4(0xC0000201).bytes.data(), kIpLength);
  record.src_port = static_cast<uint16_t>(40000 + flow % 8);
  record.dst_port = 443;
  record.transport_protocol = 6;
  record.packets = flow;
  return record;
}

Record Reversed(Record record) {
  std::swap_ranges(record.src_addr, record.src_addr + kIpLength, record.dst_addr);
  std::swap_ranges(record.src_mac, record.src_mac + kMacLength, record.dst_mac);
  std::swap(record.src_port, record.dst_port);
  return record;
}

std::vector<Record> Flows(uint32_t count) {
  std::vector<Record> records;
  for (uint32_t i = 0; i < count; ++i) records.push_back(OfFlow(i));
  return records;
}

// Expects `count` of `of` to be one in `interval`, within five standard deviations.
void ExpectOneOf(uint32_t interval, size_t count, size_t of) {
  const double expected = static_cast<double>(of) / interval;
  const double deviation = std::sqrt(expected * (1 - 1.0 / interval));
  EXPECT_NEAR(static_cast<double>(count), expected, 5 * deviation) << "of " << of;
}

TEST(SampleTest, ZeroAndOneLetAllPassAsTheyAre) {
  for (const uint32_t interval : {0u, 1u}) {
    FakeHost host;
    const auto sample = Make(&host, interval);
    weir_batch* const batch = host.MakeBatch(Flows(3));
    host.FailAllocations(true);  // nothing is copied
    EXPECT_TRUE(host.FeedBatch(sample.get(), batch).ok());
    host.host()->batch_release(batch);
    ASSERT_EQ(host.records().size(), 3u);
    EXPECT_EQ(host.records()[0].present, 0u);
    host.ExpectBalanced();
  }
}

TEST(SampleTest, OneOfSoManyRecordsPasses) {
  for (const uint32_t interval : {2u, 3u, 10u, 100u, 1000u}) {
    FakeHost host;
    const auto sample = Make(&host, interval);
    constexpr uint32_t kRecords = 100'000;
    ASSERT_TRUE(host.Feed(sample.get(), Flows(kRecords)).ok());
    const std::vector<Record> passed = host.records();
    ExpectOneOf(interval, passed.size(), kRecords);
    EXPECT_EQ(host.counts().filtered, kRecords - passed.size());
    host.ExpectBalanced();
    // Each record is drawn on its own: the next one does not depend on it.
    size_t neighbours = 0;
    for (size_t i = 1; i < passed.size(); ++i) {
      neighbours += passed[i].packets == passed[i - 1].packets + 1 ? 1 : 0;
    }
    ExpectOneOf(interval, neighbours, passed.size());
  }
}

// Two hosts that repeat themselves every tenth record must have the same chance.
TEST(SampleTest, PatternsInTheInputDoNotMeetTheSample) {
  FakeHost host;
  const auto sample = Make(&host, 10);
  std::vector<Record> records;
  for (uint32_t i = 0; i < 100'000; ++i) records.push_back(OfFlow(i % 10));
  ASSERT_TRUE(host.Feed(sample.get(), records).ok());
  std::map<uint64_t, size_t> passed;
  for (const Record& record : host.records()) ++passed[record.packets];
  ASSERT_EQ(passed.size(), 10u);
  for (const auto& [flow, count] : passed) ExpectOneOf(10, count, 10'000);
}

TEST(SampleTest, TheSeedDecides) {
  const auto passed = [](uint64_t seed) {
    FakeHost host;
    const auto sample = Make(&host, 10, Sample::RECORD, seed);
    EXPECT_TRUE(host.Feed(sample.get(), Flows(1000), 7).ok());
    std::vector<uint64_t> flows;
    for (const Record& record : host.records()) flows.push_back(record.packets);
    return flows;
  };
  EXPECT_EQ(passed(1), passed(1));
  EXPECT_NE(passed(1), passed(2));
}

TEST(SampleTest, WithoutASeedEachRunIsAnother) {
  const auto passed = [] {
    FakeHost host;
    Sample config;
    config.set_interval(2);
    auto sample = MakeComponent<SampleTransform>(&host, config);
    EXPECT_TRUE(host.Feed(sample->get(), Flows(1000)).ok());
    std::vector<uint64_t> flows;
    for (const Record& record : host.records()) flows.push_back(record.packets);
    return flows;
  };
  EXPECT_NE(passed(), passed());
}

TEST(SampleTest, AFlowPassesWholeOrNotAtAll) {
  FakeHost host;
  const auto sample = Make(&host, 10, Sample::FLOW);
  constexpr uint32_t kFlows = 20'000;
  std::vector<Record> records;
  for (uint32_t i = 0; i < kFlows; ++i) {
    Record record = OfFlow(i);
    records.push_back(record);
    record.if_index = 3;
    record.direction = 1;
    record.src_mac[5] = 9;
    record.present = WEIR_HAS_NETWORK_NAMESPACE;
    record.network_namespace = 4026531840;
    records.push_back(record);
    records.push_back(Reversed(record));
  }
  ASSERT_TRUE(host.Feed(sample.get(), records, 100).ok());
  std::map<uint64_t, size_t> passed;
  for (const Record& record : host.records()) ++passed[record.packets];
  for (const auto& [flow, count] : passed) ASSERT_EQ(count, 3u) << flow;
  ExpectOneOf(10, passed.size(), kFlows);
  host.ExpectBalanced();
}

TEST(SampleTest, FlowsAreSpreadEvenlyByEachPartOfTheirKey) {
  constexpr uint32_t kFlows = 30'000;
  using Change = void (*)(uint32_t, Record*);
  const Change changes[] = {
      [](uint32_t i, Record* r) { r->src_port = static_cast<uint16_t>(i); },
      [](uint32_t i, Record* r) { r->dst_port = static_cast<uint16_t>(i); },
      [](uint32_t i, Record* r) { std::memcpy(r->src_addr + 12, &i, sizeof(i)); },
      [](uint32_t i, Record* r) { std::memcpy(r->dst_addr, &i, sizeof(i)); },
      // Not IP: only the MACs differ.
      [](uint32_t i, Record* r) {
        *r = {};
        r->eth_protocol = 0x0806;
        std::memcpy(r->src_mac + 2, &i, sizeof(i));
      },
      // The EtherType differs too.
      [](uint32_t i, Record* r) {
        *r = {};
        r->src_mac[5] = static_cast<uint8_t>(i % 2);
        r->eth_protocol = static_cast<uint16_t>(i / 2);
      },
      // Two equal ends do not cancel each other out.
      [](uint32_t i, Record* r) {
        std::memcpy(r->src_addr + 12, &i, sizeof(i));
        std::memcpy(r->dst_addr, r->src_addr, sizeof(r->src_addr));
        r->src_port = r->dst_port;
      },
  };
  for (const Change change : changes) {
    FakeHost host;
    const auto sample = Make(&host, 20, Sample::FLOW, 0);
    std::vector<Record> records;
    for (uint32_t i = 0; i < kFlows; ++i) {
      Record record = OfFlow(1);
      change(i, &record);
      records.push_back(record);
    }
    ASSERT_TRUE(host.Feed(sample.get(), records).ok());
    ExpectOneOf(20, host.records().size(), kFlows);
  }
}

TEST(SampleTest, WeirsKeepTheSameFlowsAndAnotherSeedOthers) {
  const auto passed = [](const Sample& config) {
    FakeHost host;
    auto sample = MakeComponent<SampleTransform>(&host, config);
    EXPECT_TRUE(host.Feed(sample->get(), Flows(1000)).ok());
    std::vector<uint64_t> flows;
    for (const Record& record : host.records()) flows.push_back(record.packets);
    return flows;
  };
  Sample config;
  config.set_interval(10);
  config.set_by(Sample::FLOW);
  const std::vector<uint64_t> first = passed(config);
  EXPECT_EQ(first, passed(config));
  config.set_seed(1);
  EXPECT_NE(first, passed(config));
}

TEST(SampleTest, CountsCanBeScaledBySampling) {
  FakeHost host;
  const auto sample = Make(&host, 4);
  std::vector<Record> records(100'000, Record{});
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].bytes = i % 1000;
    if (i % 2 == 0) continue;
    records[i].present = WEIR_HAS_SAMPLING;
    records[i].sampling_interval = 10;
  }
  ASSERT_TRUE(host.Feed(sample.get(), records).ok());
  double before = 0;
  double after = 0;
  for (const Record& record : records) {
    before += static_cast<double>(record.bytes) * std::max(record.sampling_interval, 1u);
  }
  for (const Record& record : host.records()) {
    ASSERT_TRUE(record.present & WEIR_HAS_SAMPLING);
    ASSERT_TRUE(record.sampling_interval == 4 || record.sampling_interval == 40);
    after += static_cast<double>(record.bytes) * record.sampling_interval;
  }
  EXPECT_NEAR(after / before, 1, 0.05);
}

TEST(SampleTest, AnIntervalThatDoesNotFitIsTheLargest) {
  FakeHost host;
  const auto sample = Make(&host, 2);
  Record record{};
  record.present = WEIR_HAS_SAMPLING;
  record.sampling_interval = std::numeric_limits<uint32_t>::max() / 2 + 1;
  ASSERT_TRUE(host.Feed(sample.get(), std::vector<Record>(20, record)).ok());
  ASSERT_FALSE(host.records().empty());
  EXPECT_EQ(host.records()[0].sampling_interval, std::numeric_limits<uint32_t>::max());
}

TEST(SampleTest, TheLargestIntervalLetsNothingOfLittlePass) {
  FakeHost host;
  const auto sample = Make(&host, std::numeric_limits<uint32_t>::max());
  ASSERT_TRUE(host.Feed(sample.get(), Flows(10'000)).ok());
  EXPECT_TRUE(host.batches().empty());
  host.ExpectBalanced();
}

// A newer host has longer rows, followed by blocks: all of it is emitted.
TEST(SampleTest, KeepsWhatItDoesNotKnow) {
  FakeHost host;
  const auto sample = Make(&host, 2);
  sdk::testing::RowLayout layout;
  layout.stride = sizeof(Record) + 8;
  layout.block_offset[WEIR_BLOCK_DNS] = sizeof(Record);
  host.SetRowLayout(layout);
  weir_batch* const batch = host.MakeBatch(Flows(64));
  for (uint32_t i = 0; i < batch->size; ++i) {
    batch->rows[size_t{i} * batch->stride + sizeof(Record)] = static_cast<uint8_t>(i);
  }
  EXPECT_TRUE(host.FeedBatch(sample.get(), batch).ok());
  host.host()->batch_release(batch);
  const auto out = host.batches();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].block_offset, layout.block_offset);
  for (size_t i = 0; i < out[0].records.size(); ++i) {
    EXPECT_EQ(out[0].bytes[i * layout.stride + sizeof(Record)], out[0].records[i].packets);
  }
}

// Every record is accounted for, also if emit fails.
TEST(SampleTest, NoRecordIsLostUncounted) {
  FakeHost host;
  const auto sample = Make(&host, 2);
  host.FailEmits();
  EXPECT_EQ(host.Feed(sample.get(), Flows(64)).code(), WEIR_CANCELLED);
  EXPECT_GT(host.dropped("pipeline_ended"), 0u);
  host.ExpectBalanced();
  host.FailEmits(WEIR_OK);
  weir_batch* const batch = host.MakeBatch(Flows(64));
  host.FailAllocations(true);
  EXPECT_EQ(host.FeedBatch(sample.get(), batch).code(), WEIR_RESOURCE_EXHAUSTED);
  host.host()->batch_release(batch);
  EXPECT_TRUE(host.records().empty());
  host.ExpectBalanced();
}

TEST(SampleTest, ItsDiagnosisIsThatItHoldsNothing) {
  FakeHost host;
  const std::vector<sdk::Finding> findings = host.Diagnose(Make(&host, 10).get());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_OK);
  EXPECT_EQ(findings[0].text, "holds no records");
}

}  // namespace
}  // namespace weir::transforms
