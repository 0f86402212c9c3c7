// SPDX-License-Identifier: Apache-2.0
// The interfaces that `ebpf_map` measures, over a kernel and a netlink feed in memory.
#include <gtest/gtest.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/record/record.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/attach/attach_options.h"
#include "sources/ebpf/settings.h"
#include "sources/ebpf/testing/sources_fixture.h"

namespace weir::ebpf {
namespace {

class MeasuredInterfacesTest : public SourcesFixture {
 protected:
  // Return true once programs are attached to exactly these hooks, or once exactly so many packets
  // are counted as missed.
  bool WaitForHooks(const Hooks& hooks) {
    return map_host_.WaitFor([&] { return world_.Attached() == hooks; });
  }
  bool WaitForMissedPackets(int64_t packets) {
    return map_host_.WaitFor([&] {
      return map_host_.metric("weir_interface_packets_before_attachment_total") == packets;
    });
  }
};

TEST_F(MeasuredInterfacesTest, FollowsInterfaces) {
  links_.Present(2, "eth0");
  links_.Present(3, "wlan0");
  sources::EbpfMap config = MapConfig();
  config.add_interfaces("/^eth/");
  config.add_interfaces("wg0");
  config.set_direction(sources::EbpfMap::INGRESS);
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(world_.Attached(), (Hooks{{"eth0", 0}}));
  EXPECT_TRUE(map_host_.HasLog("interface 'wg0' does not exist yet"));

  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });
  links_.Present(4, "wg0");
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}, {"wg0", 0}}));
  links_.Present(3, "eth1");  // wlan0, renamed
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}, {"wg0", 0}, {"eth1", 0}}));
  links_.Present(3, "wlan0");  // and back
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}, {"wg0", 0}}));
  links_.Gone(2, "eth0");
  EXPECT_TRUE(WaitForHooks({{"wg0", 0}}));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  // The index of an interface that is gone may belong to another one: not detached by index.
  EXPECT_EQ(world_.abandoned, 1);
  EXPECT_TRUE(map_->Stop().ok());
}

// A sink that holds back blocks the thread that emits.
TEST_F(MeasuredInterfacesTest, FollowsInterfacesWhileConsumersHoldBack) {
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

  links_.Present(3, "late0");
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}, {"late0", 0}}));
  links_.Gone(3, "late0");
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}}));
  {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    world_.attached.clear();  // somebody else has removed it
  }
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}}));
  EXPECT_TRUE(map_host_.records().empty());

  map_host_.UnblockEmits();
  ASSERT_TRUE(map_host_.WaitFor([this] { return map_host_.counts().emitted == 1; }));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok()) << result.message();
  EXPECT_TRUE(map_->Stop().ok());
  EXPECT_TRUE(world_.Attached().empty());
}

// Counts the packets between the arrival of an interface and weir's attachment to it. Interfaces
// that exist at the start have none.
TEST_F(MeasuredInterfacesTest, CountsThePacketsThatPassBeforeTheAttachment) {
  constexpr uint16_t kEthernet = 1;
  links_.SetCounters(2, {1000, 2000});
  links_.Present(2, "eth0");
  MakeMap(MapConfig());
  ASSERT_TRUE(map_->Start().ok());
  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });

  links_.SetCounters(3, {7, 30});
  links_.Present({3, "new0", kEthernet, /*up=*/true, sdk::LinkCounters{2, 1}});
  EXPECT_TRUE(WaitForMissedPackets(37)) << "its whole life counts";
  links_.SetCounters(4, {1003, 2004});
  links_.Present({4, "moved0", kEthernet, /*up=*/false, sdk::LinkCounters{1000, 2000}});
  EXPECT_TRUE(WaitForMissedPackets(37 + 7)) << "since its arrival";
  links_.SetCounters(5, {1, 1});
  links_.Present(5, "unheard0");
  EXPECT_TRUE(WaitForMissedPackets(44 + 2)) << "its arrival was not reported";
  links_.SetCounters(6, {10, 20});
  links_.Present({6, "restarted0", kEthernet, /*up=*/false, sdk::LinkCounters{1000, 2000}});
  EXPECT_TRUE(WaitForMissedPackets(46 + 30)) << "its driver restarted the counters";
  // Gone before weir could attach to it or read its counters.
  {
    const std::lock_guard<std::mutex> lock(world_.mutex);
    world_.attach_errors["short0"] = sdk::Status(WEIR_NOT_FOUND, "interface 'short0': gone");
  }
  links_.Present({7, "short0", kEthernet, /*up=*/false, sdk::LinkCounters{100, 100}});
  links_.Gone({7, "short0", kEthernet, /*up=*/false, sdk::LinkCounters{101, 102}});
  EXPECT_TRUE(WaitForMissedPackets(76 + 3));
  links_.Present({8, "short1", kEthernet, /*up=*/false, sdk::LinkCounters{}});
  links_.Gone({8, "short1", kEthernet, /*up=*/false, sdk::LinkCounters{2, 2}});
  EXPECT_TRUE(WaitForMissedPackets(79 + 4));
  // Each packet is counted once. Interfaces that are being measured add nothing, whatever happens
  // to them.
  links_.SetCounters(3, {700, 3000});
  links_.Present({3, "new1", kEthernet, /*up=*/true, sdk::LinkCounters{700, 3000}});
  links_.Gone({3, "new1", kEthernet, /*up=*/true, sdk::LinkCounters{700, 3000}});
  links_.Gone({2, "eth0", kEthernet, /*up=*/true, sdk::LinkCounters{1500, 2500}});
  links_.SetCounters(9, {1, 0});
  links_.Present({9, "last0", kEthernet, /*up=*/true, sdk::LinkCounters{}});
  EXPECT_TRUE(WaitForMissedPackets(83 + 1));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(MeasuredInterfacesTest, CountsThePacketsOfAnInterfaceOnlyWhileItIsSelected) {
  constexpr uint16_t kEthernet = 1;
  sources::EbpfMap config = MapConfig();
  config.add_interfaces("/^in/");
  config.set_direction(sources::EbpfMap::EGRESS);
  links_.Present(2, "out0");
  MakeMap(config);
  ASSERT_TRUE(map_->Start().ok());
  sdk::Status result;
  std::thread thread([&] { result = map_->Run(); });
  links_.SetCounters(2, {1000, 2005});
  links_.Present({2, "in0", kEthernet, /*up=*/true, sdk::LinkCounters{1000, 2000}});
  EXPECT_TRUE(WaitForMissedPackets(5)) << "since it has the name";
  links_.Present({3, "out1", kEthernet, /*up=*/true, sdk::LinkCounters{}});
  links_.Gone({3, "out1", kEthernet, /*up=*/true, sdk::LinkCounters{50, 50}});
  links_.SetCounters(4, {100, 1});
  links_.Present({4, "in1", kEthernet, /*up=*/true, sdk::LinkCounters{}});
  EXPECT_TRUE(WaitForMissedPackets(5 + 1)) << "out1 is not selected";
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(map_->Stop().ok());
}

// Packets of another hardware type begin with another header.
TEST_F(MeasuredInterfacesTest, AttachesAnewWhereTheHardwareTypeChanges) {
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

TEST_F(MeasuredInterfacesTest, FollowsAddresses) {
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
  links_.Addresses({{2, in}, {3, out}, {4, in}});
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}}));
  EXPECT_TRUE(map_host_.WaitFor([&] {
    return map_host_.HasLog(
        "interface 'eth1' no longer has an address in interface_ips: no longer measured");
  }));
  links_.Present(4, "late0");  // its address was known before
  EXPECT_TRUE(WaitForHooks({{"eth0", 0}, {"late0", 0}}));
  links_.Gone(2, "eth0");
  EXPECT_TRUE(WaitForHooks({{"late0", 0}}));
  links_.Addresses({});
  EXPECT_TRUE(WaitForHooks({}));
  map_->Interrupt();
  thread.join();
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(map_->Stop().ok());

  config.add_interfaces("eth0");
  EXPECT_EQ(SettingsOf(config).status().message(),
            "interface_ips: cannot be combined with interfaces: set only one of them");
}

TEST_F(MeasuredInterfacesTest, AnInterfaceThatIsNamedMustBeAttachable) {
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

TEST_F(MeasuredInterfacesTest, OneOfManyMayFailAndOneThatIsGoneIsNoFailure) {
  links_.Present(2, "eth0");
  links_.Present(3, "can0");
  links_.Present(4, "gone0");
  world_.attach_errors["can0"] = sdk::Status(WEIR_FAILED_PRECONDITION, "interface 'can0': no");
  world_.attach_errors["gone0"] = sdk::Status(WEIR_NOT_FOUND, "interface 'gone0': gone");
  MakeMap(MapConfig());
  ASSERT_TRUE(map_->Start().ok());
  EXPECT_EQ(map_host_.metric("weir_interface_attach_failures_total"), 1);
  EXPECT_TRUE(map_host_.HasLog("interface 'can0': no; the interface is not measured"));
  EXPECT_FALSE(map_host_.HasLog("gone0"));
  EXPECT_TRUE(map_->Stop().ok());
}

TEST_F(MeasuredInterfacesTest, AttachesAsConfiguredAndReportsWhereItCouldNot) {
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

TEST_F(MeasuredInterfacesTest, ADiagnosisReportsWhatAStartWouldMeasureAndWaitFor) {
  links_.Present(2, "eth0");
  sources::EbpfMap config = MapConfig();
  config.add_interfaces("eth0");
  config.add_interfaces("eth9");
  MakeMap(config);
  std::vector<std::string> texts;
  for (const sdk::Finding& finding : map_host_.Diagnose(map_.get())) {
    if (finding.subject == "interfaces") texts.push_back(finding.text);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{
                       "interface 'eth9' does not exist now: weir waits for it, and measures it "
                       "when it appears",
                       "measures eth0"}));
  EXPECT_TRUE(world_.Attached().empty());
}

TEST_F(MeasuredInterfacesTest, TheStartFailsIfNothingCanBeAttached) {
  links_.Present(2, "eth0");
  world_.attach_errors["eth0"] = sdk::Status(WEIR_PERMISSION_DENIED, "interface 'eth0': no");
  MakeMap(MapConfig());
  EXPECT_EQ(map_->Start().code(), WEIR_PERMISSION_DENIED);
}

}  // namespace
}  // namespace weir::ebpf
