// SPDX-License-Identifier: Apache-2.0
// dedup with MERGE: which records are held, how they are merged, and when they are emitted.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/record/constants.h"
#include "core/record/other_interfaces.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "transforms/dedup/dedup.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kWindow = kSecond;  // the default

Dedup Merging(uint32_t max_flows = 100'000) {
  Dedup config;
  config.set_mode(Dedup::MERGE);
  config.set_max_flows(max_flows);
  return config;
}

std::unique_ptr<DedupTransform> Make(FakeHost* host, const Dedup& config = Merging()) {
  auto made = MakeComponent<DedupTransform>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

// Makes a record of flow number `flow` at an interface.
Record At(uint32_t if_index, uint32_t flow, uint64_t packets = 1, uint8_t direction = 0) {
  Record record{};
  record.eth_protocol = kIpv6Type;
  std::memcpy(record.src_addr, &flow, sizeof(flow));
  record.dst_addr[15] = 1;
  record.if_index = if_index;
  record.direction = direction;
  record.src_mac[0] = static_cast<uint8_t>(if_index);
  record.packets = packets;
  record.bytes = 100 * packets;
  SetInterfaceName("eth" + std::to_string(if_index), &record);
  return record;
}

uint32_t FlowOf(const Record& record) {
  uint32_t flow;
  std::memcpy(&flow, record.src_addr, sizeof(flow));
  return flow;
}

struct Merged {
  Record record;
  weir_other_interfaces others;
};

// Returns what was emitted since the last call.
std::vector<Merged> TakeMerged(FakeHost* host) {
  std::vector<Merged> all;
  for (const sdk::testing::EmittedBatch& batch : host->batches()) {
    const uint16_t offset = batch.block_offset[WEIR_BLOCK_INTERFACES];
    EXPECT_NE(offset, 0);
    for (size_t i = 0; i < batch.records.size(); ++i) {
      Merged merged{batch.records[i], {}};
      std::memcpy(&merged.others, batch.bytes.data() + i * batch.stride + offset,
                  sizeof(merged.others));
      all.push_back(merged);
    }
  }
  host->TakeRecords();
  host->ExpectBalanced();
  return all;
}

// "eth1 7*10: eth2< eth3>" is flow 7 at eth1 with 10 packets, also seen coming in at eth2 and going
// out at eth3.
std::string TextOf(const Merged& merged) {
  std::string text(InterfaceName(merged.record));
  text += " " + std::to_string(FlowOf(merged.record)) + "*" +
          std::to_string(merged.record.packets) + ":";
  for (uint32_t i = 0; i < CountOf(merged.others); ++i) {
    const weir_interface& other = merged.others.interfaces[i];
    text += " " + std::string(NameOf(other)) + (other.direction == 0 ? "<" : ">");
  }
  return text;
}

using Texts = std::vector<std::string>;

Texts Taken(FakeHost* host) {
  Texts texts;
  for (const Merged& merged : TakeMerged(host)) {
    EXPECT_EQ(merged.record.bytes, 100 * merged.record.packets);
    texts.push_back(TextOf(merged));
  }
  return texts;
}

void Pass(FakeHost* host, DedupTransform* dedup, uint64_t ns) {
  host->AdvanceClocks(ns);
  EXPECT_TRUE(dedup->Tick(host->MakeStage().MonotonicNs()).ok());
}

TEST(MergeTest, OneRecordNamesAllInterfacesAndHasThePacketsOfOne) {
  FakeHost host;
  const auto dedup = Make(&host);
  EXPECT_EQ(dedup->TickIntervalNs(), kWindow / 10);
  ASSERT_TRUE(
      host.Feed(dedup.get(), {At(1, 7, 10), At(2, 7, 9), At(2, 8, 4), At(3, 7, 10, 1)}).ok());
  EXPECT_EQ(host.counts().held, 2u);
  EXPECT_EQ(host.counts().merged, 2u);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(2, 7, 5)}).ok());  // its interface is in the list already
  Pass(&host, dedup.get(), kWindow - 1);
  EXPECT_EQ(Taken(&host), Texts());
  Pass(&host, dedup.get(), 1);
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*10: eth2< eth3>", "eth2 8*4:"}));
  EXPECT_EQ(host.counts().held, 0u);
  // Too late for the list, but still a duplicate.
  ASSERT_TRUE(host.Feed(dedup.get(), {At(2, 7)}).ok());
  ASSERT_TRUE(dedup->Flush().ok());
  EXPECT_EQ(Taken(&host), Texts());
  EXPECT_EQ(host.counts().filtered, 1u);
}

TEST(MergeTest, RecordsOfThePlaceThatCountsAddUp) {
  FakeHost host;
  const auto dedup = Make(&host);
  Record other_macs = At(1, 7, 5);
  other_macs.dst_mac[5] = 9;
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7, 1), At(2, 7, 1), At(1, 7, 2)}).ok());
  ASSERT_TRUE(host.Feed(dedup.get(), {other_macs, At(3, 7, 1)}).ok());
  EXPECT_EQ(host.counts().merged, 3u);
  ASSERT_TRUE(dedup->Flush().ok());
  // Other MACs mean other packets; later records from other places belong to these.
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*3: eth2<", "eth1 7*5: eth3<"}));
}

// As from protobuf, and as in a capture that begins in 1970.
TEST(MergeTest, TheEarliestStartStandsWithoutMonotonicTimesAndAtZero) {
  FakeHost host;
  const auto dedup = Make(&host);
  std::vector<Record> records = {At(1, 7), At(1, 7), At(1, 8), At(1, 8)};
  for (size_t i = 0; i < records.size(); ++i) {
    const bool has_mono = i >= 2;
    records[i].present = has_mono ? kTimeBits : uint64_t{WEIR_HAS_WALL_TIME};
    records[i].start_wall_time_ns = i % 2 * kSecond;
    records[i].end_wall_time_ns = records[i].start_wall_time_ns + kSecond;
    if (!has_mono) continue;
    records[i].start_mono_time_ns = static_cast<uint64_t>(records[i].start_wall_time_ns);
    records[i].end_mono_time_ns = static_cast<uint64_t>(records[i].end_wall_time_ns);
  }
  ASSERT_TRUE(host.Feed(dedup.get(), records).ok());
  ASSERT_TRUE(dedup->Flush().ok());
  const std::vector<Merged> merged = TakeMerged(&host);
  ASSERT_EQ(merged.size(), 2u);
  for (size_t i = 0; i < merged.size(); ++i) {
    const Record& record = merged[i].record;
    EXPECT_EQ(record.start_wall_time_ns, 0);
    EXPECT_EQ(record.end_wall_time_ns, 2'000'000'000);
    EXPECT_EQ(record.start_mono_time_ns, 0u);
    EXPECT_EQ(record.end_mono_time_ns, i == 0 ? 0 : 2 * kSecond);
  }
}

TEST(MergeTest, ArpOfUnrelatedLinksIsNotMerged) {
  FakeHost host;
  const auto dedup = Make(&host);
  const auto arp = [](uint32_t if_index, uint8_t sender) {
    Record record{};
    record.eth_protocol = kArpType;
    record.src_mac[5] = sender;
    record.if_index = if_index;
    record.packets = 1;
    return record;
  };
  ASSERT_TRUE(host.Feed(dedup.get(), {arp(1, 11), arp(2, 22), arp(2, 11), arp(1, 12)}).ok());
  EXPECT_EQ(host.counts().held, 3u);
  EXPECT_EQ(host.counts().merged, 1u);  // a bridge forwarded the frame of 11
  ASSERT_TRUE(dedup->Flush().ok());
  EXPECT_EQ(host.TakeRecords().size(), 3u);
  host.ExpectBalanced();
}

TEST(MergeTest, ADuplicateWaitsForTheRecordThatCounts) {
  FakeHost host;
  const auto dedup = Make(&host);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(1, 8)}).ok());
  Pass(&host, dedup.get(), 2 * kWindow);
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*1:", "eth1 8*1:"}));
  ASSERT_TRUE(host.Feed(dedup.get(), {At(2, 7, 50), At(2, 8, 60), At(3, 7, 50)}).ok());
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7, 5), At(4, 7)}).ok());
  EXPECT_EQ(host.counts().held, 2u);
  Pass(&host, dedup.get(), 2 * kWindow);
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*5: eth2< eth3< eth4<"}));
  EXPECT_EQ(host.counts().filtered, 1u);
}

// The place was forgotten before the window ended.
TEST(MergeTest, AFlowThatLostItsPlaceIsStillOneRecord) {
  FakeHost host;
  const auto dedup = Make(&host, Merging(1));
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7, 3), At(2, 7), At(1, 8)}).ok());
  EXPECT_EQ(host.metric("weir_dedup_evicted_flows_total"), 1);
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*3: eth2<"}));
  ASSERT_TRUE(dedup->Flush().ok());
  EXPECT_EQ(Taken(&host), (Texts{"eth1 8*1:"}));
}

TEST(MergeTest, ListsOfRecordsBecomeOne) {
  FakeHost host;
  const auto dedup = Make(&host);
  sdk::testing::RowLayout layout;
  layout.stride = sizeof(Record) + 8 + sizeof(weir_other_interfaces);
  layout.block_offset[WEIR_BLOCK_INTERFACES] = sizeof(Record) + 8;
  host.SetRowLayout(layout);
  weir_batch* const batch = host.MakeBatch({At(1, 7), At(2, 7)});
  for (uint32_t i = 0; i < 2; ++i) {
    auto* const others = const_cast<weir_other_interfaces*>(OtherInterfaces(*batch, i));
    AddInterface(InterfaceOf(At(3 + i, 7)), BatchView(batch)[i], others);
    AddInterface(InterfaceOf(At(2 - i, 7)), BatchView(batch)[i], others);
  }
  ASSERT_TRUE(host.FeedBatch(dedup.get(), batch).ok());
  host.host()->batch_release(batch);
  ASSERT_TRUE(dedup->Flush().ok());
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*1: eth3< eth2< eth4<"}));
}

// Two machines may both have an eth0.
TEST(MergeTest, InterfacesOfTwoAgentsAreTwoPlaces) {
  FakeHost host;
  const auto dedup = Make(&host);
  std::vector<Record> records = {At(1, 7, 3), At(1, 7, 4), At(1, 7, 5)};
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].if_index = 0;
    records[i].present = WEIR_HAS_AGENT_IP;
    records[i].agent_ip[15] = i == 1 ? 2 : 1;
  }
  ASSERT_TRUE(host.Feed(dedup.get(), records).ok());
  ASSERT_TRUE(dedup->Flush().ok());
  const std::vector<Merged> merged = TakeMerged(&host);
  ASSERT_EQ(merged.size(), 1u);
  EXPECT_EQ(merged[0].record.packets, 8u);
}

// As from protobuf.
TEST(MergeTest, InterfacesWithoutAnIndexAreToldByTheirNames) {
  FakeHost host;
  const auto dedup = Make(&host);
  std::vector<Record> records = {At(1, 7, 3), At(2, 7, 4), At(1, 7, 5)};
  for (Record& record : records) record.if_index = 0;
  ASSERT_TRUE(host.Feed(dedup.get(), records).ok());
  ASSERT_TRUE(dedup->Flush().ok());
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*8: eth2<"}));
}

// A record is emitted after its window, and at most a fifth of the window later.
TEST(MergeTest, RecordsGoOnInTime) {
  std::mt19937 random(20220823);
  FakeHost host;
  const auto dedup = Make(&host);
  const uint64_t start_ns = host.MakeStage().MonotonicNs();
  uint64_t now_ns = start_ns;
  uint64_t next_tick_ns = start_ns + dedup->TickIntervalNs();
  size_t out = 0;
  for (uint32_t flow = 0; flow < 3000; ++flow) {
    const uint64_t then_ns = now_ns + random() % (flow % 100 == 0 ? 2 * kWindow : kWindow / 300);
    for (; next_tick_ns <= then_ns; next_tick_ns += dedup->TickIntervalNs()) {
      host.AdvanceClocks(next_tick_ns - now_ns);
      now_ns = next_tick_ns;
      ASSERT_TRUE(dedup->Tick(now_ns).ok());
      for (const Merged& merged : TakeMerged(&host)) {
        ++out;
        const uint64_t waited_ns = now_ns - merged.record.start_mono_time_ns;
        ASSERT_GE(waited_ns, kWindow);
        ASSERT_LE(waited_ns, kWindow + kWindow / 5);
      }
    }
    host.AdvanceClocks(then_ns - now_ns);
    now_ns = then_ns;
    Record record = At(1, flow);
    record.start_mono_time_ns = now_ns;
    ASSERT_TRUE(host.Feed(dedup.get(), {record}).ok());
  }
  EXPECT_EQ(out + host.counts().held, 3000u);
  EXPECT_GT(out, 2000u);
}

TEST(MergeTest, NoMoreAreHeldThanThereMayBe) {
  for (const uint32_t max_flows : {1u, 3u, 256u, 700u}) {
    FakeHost host;
    const auto dedup = Make(&host, Merging(max_flows));
    uint32_t next = 0;
    std::vector<uint32_t> flows;
    for (int step = 0; step < 200; ++step) {
      std::vector<Record> records;
      for (int i = 0; i < 17; ++i) records.push_back(At(1, next++));
      ASSERT_TRUE(host.Feed(dedup.get(), records).ok());
      host.AdvanceClocks(kWindow / 1000);
      ASSERT_LE(host.counts().held, max_flows);
      for (const Merged& merged : TakeMerged(&host)) flows.push_back(FlowOf(merged.record));
    }
    ASSERT_TRUE(dedup->Flush().ok());
    for (const Merged& merged : TakeMerged(&host)) flows.push_back(FlowOf(merged.record));
    // In the order in which they came.
    ASSERT_EQ(flows.size(), next);
    for (uint32_t i = 0; i < next; ++i) ASSERT_EQ(flows[i], i);
  }
}

TEST(MergeTest, WhatHasNoRoomInAListIsCounted) {
  FakeHost host;
  const auto dedup = Make(&host);
  std::vector<Record> records;
  for (uint32_t i = 1; i <= kMaxInterfaces + 2; ++i) records.push_back(At(i, 7));
  ASSERT_TRUE(host.Feed(dedup.get(), records).ok());
  ASSERT_TRUE(dedup->Flush().ok());
  EXPECT_EQ(Taken(&host), (Texts{"eth1 7*1: eth2< eth3< eth4< eth5< eth6< eth7< eth8<"}));
  EXPECT_EQ(host.metric("weir_dedup_unlisted_interfaces_total"), 2);
  EXPECT_EQ(host.counts().merged, kMaxInterfaces + 1);
}

// In each round, flows are seen at some interfaces in any order. The rule: the first place stays
// the counting place; if it saw the flow, there is one record with its packets and the names of the
// other interfaces.
TEST(MergeTest, AnyOrderGivesTheSameRecords) {
  constexpr uint32_t kFlows = 40;
  std::mt19937 random(42);
  FakeHost host;
  Dedup config = Merging();
  config.set_expiry("1h");
  const auto dedup = Make(&host, config);
  std::map<uint32_t, uint32_t> place_of_flow;
  uint64_t unlisted = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<Record> records;
    for (uint32_t flow = 0; flow < kFlows; ++flow) {
      const uint32_t interfaces = 1 + random() % 10;
      for (uint32_t i = 1; i <= interfaces; ++i) records.push_back(At(i, flow, 1 + random() % 99));
    }
    std::shuffle(records.begin(), records.end(), random);
    std::map<uint32_t, std::string> expected;
    std::map<uint32_t, std::vector<std::string>> seen;
    for (const Record& record : records) {
      const uint32_t flow = FlowOf(record);
      const uint32_t place = place_of_flow.emplace(flow, record.if_index).first->second;
      if (place == record.if_index) {
        expected[flow] = TextOf({record, {}});
      } else {
        seen[flow].push_back(" " + std::string(InterfaceName(record)) + "<");
      }
    }
    for (auto& [flow, text] : expected) {
      const std::vector<std::string>& others = seen[flow];
      for (size_t i = 0; i < others.size() && i < WEIR_MAX_OTHER_INTERFACES; ++i) {
        text += others[i];
      }
    }
    ASSERT_TRUE(host.Feed(dedup.get(), records, 1 + random() % 300).ok());
    ASSERT_EQ(host.counts().held, kFlows);
    Pass(&host, dedup.get(), kWindow);
    std::map<uint32_t, std::string> out;
    for (const Merged& merged : TakeMerged(&host)) {
      ASSERT_TRUE(out.emplace(FlowOf(merged.record), TextOf(merged)).second) << "twice";
    }
    ASSERT_EQ(out, expected) << "round " << round;
    unlisted = static_cast<uint64_t>(host.metric("weir_dedup_unlisted_interfaces_total"));
  }
  EXPECT_GT(unlisted, 0u);
  EXPECT_GT(host.counts().filtered, 0u);
}

// Every record is accounted for, also if emit fails.
TEST(MergeTest, NoRecordIsLostUncounted) {
  FakeHost host;
  const auto dedup = Make(&host, Merging(2));
  host.FailEmits();
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(1, 8), At(2, 7)}).ok());
  EXPECT_EQ(host.Feed(dedup.get(), {At(1, 9), At(2, 9)}).code(), WEIR_CANCELLED);
  host.ExpectBalanced();
  EXPECT_EQ(host.dropped("pipeline_ended"), 2u);
  host.FailEmits(WEIR_OK);
  // If there is no memory for a batch, the records are still held.
  weir_batch* const batch = host.MakeBatch({At(1, 7), At(2, 7), At(1, 8), At(1, 9)});
  host.FailAllocations(true);
  EXPECT_EQ(host.FeedBatch(dedup.get(), batch).code(), WEIR_RESOURCE_EXHAUSTED);
  host.host()->batch_release(batch);
  EXPECT_EQ(host.counts().held, 2u);
  host.ExpectBalanced();
  EXPECT_EQ(dedup->Flush().code(), WEIR_RESOURCE_EXHAUSTED);
  EXPECT_EQ(host.counts().held, 2u);
  host.ExpectBalanced();
  host.FailAllocations(false);
  ASSERT_TRUE(dedup->Flush().ok());
  EXPECT_EQ(host.counts().held, 0u);
  host.ExpectBalanced();
  // Held records are released if an instance ends without Flush.
  host.FailAllocations(false);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(2, 7)}).ok());
  EXPECT_EQ(host.counts().held, 1u);
}

TEST(MergeTest, RefusesWhatHasNoMeaning) {
  FakeHost host;
  const auto error = [&host](const Dedup& config) {
    return MakeComponent<DedupTransform>(&host, config).status().message();
  };
  Dedup config = Merging();
  config.set_just_mark(true);
  EXPECT_EQ(error(config).substr(0, 10), "just_mark:");
  config = Merging();
  config.set_expiry("500ms");
  EXPECT_EQ(error(config).substr(0, 13), "merge_window:");
  config.set_mode(Dedup::FIRST_COME);
  EXPECT_EQ(error(config), "");
  EXPECT_EQ(Make(&host, config)->TickIntervalNs(), 0u);
  config.set_merge_window("soon");
  EXPECT_EQ(error(config), "merge_window: 'soon' is not a duration of 1ns to 24h");
}

}  // namespace
}  // namespace weir::transforms
