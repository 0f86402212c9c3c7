// SPDX-License-Identifier: Apache-2.0
#include "transforms/dedup/dedup.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "core/record/constants.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"

namespace weir::transforms {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

constexpr uint64_t kSecond = 1'000'000'000;

std::unique_ptr<DedupTransform> Make(FakeHost* host, const Dedup& config = {}) {
  auto made = MakeComponent<DedupTransform>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

Dedup WithMaxFlows(uint32_t max_flows) {
  Dedup config;
  config.set_max_flows(max_flows);
  return config;
}

// Makes a record of flow number `flow` at an interface.
Record At(uint32_t if_index, uint32_t flow, uint8_t direction = 0) {
  Record record{};
  record.eth_protocol = kIpv6Type;
  std::memcpy(record.src_addr, &flow, sizeof(flow));
  record.dst_addr[15] = 1;
  record.if_index = if_index;
  record.direction = direction;
  record.src_mac[0] = static_cast<uint8_t>(if_index);
  return record;
}

// Returns the interface and the flow of each record emitted since the last call.
std::vector<std::pair<uint32_t, uint32_t>> Taken(FakeHost* host) {
  std::vector<std::pair<uint32_t, uint32_t>> taken;
  for (const Record& record : host->TakeRecords()) {
    uint32_t flow;
    std::memcpy(&flow, record.src_addr, sizeof(flow));
    taken.emplace_back(record.if_index, flow);
  }
  host->ExpectBalanced();
  return taken;
}

using Out = std::vector<std::pair<uint32_t, uint32_t>>;

TEST(DedupTest, ThePlaceThatComesFirstCounts) {
  FakeHost host;
  const auto dedup = Make(&host);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(2, 7), At(2, 8), At(1, 8), At(1, 7)}).ok());
  EXPECT_EQ(Taken(&host), (Out{{1, 7}, {2, 8}, {1, 7}}));
  EXPECT_EQ(host.counts().filtered, 2u);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(2, 7), At(1, 7), At(3, 7)}, 1).ok());
  EXPECT_EQ(Taken(&host), (Out{{1, 7}}));
  EXPECT_EQ(host.metric("weir_dedup_flows"), 2);
}

TEST(DedupTest, InterfaceDirectionAndNamespaceAreThePlace) {
  FakeHost host;
  const auto dedup = Make(&host);
  Record elsewhere = At(1, 7);
  elsewhere.present = WEIR_HAS_NETWORK_NAMESPACE;
  elsewhere.network_namespace = 4026531840;
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(1, 7, 1), elsewhere}).ok());
  EXPECT_EQ(host.counts().filtered, 2u);
  // With other MACs at the same place it is another packet, not the same one again.
  Record neighbour = At(1, 7);
  neighbour.dst_mac[5] = 9;
  ASSERT_TRUE(host.Feed(dedup.get(), {neighbour}).ok());
  EXPECT_EQ(Taken(&host), (Out{{1, 7}, {1, 7}}));
}

TEST(DedupTest, EachPartOfTheKeyMakesAnotherFlow) {
  using Change = void (*)(Record*);
  const Change changes[] = {[](Record* r) { r->src_addr[15] = 1; },
                            [](Record* r) { r->dst_addr[0] = 1; },
                            [](Record* r) { r->src_port = 1; }, [](Record* r) { r->dst_port = 1; },
                            [](Record* r) { r->transport_protocol = 6; }};
  for (const Change change : changes) {
    FakeHost host;
    const auto dedup = Make(&host);
    Record other = At(2, 7);
    change(&other);
    ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), other}).ok());
    EXPECT_EQ(host.records().size(), 2u);
  }
}

// An ARP request at an interface.
Record ArpAt(uint32_t if_index, uint8_t sender) {
  Record record{};
  record.eth_protocol = kArpType;
  record.src_mac[5] = sender;
  std::memset(record.dst_mac, 0xff, sizeof(record.dst_mac));
  record.if_index = if_index;
  return record;
}

TEST(DedupTest, FlowsThatAreNotIpAreToldByMacsAndEtherType) {
  FakeHost host;
  const auto dedup = Make(&host);
  std::vector<Record> records;
  // Two unrelated links.
  for (uint32_t if_index = 1; if_index <= 2; ++if_index) {
    for (uint8_t host_on_link = 0; host_on_link < 8; ++host_on_link) {
      records.push_back(ArpAt(if_index, static_cast<uint8_t>(16 * if_index + host_on_link)));
    }
  }
  Record lldp = ArpAt(2, 16);
  lldp.eth_protocol = 0x88CC;
  records.push_back(lldp);
  ASSERT_TRUE(host.Feed(dedup.get(), records).ok());
  EXPECT_EQ(host.TakeRecords().size(), records.size());
  EXPECT_EQ(host.counts().filtered, 0u);
  // A bridge forwards the frame unchanged.
  ASSERT_TRUE(host.Feed(dedup.get(), {ArpAt(3, 16), ArpAt(1, 16)}).ok());
  EXPECT_EQ(host.TakeRecords().size(), 1u);
  EXPECT_EQ(host.counts().filtered, 1u);
  host.ExpectBalanced();
}

TEST(DedupTest, APlaceCountsUntilItHasBeenSilentForExpiry) {
  FakeHost host;
  const auto dedup = Make(&host);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(2, 7)}).ok());
  host.AdvanceClocks(6 * kSecond);
  ASSERT_TRUE(
      host.Feed(dedup.get(), {At(1, 7), At(2, 7)}).ok());  // a new record from the counting place
  host.AdvanceClocks(10 * kSecond - 1);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(2, 7)}).ok());
  EXPECT_EQ(Taken(&host), (Out{{1, 7}, {1, 7}}));
  // Records from other places do not keep the flow; otherwise its records would be lost for ever.
  host.AdvanceClocks(1);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(2, 7), At(1, 7)}).ok());
  EXPECT_EQ(Taken(&host), (Out{{2, 7}}));
}

TEST(DedupTest, AFullTableForgetsThePlaceThatWasSilentLongest) {
  FakeHost host;
  const auto dedup = Make(&host, WithMaxFlows(2));
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(1, 8), At(1, 7), At(1, 9)}).ok());
  EXPECT_EQ(host.metric("weir_dedup_flows"), 2);
  EXPECT_EQ(host.metric("weir_dedup_evicted_flows_total"), 1);
  Taken(&host);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(2, 7), At(2, 9), At(2, 8)}).ok());
  EXPECT_EQ(Taken(&host), (Out{{2, 8}}));
}

TEST(DedupTest, OneFlowIsEnough) {
  FakeHost host;
  const auto dedup = Make(&host, WithMaxFlows(1));
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(2, 7), At(1, 8), At(2, 7), At(2, 8)}).ok());
  EXPECT_EQ(Taken(&host), (Out{{1, 7}, {1, 8}, {2, 7}, {2, 8}}));
}

// The flow of a row is looked up some rows ahead.
TEST(DedupTest, ABatchMayForgetTheFlowOfALaterRow) {
  FakeHost host;
  const auto dedup = Make(&host, WithMaxFlows(1));
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7)}).ok());
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 8), At(2, 7), At(2, 8), At(1, 7)}).ok());
  EXPECT_EQ(Taken(&host), (Out{{1, 7}, {1, 8}, {2, 7}, {2, 8}, {1, 7}}));
}

TEST(DedupTest, JustMarksDuplicates) {
  FakeHost host;
  Dedup config;
  config.set_just_mark(true);
  const auto dedup = Make(&host, config);
  ASSERT_TRUE(host.Feed(dedup.get(), {At(1, 7), At(2, 7), At(1, 7), At(3, 7)}).ok());
  std::vector<bool> marks;
  for (const Record& record : host.records()) {
    marks.push_back((record.present & WEIR_IS_DUPLICATE) != 0);
  }
  EXPECT_EQ(marks, (std::vector<bool>{false, true, false, true}));
  EXPECT_EQ(host.counts().filtered, 0u);
  host.ExpectBalanced();
  // There is nothing to mark, so nothing is copied.
  weir_batch* const batch = host.MakeBatch({At(1, 7)});
  host.FailAllocations(true);
  EXPECT_TRUE(host.FeedBatch(dedup.get(), batch).ok());
  host.host()->batch_release(batch);
}

TEST(DedupTest, InstancesShareNothing) {
  FakeHost first_host("first");
  FakeHost second_host("second", &first_host);
  const auto first = Make(&first_host);
  const auto second = Make(&second_host);
  ASSERT_TRUE(first_host.Feed(first.get(), {At(1, 7)}).ok());
  ASSERT_TRUE(second_host.Feed(second.get(), {At(2, 7)}).ok());
  EXPECT_EQ(Taken(&second_host), (Out{{2, 7}}));
}

// Every record is accounted for, also if emit fails.
TEST(DedupTest, NoRecordIsLostUncounted) {
  for (const bool just_mark : {false, true}) {
    FakeHost host;
    Dedup config;
    config.set_just_mark(just_mark);
    const auto dedup = Make(&host, config);
    host.FailEmits();
    EXPECT_EQ(host.Feed(dedup.get(), {At(1, 7), At(2, 7)}).code(), WEIR_CANCELLED);
    EXPECT_EQ(host.dropped("pipeline_ended"), just_mark ? 2u : 1u);
    host.ExpectBalanced();
    host.FailEmits(WEIR_OK);
    weir_batch* const batch = host.MakeBatch({At(1, 7), At(2, 7)});
    host.FailAllocations(true);
    EXPECT_EQ(host.FeedBatch(dedup.get(), batch).code(), WEIR_RESOURCE_EXHAUSTED);
    host.host()->batch_release(batch);
    EXPECT_TRUE(host.records().empty());
    host.ExpectBalanced();
  }
}

// Compares with a table that is searched linearly.
TEST(DedupTest, DecidesAsAListWould) {
  struct Known {
    uint32_t flow;
    uint32_t if_index;
    uint64_t heard_ns;
  };
  std::mt19937 random(20220823);
  for (const uint32_t max_flows : {1u, 3u, 20u, 1000u}) {
    FakeHost host;
    const auto dedup = Make(&host, WithMaxFlows(max_flows));
    std::vector<Known> known;  // the longest silent one first
    uint64_t now_ns = 0;
    Out expected;
    for (int step = 0; step < 4000; ++step) {
      const uint64_t passed_ns = random() % kSecond;
      now_ns += passed_ns;
      host.AdvanceClocks(passed_ns);
      const auto flow = static_cast<uint32_t>(random() % 30);
      const auto if_index = static_cast<uint32_t>(random() % 3);
      while (!known.empty() && known.front().heard_ns + 10 * kSecond <= now_ns) {
        known.erase(known.begin());
      }
      auto found = known.begin();
      while (found != known.end() && found->flow != flow) ++found;
      if (found == known.end() || found->if_index == if_index) {
        expected.emplace_back(if_index, flow);
        if (found != known.end()) {
          known.erase(found);
        } else if (known.size() == max_flows) {
          known.erase(known.begin());
        }
        known.push_back({flow, if_index, now_ns});
      }
      ASSERT_TRUE(host.Feed(dedup.get(), {At(if_index, flow)}).ok());
      ASSERT_EQ(host.metric("weir_dedup_flows"), static_cast<int64_t>(known.size()));
    }
    EXPECT_EQ(Taken(&host), expected) << max_flows;
  }
}

TEST(DedupTest, RefusesWhatTheHostsRulesWould) {
  FakeHost host;
  Dedup config;
  config.set_expiry("soon");
  EXPECT_EQ(MakeComponent<DedupTransform>(&host, config).status().message(),
            "expiry: 'soon' is not a duration of 1ns to 24h");
  config.clear_expiry();
  config.set_max_flows(0);
  EXPECT_FALSE(MakeComponent<DedupTransform>(&host, config).ok());
}

TEST(DedupTest, DiagnosesItsMemory) {
  FakeHost host;
  Dedup config = WithMaxFlows(10'000);
  EXPECT_EQ(host.Diagnose(Make(&host, config).get())[0].text, "up to 977 KiB for max_flows 10000");
  config.set_mode(Dedup::MERGE);
  EXPECT_EQ(host.Diagnose(Make(&host, config).get())[0].text, "up to 7.63 MiB for max_flows 10000");
}

}  // namespace
}  // namespace weir::transforms
