// SPDX-License-Identifier: Apache-2.0
// The two sources over a kernel in memory, for their tests. Tests only.
#ifndef WEIR_SOURCES_EBPF_TESTING_SOURCES_FIXTURE_H_
#define WEIR_SOURCES_EBPF_TESTING_SOURCES_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "core/record/record.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/datapath.h"
#include "sources/ebpf/map_source.h"
#include "sources/ebpf/ring_source.h"
#include "sources/ebpf/settings.h"
#include "sources/ebpf/testing/fake_kernel.h"

namespace weir::ebpf {

using Hooks = std::set<FakeWorld::Hook>;

inline flow_id_t SomeId(uint16_t src_port) {
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

inline Flow SomeFlow(uint16_t src_port, uint64_t packets, uint64_t bytes, uint64_t start,
                     uint64_t end) {
  Flow flow{SomeId(src_port), {}};
  flow.value.packets = packets;
  flow.value.wire_packets = packets;
  flow.value.bytes = bytes;
  flow.value.start_mono_time_ns = start;
  flow.value.end_time = end;
  return flow;
}

inline Flow SomePacket(uint16_t src_port) { return SomeFlow(src_port, 1, 60, 1000, 1000); }

inline sources::EbpfMap MapConfig(const std::string& timeout = "24h") {
  sources::EbpfMap config;
  config.set_cache_active_timeout(timeout);
  return config;
}

class SourcesFixture : public ::testing::Test {
 protected:
  // Stages. They are destroyed before the objects that they use.
  void MakeMap(const sources::EbpfMap& config) { map_ = MakeOneMap(&map_host_, config); }
  std::unique_ptr<MapSource> MakeOneMap(sdk::testing::FakeHost* host,
                                        const sources::EbpfMap& config) {
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

  // Runs the map's source until `done` returns true, then interrupts it.
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
  sdk::testing::FakeHost map_host_{"flows"};
  sdk::testing::FakeHost ring_host_{"overflow"};
  Datapath datapath_;
  std::unique_ptr<MapSource> map_;
  std::unique_ptr<RingSource> ring_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_SOURCES_FIXTURE_H_
