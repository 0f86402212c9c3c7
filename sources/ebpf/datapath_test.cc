// SPDX-License-Identifier: Apache-2.0
// A map's source and a ring's source that share a datapath, over a kernel in memory.
#include "sources/ebpf/datapath.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/record/record.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/map_source.h"
#include "sources/ebpf/ring_source.h"
#include "sources/ebpf/settings.h"
#include "sources/ebpf/testing/sources_fixture.h"

namespace weir::ebpf {
namespace {

using sdk::testing::FakeHost;
using DatapathTest = SourcesFixture;

TEST_F(DatapathTest, RingIsReadUntilTheCountingHasEnded) {
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

TEST_F(DatapathTest, ARingWithoutPacketsIsLeftAlone) {
  links_.Present(3, "eth0");
  MakeMap(MapConfig("10ms"));
  MakeRing();  // read each millisecond while packets come
  ASSERT_TRUE(map_->Start().ok());
  ASSERT_TRUE(ring_->Start().ok());
  sdk::Status ring_result;
  std::thread ring_thread([&] { ring_result = ring_->Run(); });
  const auto counter_reads = [this] {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    return world_.counter_reads;
  };
  // 50 timeouts of the map: at least half a second.
  ASSERT_TRUE(RunMapUntil([&] { return counter_reads() >= 50; }).ok());
  ring_thread.join();
  EXPECT_TRUE(ring_result.ok());
  EXPECT_LE(world_.ring_reads, 2) << "one at the end";
  EXPECT_TRUE(ring_->Stop().ok());
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(DatapathTest, RingEndsWhenTheMapFails) {
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

TEST_F(DatapathTest, EachDatapathHasOneMapAndAtMostOneRing) {
  MakeRing();
  const sdk::Status alone = ring_->Start();
  EXPECT_EQ(alone.code(), WEIR_INVALID_ARGUMENT);
  EXPECT_EQ(alone.message(),
            "datapath 'default' has no stage of type ebpf_map: add one, or remove this "
            "ebpf_ringbuf");

  MakeMap(MapConfig());
  FakeHost second_host("more");
  const std::unique_ptr<MapSource> second = MakeOneMap(&second_host, MapConfig());
  const sdk::Status twice = map_->Start();
  EXPECT_EQ(twice.code(), WEIR_INVALID_ARGUMENT);
  EXPECT_EQ(twice.message(),
            "datapath 'default' has 2 stages of type ebpf_map ('flows', 'more'): give each its "
            "own `datapath` name");
  EXPECT_EQ(world_.loads, 0);
}

TEST_F(DatapathTest, ProgramsAreLoadedWhenTheMapIsPreparedWithTheSettingsOfAll) {
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

TEST_F(DatapathTest, ADiagnosisTriesToLoadSmallTablesAndKeepsNothing) {
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
  EXPECT_TRUE(memory) << "the memory is not that of the configured table";
}

TEST_F(DatapathTest, StagesThatDoNotFitTogetherAreNotDiagnosed) {
  MakeRing();
  std::vector<sdk::Finding> findings;
  const sdk::Findings to(ring_host_.host(), reinterpret_cast<weir_findings*>(&findings));
  EXPECT_EQ(ring_->Diagnose(to).code(), WEIR_INVALID_ARGUMENT);
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
