// SPDX-License-Identifier: Apache-2.0
// The source `ebpf_map` over a kernel in memory: records, evictions, clocks, loss and the end.
#include "sources/ebpf/map_source.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/record/record.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/clocks/clock_watch.h"
#include "sources/ebpf/settings.h"
#include "sources/ebpf/testing/sources_fixture.h"

namespace weir::ebpf {
namespace {

using sdk::testing::FakeHost;

class MapSourceTest : public SourcesFixture {
 protected:
  // Starts a map source whose table holds one flow and may be read early every 10 ms.
  void StartWithOneFlow() {
    links_.Present(3, "eth0");
    sources::EbpfMap config = MapConfig("24h");
    config.set_cache_early_eviction_interval("10ms");
    MakeMap(config);
    ASSERT_TRUE(map_->Start().ok());
    world_.Insert(SomeFlow(1, 1, 60, 1000, 1000));
  }

  // Stops the map source, which must have emitted this one flow.
  void ExpectOneRecord(int64_t early_evictions, FlowEndReason reason) {
    ASSERT_TRUE(map_->Stop().ok());
    EXPECT_EQ(map_host_.metric("weir_datapath_early_evictions_total"), early_evictions);
    const std::vector<Record> records = map_host_.records();
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].flow_end_reason, static_cast<uint8_t>(reason));
  }
};

TEST_F(MapSourceTest, EmitsTheFlowsAtEachTimeoutAndTheRestAtTheEnd) {
  links_.Present(3, "eth0");
  sources::EbpfMap config = MapConfig("10ms");
  config.set_sampling(8);
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.options.sampling, 8u);
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth0", 0}, {"eth0", 1}}));

  Flow flow = SomeFlow(1, 7, 700, FakeHost::kMonotonicNs - 2000, FakeHost::kMonotonicNs - 1000);
  flow.value.details.sampling_interval = 5;  // of a filter rule
  world_.Insert(flow);
  // Packets in progress in both tables while the counting ended.
  world_.on_end_counting = [this] {
    world_.tables[0].push_back(SomePacket(2));
    world_.tables[1].push_back(SomePacket(3));
    world_.on_end_counting = nullptr;
  };
  ASSERT_TRUE(RunMapUntil([this] { return !map_host_.records().empty(); }).ok());
  ASSERT_TRUE(map_->Stop().ok());

  const std::vector<Record> records = map_host_.records();
  ASSERT_EQ(records.size(), 3u);
  const Record& record = records[0];
  EXPECT_EQ(SrcAddr(record).String(), "10.0.0.1");
  EXPECT_EQ(DstAddr(record).String(), "10.0.0.2");
  EXPECT_EQ(SrcMac(record).String(), "02:00:00:00:00:00");
  EXPECT_EQ(DstMac(record).String(), "00:00:00:00:00:09");
  EXPECT_EQ(record.eth_protocol, kIpv4Type);
  EXPECT_EQ(record.direction, kDirectionEgress);
  EXPECT_EQ(record.src_port, 1);
  EXPECT_EQ(record.dst_port, 443);
  EXPECT_EQ(record.transport_protocol, 6);
  EXPECT_EQ(record.if_index, 3u);
  EXPECT_EQ(record.packets, 7u);
  EXPECT_EQ(record.bytes, 700u);
  EXPECT_EQ(record.start_mono_time_ns, FakeHost::kMonotonicNs - 2000);
  EXPECT_EQ(record.end_mono_time_ns, FakeHost::kMonotonicNs - 1000);
  EXPECT_EQ(record.start_wall_time_ns, FakeHost::kWallNs - 2000);
  EXPECT_EQ(record.end_wall_time_ns, FakeHost::kWallNs - 1000);
  EXPECT_EQ(record.present,
            uint64_t{WEIR_HAS_SAMPLING | WEIR_HAS_FLOW_END_REASON | WEIR_HAS_WIRE_PACKETS |
                     WEIR_HAS_WIRE_BYTES | WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME});
  EXPECT_EQ(record.wire_packets, 7u);
  EXPECT_EQ(record.sampling_interval, 5u);
  EXPECT_EQ(records[1].present & WEIR_HAS_SAMPLING, 0u);
  EXPECT_EQ(record.flow_end_reason, static_cast<uint8_t>(FlowEndReason::kActiveTimeout));
  EXPECT_EQ(records[1].flow_end_reason, static_cast<uint8_t>(FlowEndReason::kForcedEnd));
  EXPECT_EQ(map_host_.counts().received, 3u);
  map_host_.ExpectBalanced();
  EXPECT_TRUE(world_.Attached().empty());
}

// The kernel needs milliseconds to detach each program, and the end of a run has a time limit.
TEST_F(MapSourceTest, ManyInterfacesAreDetachedAfterTheEnd) {
  constexpr uint32_t kMany = 65;
  for (uint32_t i = 1; i <= kMany; ++i) links_.Present(i, "eth" + std::to_string(i));
  MakeMap(MapConfig("1h"));
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.Attached().size(), 2 * kMany);
  world_.Insert(SomePacket(1));
  ASSERT_TRUE(RunMapUntil([] { return true; }).ok());
  ASSERT_TRUE(map_->Stop().ok());
  EXPECT_TRUE(world_.ended);
  EXPECT_EQ(map_host_.records().size(), 1u);
  EXPECT_EQ(world_.Attached().size(), 2 * kMany);
  map_.reset();
  EXPECT_TRUE(world_.Attached().empty());
}

TEST_F(MapSourceTest, WhereTheCountingCannotBeEndedTheProgramsAreDetached) {
  for (uint32_t i = 1; i <= 65; ++i) links_.Present(i, "eth" + std::to_string(i));
  MakeMap(MapConfig("1h"));
  world_.end_counting_error = sdk::Status(WEIR_INTERNAL, "it does not end");
  ASSERT_TRUE(map_->Start().ok());
  world_.Insert(SomePacket(1));
  ASSERT_TRUE(RunMapUntil([] { return true; }).ok());
  EXPECT_TRUE(world_.Attached().empty());
  ASSERT_TRUE(map_->Stop().ok());
  EXPECT_EQ(map_host_.records().size(), 1u);
}

// The ring has packets that came after the clocks were read. The end of a flow in jiffies may be
// later than now.
TEST_F(MapSourceTest, NoTimeOfARecordIsInTheFuture) {
  links_.Present(3, "eth0");
  MakeMap(MapConfig("10ms"));
  ASSERT_TRUE(map_->Start().ok());
  world_.Insert(SomeFlow(1, 1, 60, FakeHost::kMonotonicNs - 5, FakeHost::kMonotonicNs + 7));
  world_.Insert(SomeFlow(2, 1, 60, FakeHost::kMonotonicNs + 6, FakeHost::kMonotonicNs + 7));
  ASSERT_TRUE(RunMapUntil([this] { return map_host_.records().size() == 2; }).ok());
  ASSERT_TRUE(map_->Stop().ok());
  const std::vector<Record> records = map_host_.records();
  EXPECT_EQ(records[0].start_mono_time_ns, FakeHost::kMonotonicNs - 5);
  EXPECT_EQ(records[0].start_wall_time_ns, FakeHost::kWallNs - 5);
  EXPECT_EQ(records[1].start_wall_time_ns, FakeHost::kWallNs);
  for (const Record& record : records) {
    EXPECT_EQ(record.end_mono_time_ns, FakeHost::kMonotonicNs);
    EXPECT_EQ(record.end_wall_time_ns, FakeHost::kWallNs);
  }
}

TEST_F(MapSourceTest, LooksAtTheClocksAgainWhenTheyHaveJumped) {
  links_.Present(3, "eth0");
  std::atomic<uint64_t> suspended{5};
  std::atomic<int> readings{0};
  const sdk::UniqueFd jumps(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  ASSERT_GE(jumps.get(), 0);
  sdk::Result<MapSettings> settings = SettingsOf(MapConfig());
  ASSERT_TRUE(settings.ok());
  MapEnvironment environment = Environment();
  environment.open_clock_watch = [&jumps]() -> sdk::Result<ClockWatch> {
    return ClockWatch(sdk::UniqueFd(dup(jumps.get())));
  };
  environment.suspended = [&] {
    ++readings;
    return suspended.load();
  };
  map_ = std::make_unique<MapSource>(map_host_.MakeStage(), *std::move(settings), &datapath_,
                                     std::move(environment));
  ASSERT_TRUE(map_->Start().ok());
  constexpr uint64_t kHour = 3'600'000'000'000;
  world_.Insert(SomeFlow(1, 1, 60, FakeHost::kMonotonicNs - 9, FakeHost::kMonotonicNs - 8));
  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });
  map_host_.SetClocks(FakeHost::kWallNs + kHour, FakeHost::kMonotonicNs);
  suspended = 5 + kHour;
  const int before = readings.load();
  ASSERT_EQ(eventfd_write(jumps.get(), 1), 0);
  EXPECT_TRUE(map_host_.WaitFor([&] { return readings.load() > before; }));
  map_host_.AdvanceClocks(10);
  world_.Insert(SomeFlow(2, 1, 60, FakeHost::kMonotonicNs + 1, FakeHost::kMonotonicNs + 2));
  map_->Interrupt();
  thread.join();
  ASSERT_TRUE(result.ok()) << result.message();
  ASSERT_TRUE(map_->Stop().ok());
  const std::vector<Record> records = map_host_.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].start_wall_time_ns, FakeHost::kWallNs - 9);
  EXPECT_EQ(records[1].start_wall_time_ns, FakeHost::kWallNs + static_cast<int64_t>(kHour) + 1);
}

TEST_F(MapSourceTest, RecordsHaveExactlyTheMeasuredFields) {
  links_.Present(3, "eth0");
  MakeMap(MapConfig("10ms"));
  ASSERT_TRUE(map_->Start().ok());
  Flow tcp = SomeFlow(1, 2, 120, 1000, 2000);
  tcp.value.wire_packets = 45;
  tcp.value.more_wire_bytes = 43 * 54;
  tcp.value.details.tcp_flags = (0x0fff & ~0x05) | WEIR_TCP_PAIR_SYN_ACK;
  tcp.value.details.dscp = 46;
  tcp.value.details.vlan = WEIR_VLAN_PRESENT;  // with the id 0
  tcp.value.details.flags = WEIR_FLOW_HAS_TCP | WEIR_FLOW_HAS_DSCP;
  world_.Insert(tcp);
  Flow icmp = SomePacket(2);
  icmp.value.details.icmp_type = 3;
  icmp.value.details.icmp_code = 4;
  icmp.value.details.flags = WEIR_FLOW_HAS_ICMP | WEIR_FLOW_VLAN_KEY;
  world_.Insert(icmp);
  // FIN and RST, with ACK in one packet.
  for (const int last : {0x11 | WEIR_TCP_PAIR_FIN_ACK, 0x14 | WEIR_TCP_PAIR_RST_ACK}) {
    Flow ended = SomePacket(3);
    ended.value.details.tcp_flags = static_cast<weir_u16>(last);
    ended.value.details.flags = WEIR_FLOW_HAS_TCP;
    world_.Insert(ended);
  }
  ASSERT_TRUE(RunMapUntil([this] { return map_host_.records().size() == 4; }).ok());
  ASSERT_TRUE(map_->Stop().ok());

  const std::vector<Record> records = map_host_.records();
  constexpr uint64_t kAlways = WEIR_HAS_FLOW_END_REASON | WEIR_HAS_WIRE_PACKETS |
                               WEIR_HAS_WIRE_BYTES | WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;
  constexpr uint64_t kOfTcp = WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS;
  EXPECT_EQ(records[0].present, kAlways | kOfTcp | WEIR_HAS_DSCP | WEIR_HAS_VLAN);
  EXPECT_EQ(records[0].wire_packets, 45u);
  EXPECT_EQ(records[0].wire_bytes, 120u + 43 * 54);
  EXPECT_EQ(records[0].tcp_flags, 0x0ffa);
  EXPECT_EQ(records[0].tcp_flag_pairs, WEIR_TCP_SYN_ACK);
  EXPECT_EQ(records[0].dscp, 46);
  EXPECT_EQ(records[0].vlan_id, 0);
  EXPECT_EQ(records[0].flow_end_reason, static_cast<uint8_t>(FlowEndReason::kActiveTimeout));
  EXPECT_EQ(records[1].present, kAlways | WEIR_HAS_ICMP | WEIR_VLAN_IS_KEY);
  EXPECT_EQ(records[1].icmp_type, 3);
  EXPECT_EQ(records[1].icmp_code, 4);
  for (int i : {2, 3}) {
    EXPECT_EQ(records[i].flow_end_reason, static_cast<uint8_t>(FlowEndReason::kEndOfFlowDetected));
  }
}

TEST_F(MapSourceTest, FlowsThatThePipelineRefusesAreCountedAsDropped) {
  links_.Present(3, "eth0");
  MakeMap(MapConfig("10ms"));
  ASSERT_TRUE(map_->Start().ok());
  map_host_.FailEmits();
  for (uint16_t port = 0; port < 1000; ++port) world_.Insert(SomePacket(port));
  EXPECT_EQ(map_->Run().code(), WEIR_CANCELLED);
  EXPECT_EQ(map_host_.counts().received, 1000u);
  EXPECT_EQ(map_host_.dropped("pipeline_ended"), 1000u);
  map_host_.ExpectBalanced();
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(MapSourceTest, ReportsLossWithTheCureAndTheBalance) {
  links_.Present(3, "eth0");
  sources::EbpfMap config = MapConfig("10ms");
  config.set_cache_max_flows(17);
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  world_.counters.table_packets = 90;
  world_.counters.kernel.ringbuf_packets = 6;
  world_.counters.kernel.dropped_packets = 4;
  world_.counters.kernel.dropped_bytes = 240;
  world_.counters.kernel.table_failures[WEIR_TABLE_FULL] = 10;
  ASSERT_TRUE(RunMapUntil([this] { return map_host_.HasLog("4 packets (240 bytes)"); }).ok());
  EXPECT_TRUE(map_host_.HasLog("raise cache_max_flows (17 now)"));
  EXPECT_TRUE(map_host_.HasLog("packets 100 = table 90 + ring buffer 6 + dropped 4"));
  EXPECT_EQ(map_host_.metric("weir_datapath_packets_total"), 100);
  EXPECT_EQ(map_host_.metric("weir_datapath_dropped_packets_total"), 4);
  EXPECT_EQ(map_host_.metric("weir_datapath_table_failures_total", "full"), 10);
  size_t warnings = 0;
  for (const sdk::testing::LogLine& line : map_host_.log())
    warnings += line.severity == WEIR_LOG_WARNING;
  EXPECT_EQ(warnings, 1u);  // not one for each timeout
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(MapSourceTest, AFullTableIsReadBeforeItsTimeButNotAllTheTime) {
  ASSERT_NO_FATAL_FAILURE(StartWithOneFlow());
  int full_at = 0;
  ASSERT_TRUE(RunMapUntil([this, &full_at] {
                const std::lock_guard<std::mutex> lock(world_.mutex);
                if (full_at == 0 && world_.counter_reads > 2) {
                  full_at = world_.counter_reads;
                  world_.counters.kernel.table_failures[WEIR_TABLE_FULL] = 5;
                }
                // All reads but one find nothing new.
                return full_at > 0 && world_.counter_reads > full_at + 5;
              }).ok());
  ExpectOneRecord(/*early_evictions=*/1, FlowEndReason::kLackOfResources);
}

// An early eviction makes room in a full table. Flows that share a probe sequence meet again after
// it: it would only split the other flows into more records.
TEST_F(MapSourceTest, ACrowdedTableIsNotReadBeforeItsTime) {
  ASSERT_NO_FATAL_FAILURE(StartWithOneFlow());
  ASSERT_TRUE(RunMapUntil([this] {
                const std::lock_guard<std::mutex> lock(world_.mutex);
                ++world_.counters.kernel.table_failures[WEIR_TABLE_CROWDED];
                return world_.counter_reads > 5;
              }).ok());
  ExpectOneRecord(/*early_evictions=*/0, FlowEndReason::kForcedEnd);
}

TEST_F(MapSourceTest, WhatPersistsStaysAttachedAndIsGivenUpOnlyWhenItHasArrived) {
  links_.Present(3, "eth0");
  world_.persists = true;
  // From a run that ended before it had handed this over.
  world_.tables[1].push_back(SomeFlow(1, 1, 60, 1000, 1000));
  MakeMap(MapConfig("24h"));
  MakeRing();
  ASSERT_TRUE(ring_->Start().ok());
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.leftovers_detached, 1);
  std::thread ring_thread([this] { EXPECT_TRUE(ring_->Run().ok()); });
  ASSERT_TRUE(RunMapUntil([this] {
                if (map_host_.records().size() != 1) return false;
                world_.Insert(SomeFlow(2, 1, 60, 1000, 1000));
                return true;
              }).ok());
  ring_thread.join();  // although programs continue
  ASSERT_TRUE(map_->Stop().ok());
  ASSERT_TRUE(ring_->Stop().ok());
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth0", 0}, {"eth0", 1}}));
  EXPECT_EQ(world_.kept, world_.Attached());
  const std::vector<Record> records = map_host_.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].src_port, 1);
  EXPECT_EQ(records[1].src_port, 2);
  EXPECT_TRUE(world_.tables[0].empty() && world_.tables[1].empty());

  // Flows that were dropped on their way are kept for the next run. No further table is begun that
  // would have to be read.
  map_host_.FailDelivery();
  world_.tables[1 - world_.active].push_back(SomeFlow(3, 1, 60, 1000, 1000));
  world_.Insert(SomeFlow(4, 1, 60, 1000, 1000));
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(map_->Run().code(), WEIR_CANCELLED);
  ASSERT_TRUE(map_->Stop().ok());
  EXPECT_EQ(world_.tables[0].size() + world_.tables[1].size(), 2u);
  EXPECT_EQ(map_host_.records().back().src_port, 3);
}

}  // namespace
}  // namespace weir::ebpf
