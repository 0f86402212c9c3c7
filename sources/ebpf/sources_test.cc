// SPDX-License-Identifier: Apache-2.0
// The two sources over a kernel in memory.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/record/record.h"
#include "plugins/sdk/testing/fake_host.h"
#include "plugins/sdk/unique_fd.h"
#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/clocks/clock_watch.h"
#include "sources/ebpf/datapath.h"
#include "sources/ebpf/map_source.h"
#include "sources/ebpf/ring_source.h"
#include "sources/ebpf/settings.h"
#include "sources/ebpf/testing/fake_kernel.h"

namespace weir::ebpf {
namespace {

using sdk::testing::FakeHost;
using Hooks = std::set<FakeWorld::Hook>;

flow_id_t SomeId(uint16_t src_port) {
  flow_id_t id{};
  id.eth_protocol = kIpv4Type;
  id.direction = WEIR_DIRECTION_EGRESS;
  id.src_mac[0] = 2;
  id.dst_mac[5] = 9;
  const IpAddr src = IpAddr::FromV4(0x0A000001);
  const IpAddr dst = IpAddr::FromV4(0x0A000002);
  std::memcpy(id.src_ip, src.bytes.data(), sizeof(id.src_ip));
  std::memcpy(id.dst_ip, dst.bytes.data(), sizeof(id.dst_ip));
  id.src_port = src_port;
  id.dst_port = 443;
  id.transport_protocol = 6;
  id.if_index = 3;
  return id;
}

Flow SomeFlow(uint16_t src_port, uint64_t packets, uint64_t bytes, uint64_t start, uint64_t end) {
  Flow flow{SomeId(src_port), {}};
  flow.value.packets = packets;
  flow.value.wire_packets = packets;
  flow.value.bytes = bytes;
  flow.value.start_mono_time_ns = start;
  flow.value.end_time = end;
  return flow;
}

Flow SomePacket(uint16_t src_port) { return SomeFlow(src_port, 1, 60, 1000, 1000); }

sources::EbpfMap MapConfig(const std::string& timeout = "24h") {
  sources::EbpfMap config;
  config.set_cache_active_timeout(timeout);
  return config;
}

class SourcesTest : public ::testing::Test {
 protected:
  // Stages whose destruction comes before that of what they use.
  void MakeMap(const sources::EbpfMap& config) { map_ = MakeOneMap(&map_host_, config); }
  std::unique_ptr<MapSource> MakeOneMap(FakeHost* host, const sources::EbpfMap& config) {
    sdk::Result<MapSettings> settings = SettingsOf(config);
    EXPECT_TRUE(settings.ok()) << settings.status().message();
    return std::make_unique<MapSource>(host->MakeStage(), *std::move(settings), &datapath_,
                                       Environment());
  }
  MapEnvironment Environment() {
    MapEnvironment environment;
    environment.load = FakeLoader(&world_);
    environment.open_links = links_.Opener();
    return environment;
  }
  void MakeRing() {
    sources::EbpfRingbuf config;
    config.set_read_interval("1ms");
    sdk::Result<RingSettings> settings = SettingsOf(config);
    ASSERT_TRUE(settings.ok());
    ring_ = std::make_unique<RingSource>(ring_host_.MakeStage(), *std::move(settings), &datapath_);
  }

  // Runs the map's source until `done` is true of what it has done, then interrupts it.
  sdk::Status RunMapUntil(const std::function<bool()>& done) {
    sdk::Status result;
    std::thread thread([&] { result = map_->Run(); });
    EXPECT_TRUE(map_host_.WaitFor(done));
    map_->Interrupt();
    thread.join();
    return result;
  }

  FakeWorld world_;
  FakeLinks links_;
  FakeHost map_host_{"flows"};
  FakeHost ring_host_{"overflow"};
  Datapath datapath_;
  std::unique_ptr<MapSource> map_;
  std::unique_ptr<RingSource> ring_;
};

TEST_F(SourcesTest, EmitsTheFlowsAtEachTimeoutAndTheRestAtTheEnd) {
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
  // Packets that were under way in both tables while the counting ended.
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

// To detach takes the kernel milliseconds for each program, and the end of a run has a limit.
TEST_F(SourcesTest, ManyInterfacesAreDetachedBehindTheEnd) {
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

TEST_F(SourcesTest, WhereTheCountingCannotBeEndedTheProgramsAreDetached) {
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

// The ring has packets that came after the clocks were read; the end of a flow that was
// taken from jiffies may be later than now.
TEST_F(SourcesTest, NoTimeOfARecordIsInTheFuture) {
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

TEST_F(SourcesTest, LooksAtTheClocksAgainWhenTheyHaveJumped) {
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

TEST_F(SourcesTest, RecordsHaveWhatWasMeasuredAndNoMore) {
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

TEST_F(SourcesTest, RingIsReadUntilTheCountingHasEnded) {
  links_.Present(3, "eth0");
  MakeRing();  // before the map: the order of the file does not matter
  MakeMap(MapConfig());
  ASSERT_TRUE(ring_->Start().ok());
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.loads, 1);
  EXPECT_EQ(world_.options.ring_bytes, 4u * 1024 * 1024);
  world_.Overflow(SomePacket(1));
  // The last packet comes after both were told to end.
  world_.on_end_counting = [this] {
    world_.ring.push_back(SomePacket(2));
    world_.on_end_counting = nullptr;
  };

  sdk::Status ring_result;
  std::thread ring_thread([&] { ring_result = ring_->Run(); });
  ASSERT_TRUE(ring_host_.WaitFor([this] { return ring_host_.counts().emitted == 1; }));
  ring_->Interrupt();
  ASSERT_TRUE(RunMapUntil([] { return true; }).ok());
  ring_thread.join();

  ASSERT_TRUE(ring_result.ok()) << ring_result.message();
  const std::vector<Record> records = ring_host_.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].packets, 1u);
  EXPECT_EQ(records[0].bytes, 60u);
  EXPECT_EQ(records[1].src_port, 2);
  EXPECT_EQ(records[1].flow_end_reason, static_cast<uint8_t>(FlowEndReason::kLackOfResources));
  ring_host_.ExpectBalanced();
  EXPECT_TRUE(ring_->Stop().ok());
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(SourcesTest, ARingWithoutPacketsIsLeftAlone) {
  links_.Present(3, "eth0");
  MakeMap(MapConfig("10ms"));
  MakeRing();  // which is read each millisecond while packets come
  ASSERT_TRUE(map_->Start().ok());
  ASSERT_TRUE(ring_->Start().ok());
  sdk::Status ring_result;
  std::thread ring_thread([&] { ring_result = ring_->Run(); });
  const auto counter_reads = [this] {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    return world_.counter_reads;
  };
  // 50 timeouts of the map: half a second at least.
  ASSERT_TRUE(RunMapUntil([&] { return counter_reads() >= 50; }).ok());
  ring_thread.join();
  EXPECT_TRUE(ring_result.ok());
  EXPECT_LE(world_.ring_reads, 2) << "one at the end";
  EXPECT_TRUE(ring_->Stop().ok());
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(SourcesTest, RingEndsWhenTheMapFails) {
  links_.Present(3, "eth0");
  MakeMap(MapConfig("10ms"));
  MakeRing();
  ASSERT_TRUE(map_->Start().ok());
  ASSERT_TRUE(ring_->Start().ok());
  world_.flip_error = sdk::Status(WEIR_INTERNAL, "no flip");
  sdk::Status ring_result;
  std::thread ring_thread([&] { ring_result = ring_->Run(); });
  EXPECT_EQ(map_->Run().message(), "no flip");
  ring_thread.join();
  EXPECT_TRUE(ring_result.ok());
  EXPECT_TRUE(world_.ended);
  EXPECT_TRUE(ring_->Stop().ok());
  EXPECT_TRUE(map_->Stop().ok());
  EXPECT_TRUE(world_.Attached().empty());
}

TEST_F(SourcesTest, EachDatapathHasOneMapAndAtMostOneRing) {
  MakeRing();
  const sdk::Status alone = ring_->Start();
  EXPECT_EQ(alone.code(), WEIR_INVALID_ARGUMENT);
  EXPECT_EQ(alone.message(),
            "datapath 'default' has no stage of type ebpf_map: there is nothing whose overflow "
            "could be read");

  MakeMap(MapConfig());
  FakeHost second_host("more");
  const std::unique_ptr<MapSource> second = MakeOneMap(&second_host, MapConfig());
  const sdk::Status twice = map_->Start();
  EXPECT_EQ(twice.code(), WEIR_INVALID_ARGUMENT);
  EXPECT_EQ(twice.message(),
            "datapath 'default' has 2 stages of type ebpf_map ('flows', 'more'): give each a "
            "`datapath` name of its own");
  EXPECT_EQ(world_.loads, 0);
}

TEST_F(SourcesTest, ProgramsAreLoadedWhenTheMapIsPreparedWithTheSettingsOfAll) {
  links_.Present(3, "eth0");
  MakeMap(MapConfig());
  MakeRing();
  ASSERT_TRUE(map_->Prepare().ok());
  EXPECT_EQ(world_.loads, 1);
  EXPECT_GT(world_.options.ring_bytes, 0u);
  EXPECT_EQ(world_.Attached(), Hooks{});
  ASSERT_TRUE(ring_->Start().ok());
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.loads, 1);
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth0", 0}, {"eth0", 1}}));
  ASSERT_TRUE(map_->Stop().ok());
  ASSERT_TRUE(ring_->Stop().ok());
}

TEST_F(SourcesTest, ADiagnosisTriesToLoadSmallTablesAndKeepsNothing) {
  KernelFeatures features;
  features.programs = Support::kUnknown;
  sdk::Result<MapSettings> settings = SettingsOf(MapConfig());
  ASSERT_TRUE(settings.ok());
  MapEnvironment environment = Environment();
  environment.probe = [&features] { return features; };
  map_ = std::make_unique<MapSource>(map_host_.MakeStage(), *std::move(settings), &datapath_,
                                     std::move(environment));
  EXPECT_FALSE(map_host_.Diagnose(map_.get()).empty());
  EXPECT_EQ(world_.loads, 0);

  MakeRing();
  EXPECT_TRUE(ring_host_.Diagnose(ring_.get()).empty());
  features.programs = Support::kYes;
  const std::vector<sdk::Finding> findings = map_host_.Diagnose(map_.get());
  EXPECT_EQ(world_.loads, 1);
  EXPECT_EQ(world_.options.max_flows, 1u);
  EXPECT_EQ(world_.options.ring_bytes, 1u);
  EXPECT_EQ(world_.Attached(), Hooks{});
  bool memory = false;
  for (const sdk::Finding& finding : findings) {
    memory = memory || finding.text.find("cache_max_flows 5000 and") != std::string::npos;
  }
  EXPECT_TRUE(memory) << "the memory is not that of the configuration";
}

TEST_F(SourcesTest, StagesThatDoNotFitTogetherAreNotDiagnosed) {
  MakeRing();
  std::vector<sdk::Finding> findings;
  const sdk::Findings to(ring_host_.host(), reinterpret_cast<weir_findings*>(&findings));
  EXPECT_EQ(ring_->Diagnose(to).code(), WEIR_INVALID_ARGUMENT);
}

TEST_F(SourcesTest, FollowsInterfaces) {
  links_.Present(2, "eth0");
  links_.Present(3, "wlan0");
  sources::EbpfMap config = MapConfig();
  config.add_interfaces("/^eth/");
  config.add_interfaces("wg0");
  config.set_direction(sources::EbpfMap::INGRESS);
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth0", 0}}));
  EXPECT_TRUE(map_host_.HasLog("there is no interface 'wg0' yet"));

  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });
  const auto become = [&](const Hooks& hooks) {
    return map_host_.WaitFor([&] { return world_.Attached() == hooks; });
  };
  links_.Present(4, "wg0");
  EXPECT_TRUE(become({{"eth0", 0}, {"wg0", 0}}));
  links_.Present(3, "eth1");  // wlan0, renamed
  EXPECT_TRUE(become({{"eth0", 0}, {"wg0", 0}, {"eth1", 0}}));
  links_.Present(3, "wlan0");  // and back
  EXPECT_TRUE(become({{"eth0", 0}, {"wg0", 0}}));
  links_.Gone(2, "eth0");
  EXPECT_TRUE(become({{"wg0", 0}}));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  // Of what has gone the index may be another's by now: not detached by index.
  EXPECT_EQ(world_.abandoned, 1);
  EXPECT_TRUE(map_->Stop().ok());
}

// A sink that holds back blocks the thread that emits.
TEST_F(SourcesTest, FollowsInterfacesWhileConsumersHoldBack) {
  links_.Present(2, "eth0");
  sources::EbpfMap config = MapConfig("10ms");
  config.set_direction(sources::EbpfMap::INGRESS);
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  map_host_.BlockEmits();
  world_.Insert(SomePacket(1));
  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });
  map_host_.WaitUntilEmitBlocks();

  const auto become = [&](const Hooks& hooks) {
    return map_host_.WaitFor([&] { return world_.Attached() == hooks; });
  };
  links_.Present(3, "late0");
  EXPECT_TRUE(become({{"eth0", 0}, {"late0", 0}}));
  links_.Gone(3, "late0");
  EXPECT_TRUE(become({{"eth0", 0}}));
  {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    world_.attached.clear();  // somebody else has taken it off
  }
  EXPECT_TRUE(become({{"eth0", 0}}));
  EXPECT_TRUE(map_host_.records().empty());

  map_host_.UnblockEmits();
  ASSERT_TRUE(map_host_.WaitFor([this] { return map_host_.counts().emitted == 1; }));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok()) << result.message();
  EXPECT_TRUE(map_->Stop().ok());
  EXPECT_TRUE(world_.Attached().empty());
}

// Packets between what an interface had counted when it arrived and what it has counted once
// weir is attached. Those of interfaces that were there at the start are of no run of weir's.
TEST_F(SourcesTest, CountsWhatPassesBeforeTheAttachment) {
  constexpr uint16_t kEthernet = 1;
  const auto counted = [this](int64_t packets) {
    return map_host_.WaitFor([&] {
      return map_host_.metric("weir_interface_packets_before_attachment_total") == packets;
    });
  };
  links_.SetCounters(2, {1000, 2000});
  links_.Present(2, "eth0");
  MakeMap(MapConfig());
  ASSERT_TRUE(map_->Start().ok());
  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });

  links_.SetCounters(3, {7, 30});
  links_.Present({3, "new0", kEthernet, /*up=*/true, sdk::LinkCounters{2, 1}});
  EXPECT_TRUE(counted(37)) << "of its whole life";
  links_.SetCounters(4, {1003, 2004});
  links_.Present({4, "moved0", kEthernet, /*up=*/false, sdk::LinkCounters{1000, 2000}});
  EXPECT_TRUE(counted(37 + 7)) << "since it is there";
  links_.SetCounters(5, {1, 1});
  links_.Present(5, "unheard0");
  EXPECT_TRUE(counted(44 + 2)) << "nobody told of its arrival";
  links_.SetCounters(6, {10, 20});
  links_.Present({6, "restarted0", kEthernet, /*up=*/false, sdk::LinkCounters{1000, 2000}});
  EXPECT_TRUE(counted(46 + 30)) << "its driver has begun anew";
  // Gone before weir could attach to it, or look at it.
  {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    world_.attach_errors["short0"] = sdk::Status(WEIR_NOT_FOUND, "interface 'short0': gone");
  }
  links_.Present({7, "short0", kEthernet, /*up=*/false, sdk::LinkCounters{100, 100}});
  links_.Gone({7, "short0", kEthernet, /*up=*/false, sdk::LinkCounters{101, 102}});
  EXPECT_TRUE(counted(76 + 3));
  links_.Present({8, "short1", kEthernet, /*up=*/false, sdk::LinkCounters{}});
  links_.Gone({8, "short1", kEthernet, /*up=*/false, sdk::LinkCounters{2, 2}});
  EXPECT_TRUE(counted(79 + 4));
  // Each once, and nothing of what is measured, whatever becomes of it.
  links_.SetCounters(3, {700, 3000});
  links_.Present({3, "new1", kEthernet, /*up=*/true, sdk::LinkCounters{700, 3000}});
  links_.Gone({3, "new1", kEthernet, /*up=*/true, sdk::LinkCounters{700, 3000}});
  links_.Gone({2, "eth0", kEthernet, /*up=*/true, sdk::LinkCounters{1500, 2500}});
  links_.SetCounters(9, {1, 0});
  links_.Present({9, "last0", kEthernet, /*up=*/true, sdk::LinkCounters{}});
  EXPECT_TRUE(counted(83 + 1));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(SourcesTest, CountsOfAnInterfaceWhatPassesWhileItIsToBeMeasured) {
  constexpr uint16_t kEthernet = 1;
  sources::EbpfMap config = MapConfig();
  config.add_interfaces("/^in/");
  config.set_direction(sources::EbpfMap::EGRESS);
  links_.Present(2, "out0");
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });
  const auto counted = [this](int64_t packets) {
    return map_host_.WaitFor([&] {
      return map_host_.metric("weir_interface_packets_before_attachment_total") == packets;
    });
  };
  links_.SetCounters(2, {1000, 2005});
  links_.Present({2, "in0", kEthernet, /*up=*/true, sdk::LinkCounters{1000, 2000}});
  EXPECT_TRUE(counted(5)) << "since it has the name";
  links_.Present({3, "out1", kEthernet, /*up=*/true, sdk::LinkCounters{}});
  links_.Gone({3, "out1", kEthernet, /*up=*/true, sdk::LinkCounters{50, 50}});
  links_.SetCounters(4, {100, 1});
  links_.Present({4, "in1", kEthernet, /*up=*/true, sdk::LinkCounters{}});
  EXPECT_TRUE(counted(5 + 1)) << "out1 is none of its business";
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(map_->Stop().ok());
}

// Packets of another hardware type begin with another header.
TEST_F(SourcesTest, AttachesAnewWhereTheHardwareTypeChanges) {
  links_.Present(2, "tun0", /*hardware_type=*/0xfffe);
  sources::EbpfMap config = MapConfig();
  config.set_direction(sources::EbpfMap::INGRESS);
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  const auto hardware_type = [this] {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    return world_.hardware_types[{"tun0", 0}];
  };
  EXPECT_EQ(hardware_type(), 0xfffe);
  links_.Present(2, "tun0", /*hardware_type=*/1);
  EXPECT_TRUE(map_host_.WaitFor([&] { return hardware_type() == 1; }));
  EXPECT_EQ(world_.Attached(), (Hooks{{"tun0", 0}}));
  {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    world_.attach_errors["tun0"] = sdk::Status(WEIR_FAILED_PRECONDITION, "not such links");
  }
  links_.Present(2, "tun0", /*hardware_type=*/280);
  EXPECT_TRUE(map_host_.WaitFor([&] { return world_.Attached().empty(); }));
  EXPECT_TRUE(map_host_.WaitFor([&] { return map_host_.metric("weir_interfaces_attached") == 0; }));
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(SourcesTest, FollowsAddresses) {
  links_.Present(2, "eth0");
  links_.Present(3, "eth1");
  links_.Present(1, "lo");
  sources::EbpfMap config = MapConfig();
  config.add_interface_ips("10.0.0.0/8");
  config.add_interface_ips("127.0.0.0/8");
  config.set_direction(sources::EbpfMap::INGRESS);
  MakeMap(config);
  const auto in = IpAddr::FromV4(0x0A000001);
  const auto out = IpAddr::FromV4(0x0B000001);
  links_.Addresses({{1, IpAddr::FromV4(0x7F000001)}, {2, out}, {3, out}, {3, in}});
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth1", 0}}));

  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });
  const auto become = [&](const Hooks& hooks) {
    return map_host_.WaitFor([&] { return world_.Attached() == hooks; });
  };
  links_.Addresses({{2, in}, {3, out}, {4, in}});
  EXPECT_TRUE(become({{"eth0", 0}}));
  EXPECT_TRUE(map_host_.WaitFor([&] {
    return map_host_.HasLog(
        "interface 'eth1' has no address of interface_ips any more: no longer measured");
  }));
  links_.Present(4, "late0");  // its address was known before
  EXPECT_TRUE(become({{"eth0", 0}, {"late0", 0}}));
  links_.Gone(2, "eth0");
  EXPECT_TRUE(become({{"late0", 0}}));
  links_.Addresses({});
  EXPECT_TRUE(become({}));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(map_->Stop().ok());

  config.add_interfaces("eth0");
  EXPECT_EQ(SettingsOf(config).status().message(),
            "interface_ips: cannot be together with interfaces: give one of them");
}

TEST_F(SourcesTest, WhatIsPinnedIsOfOneNamespace) {
  sources::EbpfMap config = MapConfig();
  config.set_pin_path("/sys/fs/bpf/weir");
  EXPECT_TRUE(SettingsOf(config).ok());
  config.set_netns(sources::EbpfMap::ALL);
  EXPECT_EQ(SettingsOf(config).status().message(),
            "pin_path: cannot be together with netns: ALL, whose numbers for namespaces are those "
            "of one run");
}

TEST_F(SourcesTest, AnInterfaceThatIsNamedMustBeAttachable) {
  links_.Present(2, "eth0");
  links_.Present(3, "can0");
  world_.attach_errors["can0"] = sdk::Status(WEIR_FAILED_PRECONDITION, "interface 'can0': no");
  sources::EbpfMap config = MapConfig();
  config.add_interfaces("eth0");
  config.add_interfaces("can0");
  MakeMap(config);
  EXPECT_EQ(map_->Start().message(), "interface 'can0': no");
  EXPECT_TRUE(world_.Attached().empty());
}

TEST_F(SourcesTest, OneOfManyMayFailAndOneThatHasGoneIsNoFailure) {
  links_.Present(2, "eth0");
  links_.Present(3, "can0");
  links_.Present(4, "gone0");
  world_.attach_errors["can0"] = sdk::Status(WEIR_FAILED_PRECONDITION, "interface 'can0': no");
  world_.attach_errors["gone0"] = sdk::Status(WEIR_NOT_FOUND, "interface 'gone0': gone");
  MakeMap(MapConfig());
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(map_host_.metric("weir_interface_attach_failures_total"), 1);
  EXPECT_TRUE(map_host_.HasLog("interface 'can0': no; it is not measured"));
  EXPECT_FALSE(map_host_.HasLog("gone0"));
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(SourcesTest, AttachesAsConfiguredAndTellsWhereItCouldNot) {
  links_.Present(2, "eth0");
  links_.Present(3, "eth1");
  world_.attach_warnings["eth1"] = "interface 'eth1': not so";
  sources::EbpfMap config = MapConfig();
  config.set_tcx_anchor(sources::EbpfMap::AFTER);
  config.set_tcx_anchor_program("17");
  config.set_clsact_priority(5);
  config.set_clsact_handle(6);
  config.set_direction(sources::EbpfMap::INGRESS);
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth0", 0}, {"eth1", 0}}));
  EXPECT_EQ(world_.attach_options.tcx_anchor.place, TcxAnchor::Place::kAfter);
  EXPECT_EQ(world_.attach_options.tcx_anchor.program_id, 17u);
  EXPECT_EQ(world_.attach_options.clsact_priority, 5);
  EXPECT_EQ(world_.attach_options.clsact_handle, 6u);
  size_t warnings = 0;
  for (const sdk::testing::LogLine& line : map_host_.log()) {
    if (line.severity != WEIR_LOG_WARNING) continue;
    EXPECT_EQ(line.message, "interface 'eth1': not so");
    ++warnings;
  }
  EXPECT_EQ(warnings, 1u);
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(SourcesTest, TheStartFailsIfNothingCanBeAttached) {
  links_.Present(2, "eth0");
  world_.attach_errors["eth0"] = sdk::Status(WEIR_PERMISSION_DENIED, "interface 'eth0': no");
  MakeMap(MapConfig());
  EXPECT_EQ(map_->Start().code(), WEIR_PERMISSION_DENIED);
}

TEST_F(SourcesTest, FlowsThatThePipelineRefusesAreCountedAsDropped) {
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

TEST_F(SourcesTest, TellsOfLossWithTheCureAndOfTheBalance) {
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
  EXPECT_EQ(warnings, 1u);  // and not one for each timeout
  EXPECT_TRUE(map_->Stop().ok());
}

TEST(Settings, PacketsAreLookedIntoByThePortOnlyWhereAsked) {
  sources::EbpfMap config;
  config.set_vxlan_port(8472);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 0);
  EXPECT_FALSE(SettingsOf(config)->kernel.vlan_key);
  config.set_vlan_key(true);
  EXPECT_TRUE(SettingsOf(config)->kernel.vlan_key);
  config.set_vxlan(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 8472);
  config.clear_vxlan_port();
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 4789);
  for (const uint32_t port : {0, 65536}) {
    config.set_vxlan_port(port);
    EXPECT_EQ(SettingsOf(config).status().message(), "vxlan_port: must be 1 to 65535");
  }
}

TEST(Settings, EachTunnelIsLookedIntoOnlyWhereAsked) {
  sources::EbpfMap config;
  const weir_tunnels none = SettingsOf(config)->kernel.tunnels;
  EXPECT_EQ(none.geneve_port, 0);
  EXPECT_EQ(none.gre, 0);
  EXPECT_EQ(none.ip_in_ip, 0);
  config.set_gre(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.gre, 1);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.ip_in_ip, 0);
  config.set_ip_in_ip(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.ip_in_ip, 1);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.geneve_port, 0);
  config.set_geneve(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.geneve_port, 6081);
  EXPECT_EQ(SettingsOf(config)->kernel.tunnels.vxlan_port, 0);
  config.set_geneve_port(4789);
  EXPECT_TRUE(SettingsOf(config).ok());
  config.set_vxlan(sources::EbpfMap::INNER);
  EXPECT_EQ(SettingsOf(config).status().message(),
            "geneve_port: is that of VXLAN too, and one port cannot be both");
  config.set_geneve_port(0);
  EXPECT_EQ(SettingsOf(config).status().message(), "geneve_port: must be 1 to 65535");
}

TEST_F(SourcesTest, AFullTableIsReadBeforeItsTimeButNotAllTheTime) {
  links_.Present(3, "eth0");
  sources::EbpfMap config = MapConfig("24h");
  config.set_cache_early_eviction_interval("10ms");
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  world_.Insert(SomeFlow(1, 1, 60, 1000, 1000));
  int full_at = 0;
  ASSERT_TRUE(RunMapUntil([this, &full_at] {
                const std::lock_guard<std::mutex> lock(world_.mutex);
                if (full_at == 0 && world_.counter_reads > 2) {
                  full_at = world_.counter_reads;
                  world_.counters.kernel.table_failures[WEIR_TABLE_FULL] = 5;
                }
                // All looks but one find nothing new.
                return full_at > 0 && world_.counter_reads > full_at + 5;
              }).ok());
  ASSERT_TRUE(map_->Stop().ok());
  EXPECT_EQ(map_host_.metric("weir_datapath_early_evictions_total"), 1);
  const std::vector<Record> records = map_host_.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].flow_end_reason, static_cast<uint8_t>(FlowEndReason::kLackOfResources));
}

// An early eviction makes room in a full table. Flows that share a probe sequence meet
// again after it, so it would only cut the other flows into more records.
TEST_F(SourcesTest, ACrowdedTableIsNotReadBeforeItsTime) {
  links_.Present(3, "eth0");
  sources::EbpfMap config = MapConfig("24h");
  config.set_cache_early_eviction_interval("10ms");
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  world_.Insert(SomeFlow(1, 1, 60, 1000, 1000));
  ASSERT_TRUE(RunMapUntil([this] {
                const std::lock_guard<std::mutex> lock(world_.mutex);
                ++world_.counters.kernel.table_failures[WEIR_TABLE_CROWDED];
                return world_.counter_reads > 5;
              }).ok());
  ASSERT_TRUE(map_->Stop().ok());
  EXPECT_EQ(map_host_.metric("weir_datapath_early_evictions_total"), 0);
  const std::vector<Record> records = map_host_.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].flow_end_reason, static_cast<uint8_t>(FlowEndReason::kForcedEnd));
}

TEST_F(SourcesTest, WhatPersistsStaysAttachedAndIsGivenUpOnlyWhenItHasArrived) {
  links_.Present(3, "eth0");
  world_.persists = true;
  // Of a run that ended before it had handed this over.
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
  ring_thread.join();  // though programs go on
  ASSERT_TRUE(map_->Stop().ok());
  ASSERT_TRUE(ring_->Stop().ok());
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth0", 0}, {"eth0", 1}}));
  EXPECT_EQ(world_.kept, world_.Attached());
  const std::vector<Record> records = map_host_.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].src_port, 1);
  EXPECT_EQ(records[1].src_port, 2);
  EXPECT_TRUE(world_.tables[0].empty() && world_.tables[1].empty());

  // Flows that were dropped on their way are there for the next run, and no further half is
  // begun that would have to be read.
  map_host_.FailDelivery();
  world_.tables[1 - world_.active].push_back(SomeFlow(3, 1, 60, 1000, 1000));
  world_.Insert(SomeFlow(4, 1, 60, 1000, 1000));
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(map_->Run().code(), WEIR_CANCELLED);
  ASSERT_TRUE(map_->Stop().ok());
  EXPECT_EQ(world_.tables[0].size() + world_.tables[1].size(), 2u);
  EXPECT_EQ(map_host_.records().back().src_port, 3);
}

TEST(Create, SharesOneDatapathByName) {
  FakeHost map_host("flows");
  FakeHost ring_host("overflow", &map_host);
  auto map = sdk::testing::MakeComponent<MapSource>(&map_host, sources::EbpfMap());
  auto ring = sdk::testing::MakeComponent<RingSource>(&ring_host, sources::EbpfRingbuf());
  ASSERT_TRUE(map.ok() && ring.ok());
  EXPECT_EQ(map_host.MakeStage().Shared<Datapath>("datapath/default"),
            ring_host.MakeStage().Shared<Datapath>("datapath/default"));
}

}  // namespace
}  // namespace weir::ebpf
