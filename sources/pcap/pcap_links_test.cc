// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include "bpf/testing/packet_bytes.h"
#include "core/record/constants.h"
#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/pcap/testing/run_capture.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {
namespace {

using ebpf::Ipv6;
using ebpf::operator+;
using pcap::TestCaptureOptions;
using pcap::TestPcap;
using sdk::testing::FakeHost;

std::string WithoutEthernet(const std::string& frame) { return frame.substr(14); }

Record OnlyRecord(uint32_t link_type, const std::string& packet, bool swapped = false) {
  TestCaptureOptions options;
  options.link_type = link_type;
  options.swapped = swapped;
  TestPcap capture(options);
  capture.Add(packet);
  const std::vector<Record> records = RecordsOf(capture.bytes());
  EXPECT_EQ(records.size(), 1u);
  return records.empty() ? Record{} : records[0];
}

void ExpectTcp(const Record& record) {
  EXPECT_EQ(record.eth_protocol, kIpv4Type);
  EXPECT_EQ(record.transport_protocol, 6);
  EXPECT_EQ(record.src_port, ebpf::kSrcPort);
  EXPECT_EQ(SrcAddr(record).String(), "10.1.2.3");
}

TEST(PcapLinkTest, LinksWithoutAHeader) {
  const std::string packet = WithoutEthernet(Frame());
  for (const uint32_t type : {pcap::kTestRaw, pcap::kTestIpv4}) {
    const Record record = OnlyRecord(type, packet);
    ExpectTcp(record);
    EXPECT_EQ(record.bytes, packet.size());
  }
  const std::string six = Text(Ipv6(17, 8) + ebpf::Transport(8));
  for (const uint32_t type : {pcap::kTestRaw, pcap::kTestIpv6}) {
    const Record record = OnlyRecord(type, six);
    EXPECT_EQ(record.eth_protocol, kIpv6Type);
    EXPECT_EQ(record.src_port, ebpf::kSrcPort);
  }
  EXPECT_EQ(OnlyRecord(pcap::kTestRaw, "\x70neither").eth_protocol, 0);
}

TEST(PcapLinkTest, LoopbackInEitherByteOrder) {
  const std::string packet = WithoutEthernet(Frame());
  for (const bool swapped : {false, true}) {
    const pcap::TestIntegers of_host(swapped);
    ExpectTcp(OnlyRecord(pcap::kTestNull, of_host.U32(2) + packet, swapped));
    ExpectTcp(OnlyRecord(pcap::kTestLoop, std::string("\0\0\0\x02", 4) + packet, swapped));
    const std::string six = Text(Ipv6(17, 8) + ebpf::Transport(8));
    EXPECT_EQ(OnlyRecord(pcap::kTestNull, of_host.U32(30) + six, swapped).dst_port, ebpf::kDstPort);
  }
}

TEST(PcapLinkTest, CookedPacketsHaveDirectionAndSender) {
  const std::string mac("\x06\xa1\xa2\xa3\xa4\xa5\0\0", 8);
  const std::string packet = WithoutEthernet(Frame());
  const std::string outgoing("\0\x04\0\x01\0\x06", 6);
  Record record = OnlyRecord(pcap::kTestSll, outgoing + mac + std::string("\x08\0", 2) + packet);
  ExpectTcp(record);
  EXPECT_EQ(record.direction, kDirectionEgress);
  EXPECT_EQ(SrcMac(record).String(), "06:a1:a2:a3:a4:a5");
  EXPECT_EQ(record.bytes, 16 + packet.size());
  const std::string to_us("\0\0\0\x01\0\x06", 6);
  const std::string tagged("\x81\0\0\x07\x08\0", 6);
  // Linux has the number 4 for LLC. It is no length.
  const std::string llc("\0\x04\xaa\xaa\x03\0\0\0\x08\0", 10);
  ExpectTcp(OnlyRecord(pcap::kTestSll, to_us + mac + llc + packet));
  const std::string large = WithoutEthernet(Frame(3000));
  ExpectTcp(OnlyRecord(pcap::kTestSll, to_us + mac + llc + large));
  record = OnlyRecord(pcap::kTestSll, to_us + mac + tagged + packet);
  ExpectTcp(record);
  EXPECT_EQ(record.direction, kDirectionIngress);
  EXPECT_EQ(record.vlan_id, 7);
  const std::string two("\x08\0\0\0\0\0\0\x05\0\x01\x04\x06", 12);
  record = OnlyRecord(pcap::kTestSll2, two + mac + packet);
  ExpectTcp(record);
  EXPECT_EQ(record.direction, kDirectionEgress);
  EXPECT_EQ(record.if_index, 5u);
  EXPECT_EQ(InterfaceName(record), "");
  // A header that is cut off.
  EXPECT_EQ(OnlyRecord(pcap::kTestSll2, two + mac.substr(0, 7)).eth_protocol, 0);
}

TEST(PcapLinkTest, PacketsOfAnUnknownLinkAreDropped) {
  TestCaptureOptions options;
  options.link_type = pcap::kTestUnknown;
  TestPcap unknown(options);
  for (int i = 0; i < 3000; ++i) unknown.Add("packet");
  TestPcap ethernet;
  ethernet.Add(Frame());
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {CaptureFile("unknown.pcap", unknown.bytes()),
                               CaptureFile("wire.pcap", ethernet.bytes())})
                  .ok());
  EXPECT_EQ(host.dropped("unknown_link_type"), 3000u);
  EXPECT_EQ(host.metric("weir_pcap_dropped_packets_total"), 3000);
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_TRUE(host.HasLog("unknown.pcap: packets of link type 147 are not known"));
}

}  // namespace
}  // namespace weir::sources
