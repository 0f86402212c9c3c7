// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/pcap_source.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bpf/testing/test_packets.h"
#include "bpf/testing/tunnel_packets.h"
#include "core/record/constants.h"
#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/pcap/formats/interface_table.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/testing/run_capture.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {
namespace {

using ebpf::Bytes;
using ebpf::Ethernet;
using ebpf::Ipv4;
using ebpf::operator+;
using pcap::TestCaptureOptions;
using pcap::TestPcap;
using pcap::TestPcapng;
using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

bool SameKey(const Record& record, const flow_id_t& id) {
  RecordKey expected;
  std::memcpy(&expected, &id, sizeof(expected));
  const RecordKey key = KeyOf(record);
  return std::memcmp(&key, &expected, sizeof(key)) == 0;
}

// What the parser's tests hold the kernel's programs to: VLAN tags, extension headers,
// fragments, ICMP, and what is cut off or makes no sense.
TEST(PcapTest, PacketsHaveTheFlowsOfTheKernel) {
  const std::vector<ebpf::TestPacket> packets = ebpf::AllPackets();
  TestPcap capture;
  uint64_t fragments = 0;
  uint64_t truncated = 0;
  for (const ebpf::TestPacket& packet : packets) {
    capture.Add(Text(packet.bytes));
    fragments += packet.fragment ? 1 : 0;
    truncated += packet.truncated ? 1 : 0;
  }
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {CaptureFile("all.pcap", capture.bytes())}).ok());
  const std::vector<Record> records = host.records();
  ASSERT_EQ(records.size(), packets.size());
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_TRUE(SameKey(records[i], packets[i].id)) << packets[i].name;
    EXPECT_EQ(records[i].packets, 1u);
    EXPECT_EQ(records[i].bytes, packets[i].bytes.size()) << packets[i].name;
  }
  ASSERT_GT(fragments, 0u);
  ASSERT_GT(truncated, 0u);
  EXPECT_EQ(host.metric("weir_pcap_fragments_total"), static_cast<int64_t>(fragments));
  EXPECT_EQ(host.metric("weir_pcap_truncated_total"), static_cast<int64_t>(truncated));
}

// Those that are asked for, on links with Ethernet and without.
TEST(PcapTest, PacketsInTunnelsHaveTheFlowThatIsAskedFor) {
  const std::vector<ebpf::TunnelPacket> packets = ebpf::TunnelPackets();
  TestPcap capture;
  for (const ebpf::TunnelPacket& packet : packets) capture.Add(Text(packet.bytes));
  for (const bool inner : {false, true}) {
    Pcap config = Config({CaptureFile("tunnels.pcap", capture.bytes())});
    if (inner) {
      config.set_vxlan(Pcap::INNER);
      config.set_geneve(Pcap::INNER);
      config.set_gre(Pcap::INNER);
      config.set_ip_in_ip(Pcap::INNER);
    }
    FakeHost host;
    const auto source = Make(&host, config);
    ASSERT_TRUE(source->Start().ok());
    ASSERT_TRUE(source->Run().ok());
    ASSERT_TRUE(source->Stop().ok());
    const std::vector<Record> records = host.records();
    ASSERT_EQ(records.size(), packets.size());
    for (size_t i = 0; i < records.size(); ++i) {
      EXPECT_TRUE(SameKey(records[i], inner ? packets[i].within : packets[i].id))
          << packets[i].name;
      EXPECT_EQ(records[i].bytes, packets[i].bytes.size()) << packets[i].name;
    }
  }
}

TEST(PcapTest, TunnelsHavePortsOfTheirOwn) {
  Pcap config = Config({"-"});
  config.set_vxlan(Pcap::INNER);
  config.set_geneve(Pcap::INNER);
  config.set_geneve_port(4789);
  FakeHost host;
  EXPECT_EQ(MakeComponent<PcapSource>(&host, config).status().message(),
            "geneve_port: equals vxlan_port: give each tunnel its own port");
}

TEST(PcapTest, WhatWasReadIsToldAndNothingElse) {
  TestPcap capture;
  Bytes tcp = Ethernet({0x88a8, 0x8100, 0x0800}) + Ipv4(6, 20) + ebpf::Transport(20);
  tcp[14 + 8 + 1] = 46 << 2 | 1;  // DSCP and a bit of ECN
  tcp[14 + 8 + 20 + 13] = 0x12;   // SYN and ACK
  capture.Add(Text(tcp));
  Bytes icmp = Ethernet({0x0800}) + Ipv4(1, 8) + Bytes{3, 1, 0, 0, 0, 0, 0, 0};
  capture.Add(Text(icmp));
  capture.Add(Text(Ethernet({0x0806}) + Bytes(28)));
  const std::vector<Record> records = RecordsOf(capture.bytes());
  ASSERT_EQ(records.size(), 3u);
  constexpr uint64_t kTimes = WEIR_HAS_MONO_TIME | WEIR_HAS_WALL_TIME;
  EXPECT_EQ(records[0].present,
            kTimes | WEIR_HAS_TCP_FLAGS | WEIR_HAS_TCP_FLAG_PAIRS | WEIR_HAS_DSCP | WEIR_HAS_VLAN);
  EXPECT_EQ(records[0].tcp_flags & 0xff, 0x12);
  EXPECT_EQ(records[0].tcp_flag_pairs, WEIR_TCP_SYN_ACK);
  EXPECT_EQ(records[0].dscp, 46);
  EXPECT_EQ(records[0].vlan_id, 1);  // Ethernet() numbers tags from the outermost on
  EXPECT_EQ(records[1].present, kTimes | WEIR_HAS_ICMP | WEIR_HAS_DSCP);
  EXPECT_EQ(records[1].icmp_type, 3);
  EXPECT_EQ(records[1].icmp_code, 1);
  EXPECT_EQ(records[2].present, kTimes);
  EXPECT_EQ(records[2].eth_protocol, kArpType);
}

TEST(PcapTest, TheVlanIsAPartOfTheFlowIfItIsAKey) {
  TestPcap capture;
  capture.Add(Text(Ethernet({0x8100, 0x0800}) + Ipv4(17, 8) + ebpf::Transport(8)));
  capture.Add(Text(Ethernet({0x0800}) + Ipv4(17, 8) + ebpf::Transport(8)));
  for (const bool key : {false, true}) {
    Pcap config = Config({CaptureFile("vlan.pcap", capture.bytes())});
    config.set_vlan_key(key);
    FakeHost host;
    const auto source = Make(&host, config);
    ASSERT_TRUE(source->Start().ok());
    ASSERT_TRUE(source->Run().ok());
    ASSERT_TRUE(source->Stop().ok());
    ASSERT_EQ(host.records().size(), 2u);
    // Untagged packets have the bit too: they are a flow apart.
    for (const Record& record : host.records()) {
      EXPECT_EQ((record.present & WEIR_VLAN_IS_KEY) != 0, key);
    }
  }
}

TEST(PcapTest, SizesAreTheOriginalOnes) {
  TestCaptureOptions options;
  options.snaplen = 14 + 20 + 4;  // to the ports
  TestPcap capture(options);
  capture.Add(Frame(1000));
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {CaptureFile("snapped.pcap", capture.bytes())}).ok());
  ASSERT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.records()[0].bytes, Frame(1000).size());
  EXPECT_EQ(host.records()[0].dst_port, ebpf::kDstPort);
  EXPECT_EQ(host.metric("weir_pcap_snapped_packets_total"), 1);
  EXPECT_EQ(host.metric("weir_pcap_truncated_total"), 1);
}

void ExpectNoTime(const Record& record) {
  EXPECT_EQ(record.present & kTimeBits, 0u);
  EXPECT_EQ(record.start_wall_time_ns, 0);
  EXPECT_EQ(record.end_wall_time_ns, 0);
  EXPECT_EQ(record.start_mono_time_ns, 0u);
  EXPECT_EQ(record.end_mono_time_ns, 0u);
}

// It counts, and its flow has the times of the other packets. In real time it need not wait.
TEST(PcapTest, APacketWithoutATimeCounts) {
  TestPcapng capture;
  capture.Add(Frame(), 1'700'000'000);
  capture.AddSimple(Frame(5), static_cast<uint32_t>(Frame(5).size()));
  capture.AddTo(0, Frame(), UINT64_MAX, 60);
  FakeHost host;
  Pcap config = Config({CaptureFile("simple.pcapng", capture.bytes())});
  config.set_realtime(true);
  const auto source = Make(&host, config);
  ASSERT_TRUE(source->Start().ok());
  ASSERT_TRUE(source->Run().ok());
  ASSERT_TRUE(source->Stop().ok());
  ASSERT_EQ(host.records().size(), 3u);
  EXPECT_EQ(host.records()[0].start_wall_time_ns, 1'700'000'000'000'000'000);
  EXPECT_EQ(host.records()[1].bytes, Frame(5).size());
  ExpectNoTime(host.records()[1]);
  ExpectNoTime(host.records()[2]);
  EXPECT_EQ(host.metric("weir_pcap_undated_packets_total"), 2);
}

// The clock of the capture begins with the first packet that has a time.
TEST(PcapTest, RealtimeDoesNotBeginWithAPacketWithoutATime) {
  TestPcapng capture;
  capture.AddSimple(Frame(), static_cast<uint32_t>(Frame().size()));
  capture.Add(Frame(), 1'700'000'000);
  FakeHost host;
  Pcap config = Config({CaptureFile("simple_first.pcapng", capture.bytes())});
  config.set_realtime(true);
  const auto source = Make(&host, config);
  ASSERT_TRUE(source->Start().ok());
  ASSERT_TRUE(source->Run().ok());
  ASSERT_TRUE(source->Stop().ok());
  ASSERT_EQ(host.records().size(), 2u);
  ExpectNoTime(host.records()[0]);
  EXPECT_EQ(host.records()[1].start_wall_time_ns, 1'700'000'000'000'000'000);
}

TEST(PcapTest, TimesStayWithinTheirBounds) {
  TestPcapng capture;
  // Microseconds since 1970 in 64 bits, the high half in front.
  const auto add = [&](uint32_t high, uint32_t low) {
    const pcap::TestIntegers integers(false);
    capture.AddBlock(6, integers.U32(0) + integers.U32(high) + integers.U32(low) + integers.U32(4) +
                            integers.U32(4) + "pack");
  };
  add(0, 0);
  add(0xffffffff, 0xffffffff);
  add(0x7fffffff, 0xffffffff);
  const std::vector<Record> records = RecordsOf(capture.bytes());
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].present & kTimeBits, kTimeBits);
  EXPECT_EQ(records[0].start_wall_time_ns, 0);
  ExpectNoTime(records[1]);
  ExpectNoTime(records[2]);
  TestPcap fraction;
  fraction.Add("pack", 0xffffffff, 0xffffffff);  // microseconds, without a sign
  EXPECT_EQ(RecordsOf(fraction.bytes())[0].start_wall_time_ns,
            (int64_t{0xffffffff} * 1'000'000 + 0xffffffff) * 1000);
}

// No record may have the index or the name of another interface.
TEST(PcapTest, MoreInterfacesThanIndexes) {
  std::string sections;
  constexpr uint32_t kPerSection = 40'000;
  for (uint32_t section = 0; section < 2; ++section) {
    TestPcapng capture;
    capture.AddSection(false);
    for (uint32_t i = 0; i < kPerSection; ++i) {
      capture.AddInterface(pcap::kTestEthernet, 0,
                           capture.Option(2, std::to_string(section * kPerSection + i)));
      capture.AddTo(i, Frame(), 1, 60);
    }
    sections += capture.bytes();
  }
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {CaptureFile("names.pcapng", sections)}).ok());
  ASSERT_EQ(host.records().size(), 2 * kPerSection);
  std::map<uint32_t, std::set<std::string>> names;
  for (const Record& record : host.records()) {
    names[record.if_index].emplace(InterfaceName(record));
  }
  EXPECT_EQ(names.size(), pcap::InterfaceTable::kMost + 1);
  for (const auto& [index, of_index] : names) ASSERT_EQ(of_index.size(), 1u) << index;
  EXPECT_EQ(names[pcap::InterfaceTable::kNoIndex], std::set<std::string>{""});
  EXPECT_EQ(host.metric("weir_pcap_interfaces_without_index_total"), 80'000 - 65'536);
  EXPECT_TRUE(host.HasLog("names.pcapng: no index is left for more than 65536 interfaces"));
}

std::string NamedInterfaces(const std::vector<std::string>& names) {
  TestPcapng capture;
  capture.AddSection(false);
  uint32_t number = 0;
  for (const std::string& name : names) {
    capture.AddInterface(pcap::kTestEthernet, 0, capture.Option(2, name));
    capture.AddTo(number++, Frame(), 1, 60, capture.Option(2, capture.integers().U32(2)));
  }
  return capture.bytes();
}

TEST(PcapTest, InterfacesOfPcapngAreThoseOfTheRecords) {
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {CaptureFile("a.pcapng", NamedInterfaces({"eth0", "eth1"})),
                               CaptureFile("b.pcapng", NamedInterfaces({"eth1", "wlan0"}))})
                  .ok());
  std::vector<std::pair<std::string, uint32_t>> seen;
  for (const Record& record : host.records()) {
    seen.emplace_back(InterfaceName(record), record.if_index);
    EXPECT_EQ(record.direction, kDirectionEgress);
  }
  EXPECT_EQ(seen, (std::vector<std::pair<std::string, uint32_t>>{
                      {"eth0", 0}, {"eth1", 1}, {"eth1", 1}, {"wlan0", 2}}));
}

TEST(PcapTest, ASettingNamesTheInterface) {
  Pcap config = Config({CaptureFile("a.pcapng", NamedInterfaces({"eth0", "eth1"}))});
  config.set_interface("tap of rack 7");
  FakeHost host;
  const auto source = Make(&host, config);
  ASSERT_TRUE(source->Start().ok());
  EXPECT_TRUE(source->Run().ok());
  ASSERT_EQ(host.records().size(), 2u);
  for (const Record& record : host.records()) {
    EXPECT_EQ(InterfaceName(record), "tap of rack 7");
    EXPECT_EQ(record.if_index, 0u);
  }
  config.set_interface(std::string(28, 'x'));
  EXPECT_EQ(MakeComponent<PcapSource>(&host, config).status().message(),
            "interface: has more than 27 bytes");
}

}  // namespace
}  // namespace weir::sources
