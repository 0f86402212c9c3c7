// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/pcap_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
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
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {
namespace {

using ebpf::Bytes;
using ebpf::Ethernet;
using ebpf::Ipv4;
using ebpf::Ipv6;
using ebpf::operator+;
using pcap::Gzip;
using pcap::TestCaptureOptions;
using pcap::TestPcap;
using pcap::TestPcapng;
using pcap::Zstd;
using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

std::string Text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

// A frame with a TCP segment of `payload` bytes.
std::string Frame(size_t payload = 0) {
  return Text(Ethernet({0x0800}) + Ipv4(6, 20 + payload) + ebpf::Transport(20 + payload));
}

std::string WithoutEthernet(const std::string& frame) { return frame.substr(14); }

std::string File(const std::string& name, const std::string& bytes) {
  const std::string path = ::testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

Pcap Config(const std::vector<std::string>& paths) {
  Pcap config;
  for (const std::string& path : paths) config.add_path(path);
  return config;
}

std::unique_ptr<PcapSource> Make(FakeHost* host, const Pcap& config) {
  auto made = MakeComponent<PcapSource>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

// A whole run over the files; its result.
sdk::Status RunFiles(FakeHost* host, const std::vector<std::string>& paths) {
  const auto source = Make(host, Config(paths));
  if (sdk::Status status = source->Start(); !status.ok()) return status;
  sdk::Status status = source->Run();
  EXPECT_TRUE(source->Stop().ok());
  host->ExpectBalanced();
  return status;
}

std::string OnePacket(size_t payload = 0) {
  TestPcap capture;
  capture.Add(Frame(payload));
  return capture.bytes();
}

std::vector<Record> RecordsOf(const std::string& capture) {
  FakeHost host;
  const sdk::Status status = RunFiles(&host, {File("capture", capture)});
  EXPECT_TRUE(status.ok()) << status.message();
  return host.records();
}

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
  ASSERT_TRUE(RunFiles(&host, {File("all.pcap", capture.bytes())}).ok());
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
    Pcap config = Config({File("tunnels.pcap", capture.bytes())});
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
    Pcap config = Config({File("vlan.pcap", capture.bytes())});
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

struct FormatCase {
  const char* name;
  bool pcapng;
  TestCaptureOptions options;
};

class FormatTest : public ::testing::TestWithParam<FormatCase> {
 protected:
  std::string Capture() const { return GetParam().pcapng ? Fill<TestPcapng>() : Fill<TestPcap>(); }
  void Check(const std::vector<Record>& records) const {
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].bytes, Frame(10).size());
    EXPECT_EQ(records[0].start_wall_time_ns,
              1'661'272'402'000'000'000 + (GetParam().options.nanoseconds ? 999'999 : 999'999'000));
    EXPECT_EQ(records[0].end_wall_time_ns, records[0].start_wall_time_ns);
    EXPECT_EQ(static_cast<int64_t>(records[0].start_mono_time_ns), records[0].start_wall_time_ns);
    EXPECT_EQ(records[0].end_mono_time_ns, records[0].start_mono_time_ns);
    EXPECT_EQ(records[0].src_port, ebpf::kSrcPort);
    EXPECT_EQ(records[1].bytes, Frame(1000).size());
    EXPECT_EQ(records[1].start_wall_time_ns, 4'294'967'295'000'000'000);
  }

 private:
  template <typename Capture>
  std::string Fill() const {
    Capture capture(GetParam().options);
    capture.Add(Frame(10), 1'661'272'402, 999'999);
    capture.Add(Frame(1000), 0xffffffff, 0);
    return capture.bytes();
  }
};

TEST_P(FormatTest, IsRead) { Check(RecordsOf(Capture())); }
TEST_P(FormatTest, IsReadOutOfGzip) { Check(RecordsOf(Gzip(Capture()))); }
TEST_P(FormatTest, IsReadOutOfZstd) { Check(RecordsOf(Zstd(Capture()))); }

constexpr TestCaptureOptions Options(bool nanoseconds, bool swapped) {
  TestCaptureOptions options;
  options.nanoseconds = nanoseconds;
  options.swapped = swapped;
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    All, FormatTest,
    ::testing::Values(FormatCase{"pcap", false, Options(false, false)},
                      FormatCase{"pcap_swapped", false, Options(false, true)},
                      FormatCase{"pcap_nanoseconds", false, Options(true, false)},
                      FormatCase{"pcap_nanoseconds_swapped", false, Options(true, true)},
                      FormatCase{"pcapng", true, Options(false, false)},
                      FormatCase{"pcapng_swapped", true, Options(false, true)},
                      FormatCase{"pcapng_nanoseconds", true, Options(true, false)},
                      FormatCase{"pcapng_nanoseconds_swapped", true, Options(true, true)}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(PcapTest, StreamsBehindOneAnotherAreOne) {
  TestPcap capture;
  for (int i = 0; i < 3; ++i) capture.Add(Frame());
  const std::string& bytes = capture.bytes();
  EXPECT_EQ(RecordsOf(Gzip(bytes.substr(0, 50)) + Gzip(bytes.substr(50))).size(), 3u);
  EXPECT_EQ(RecordsOf(Zstd(bytes.substr(0, 50)) + Zstd(bytes.substr(50))).size(), 3u);
  // A frame that is to be skipped, in front.
  const std::string skipped("\x50\x2a\x4d\x18\x04\0\0\0skip", 12);
  EXPECT_EQ(RecordsOf(skipped + Zstd(bytes)).size(), 3u);
}

// As gzip(1) has it. More of them than are read at once.
TEST(PcapTest, ZerosBehindGzipAreNoDamage) {
  const std::string packed = Gzip(OnePacket());
  for (const size_t zeros : {1, 3, 512, 1'000'000}) {
    FakeHost host;
    ASSERT_TRUE(RunFiles(&host, {File("padded.gz", packed + std::string(zeros, '\0'))}).ok());
    EXPECT_EQ(host.records().size(), 1u);
    EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 0) << zeros;
  }
  for (const std::string& behind :
       {std::string("garbage"), std::string("\0garbage", 8), std::string(100'000, '\0') + packed}) {
    FakeHost host;
    ASSERT_TRUE(RunFiles(&host, {File("damaged.gz", packed + behind)}).ok());
    EXPECT_EQ(host.records().size(), 1u);
    EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 1);
  }
}

TEST(PcapTest, SizesAreTheOriginalOnes) {
  TestCaptureOptions options;
  options.snaplen = 14 + 20 + 4;  // to the ports
  TestPcap capture(options);
  capture.Add(Frame(1000));
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {File("snapped.pcap", capture.bytes())}).ok());
  ASSERT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.records()[0].bytes, Frame(1000).size());
  EXPECT_EQ(host.records()[0].dst_port, ebpf::kDstPort);
  EXPECT_EQ(host.metric("weir_pcap_snapped_packets_total"), 1);
  EXPECT_EQ(host.metric("weir_pcap_truncated_total"), 1);
}

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
  ASSERT_TRUE(
      RunFiles(&host, {File("unknown.pcap", unknown.bytes()), File("wire.pcap", ethernet.bytes())})
          .ok());
  EXPECT_EQ(host.dropped("unknown_link_type"), 3000u);
  EXPECT_EQ(host.metric("weir_pcap_dropped_packets_total"), 3000);
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_TRUE(host.HasLog("unknown.pcap: packets of link type 147 are not known"));
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
  Pcap config = Config({File("simple.pcapng", capture.bytes())});
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
  Pcap config = Config({File("simple_first.pcapng", capture.bytes())});
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
  fraction.Add("pack", 0, 0x80000000);  // a negative one, for libpcap
  EXPECT_EQ(RecordsOf(fraction.bytes())[0].start_wall_time_ns, 0);
}

TEST(PcapTest, FilesAreReadInOrderAndFoldersByName) {
  const std::string folder = ::testing::TempDir() + "captures";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  ASSERT_EQ(mkdir((folder + "/within").c_str(), 0700), 0);  // is not looked into
  const auto capture = [](size_t payload) {
    TestPcap one;
    one.Add(Frame(payload));
    return one.bytes();
  };
  File("captures/b.pcap.gz", Gzip(capture(3)));
  File("captures/a.pcap", capture(2));
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {File("first", capture(1)), folder, File("last", capture(4))}).ok());
  std::vector<uint64_t> sizes;
  for (const Record& record : host.records()) sizes.push_back(record.bytes - Frame().size());
  EXPECT_EQ(sizes, (std::vector<uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(host.metric("weir_pcap_files_total"), 4);
}

// Makes a folder of files with these names and contents.
std::string Folder(const std::string& name,
                   const std::vector<std::pair<std::string, std::string>>& files) {
  const std::string folder = ::testing::TempDir() + name;
  EXPECT_EQ(mkdir(folder.c_str(), 0700), 0);
  for (const auto& [file, bytes] : files) File(name + "/" + file, bytes);
  return folder;
}

TEST(PcapTest, WhatIsNoCaptureInAFolderIsSkipped) {
  const std::string one = OnePacket();
  const std::string folder = Folder("tcpdump_G", {{"a.pcap", one},
                                                  {"b.pcap", ""},
                                                  {"c.pcap", one},
                                                  {"d.pcap", one.substr(0, 23)},
                                                  {"e.pcapng", TestPcapng().bytes().substr(0, 20)},
                                                  {"f.pcap.gz", Gzip(one).substr(0, 15)},
                                                  {"g.pcap.xz", "\xfd\x37zXZ"},
                                                  {".hidden", "no capture"},
                                                  {"README", "no capture"},
                                                  {"z.pcap", one}});
  FakeHost host;
  const sdk::Status status = RunFiles(&host, {folder});
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(host.records().size(), 3u);
  EXPECT_EQ(host.metric("weir_pcap_files_total"), 3);
  const auto skipped = [&](const std::string& reason) {
    return host.metric("weir_pcap_skipped_files_total", reason);
  };
  EXPECT_EQ(skipped("empty"), 1);
  EXPECT_EQ(skipped("header"), 3);
  EXPECT_EQ(skipped("not_a_capture"), 1);
  EXPECT_EQ(skipped("compression"), 1);
  EXPECT_EQ(skipped("vanished"), 0);
  EXPECT_EQ(skipped("unreadable"), 0);
  EXPECT_TRUE(host.HasLog("b.pcap: the file is empty (the file is skipped)"));
  EXPECT_TRUE(host.HasLog("README: unknown file format (the file is skipped)"));
}

TEST(PcapTest, AFileThatVanishesFromAFolderIsSkipped) {
  const std::string folder = Folder("ring", {{"a", OnePacket()}, {"b", OnePacket()}});
  FakeHost host;
  const auto source = Make(&host, Config({folder}));
  ASSERT_TRUE(source->Start().ok());
  ASSERT_EQ(unlink((folder + "/a").c_str()), 0);
  EXPECT_TRUE(source->Run().ok());
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.metric("weir_pcap_skipped_files_total", "vanished"), 1);
}

// root may read any file: what nobody can read stands for those without permission.
TEST(PcapTest, AFileThatCannotBeReadInAFolderIsSkipped) {
  const std::string folder = Folder("unreadable", {{"a", OnePacket()}, {"b", OnePacket()}});
  ASSERT_EQ(symlink("loop", (folder + "/loop").c_str()), 0);
  // The kernel reads no memory at address 0.
  ASSERT_EQ(symlink("/proc/self/mem", (folder + "/memory").c_str()), 0);
  FakeHost host;
  auto source = Make(&host, Config({folder}));
  ASSERT_TRUE(source->Start().ok());
  ASSERT_EQ(unlink((folder + "/a").c_str()), 0);
  ASSERT_EQ(mkdir((folder + "/a").c_str(), 0700), 0);  // in place of the file
  const sdk::Status status = source->Run();
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(source->Stop().ok());
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.metric("weir_pcap_skipped_files_total", "unreadable"), 3);
  EXPECT_TRUE(host.HasLog("/loop: Too many levels of symbolic links (the file is skipped)"));
  EXPECT_TRUE(host.HasLog("/a: read: Is a directory (the file is skipped)"));
  EXPECT_TRUE(host.HasLog("/memory: read: Input/output error (the file is skipped)"));
  // The user names it: the run ends.
  for (const char* const name : {"/loop", "/memory"}) {
    FakeHost named;
    EXPECT_FALSE(RunFiles(&named, {folder + name}).ok()) << name;
  }
}

TEST(PcapTest, FilesOfAFolderDoNotFillTheLog) {
  std::vector<std::pair<std::string, std::string>> files = {{"z", OnePacket()}};
  for (int i = 0; i < 50; ++i) files.emplace_back("empty" + std::to_string(i), "");
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {Folder("many", files)}).ok());
  EXPECT_EQ(host.metric("weir_pcap_skipped_files_total", "empty"), 50);
  EXPECT_TRUE(host.HasLog("/empty19: the file is empty"));
  EXPECT_FALSE(host.HasLog("/empty20: the file is empty"));
  EXPECT_TRUE(host.HasLog("30 more warnings of single files were left out"));
}

TEST(PcapTest, NumbersInNamesAreNumbers) {
  const std::string folder = Folder("tcpdump_C", {{"out.pcap", OnePacket(0)},
                                                  {"out.pcap1", OnePacket(1)},
                                                  {"out.pcap10", OnePacket(4)},
                                                  {"out.pcap2", OnePacket(2)},
                                                  {"out.pcap09", OnePacket(3)}});
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {folder}).ok());
  ASSERT_EQ(host.records().size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(host.records()[i].bytes, Frame(i).size());
}

TEST(PcapTest, ARunThatReadsNothingSaysWhy) {
  TestCaptureOptions options;
  options.link_type = pcap::kTestUnknown;
  TestPcap unknown(options);
  unknown.Add("one");
  unknown.Add("two");
  FakeHost host;
  sdk::Status status = RunFiles(&host, {File("unknown.pcap", unknown.bytes())});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(),
            "none of 2 packets could be used, because weir does not know their links: link type "
            "147");
  const std::string damaged = File("damaged.pcap", OnePacket().substr(0, 50));
  status = RunFiles(&host, {damaged});
  EXPECT_EQ(status.message().rfind("no packet could be read: " + damaged + ": ends after 0", 0),
            0u);
  const std::string folder = Folder("nothing", {{"a", ""}});
  EXPECT_EQ(RunFiles(&host, {folder}).message(),
            "no packet could be read: " + folder + "/a: the file is empty");
  // A capture of no packets is whole.
  EXPECT_TRUE(RunFiles(&host, {File("none.pcap", TestPcap().bytes())}).ok());
}

TEST(PcapTest, WhatIsCutOffEndsThereAndTheNextFileIsRead) {
  TestPcap capture;
  for (int i = 0; i < 3; ++i) capture.Add(Frame());
  const std::string& whole = capture.bytes();
  const std::string cut = whole.substr(0, whole.size() - 1);
  const std::string packed = Gzip(cut);
  const std::string zstd = Zstd(whole);
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {File("cut.pcap", cut), File("cut.pcap.gz", packed),
                               File("damaged.gz", Gzip(whole, Z_NO_COMPRESSION).substr(0, 170)),
                               File("damaged.zst", zstd + "garbage"), File("whole.pcap", whole)})
                  .ok());
  EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 4);
  EXPECT_EQ(host.records().size(), 2u + 2u + 1u + 3u + 3u);
  EXPECT_TRUE(host.HasLog("cut.pcap: ends after 2 packets, within its first " +
                          std::to_string(cut.size()) +
                          " bytes: truncated dump file; tried to read"));
  EXPECT_TRUE(host.HasLog("gzip: the input ends in the middle of the stream"));
  EXPECT_TRUE(host.HasLog("damaged.zst: ends after 3 packets"));
}

TEST(PcapTest, WhatIsNoCaptureIsAnError) {
  FakeHost host;
  const std::string text = File("text", "this is no capture");
  sdk::Status status = RunFiles(&host, {text});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(), text + ": unknown file format");
  status = RunFiles(&host, {File("text.gz", Gzip("this is no capture"))});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  const std::string empty = File("empty", "");
  status = RunFiles(&host, {empty});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(), empty + ": the file is empty");
  const std::string xz = File("a.pcap.xz", "\xfd\x37zXZ and more");
  status = RunFiles(&host, {xz});
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(),
            xz + ": the file is compressed by xz, which is not read: unpack it (xz -dc FILE), into "
                 "a file or a pipe");
  EXPECT_NE(RunFiles(&host, {File("a.pcap.bz2", "BZh91AY")}).message().find("compressed by bzip2"),
            std::string::npos);
  EXPECT_EQ(RunFiles(&host, {"/nonexistent"}).message(),
            "open /nonexistent: No such file or directory");
  const std::string folder = ::testing::TempDir() + "empty_folder";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  EXPECT_EQ(RunFiles(&host, {folder}).message(), "there is no file in " + folder);
  EXPECT_EQ(MakeComponent<PcapSource>(&host, Pcap()).status().message(), "path: is required");
}

TEST(PcapTest, AFileDoesNotAllocateWithoutABound) {
  TestPcapng header;
  TestPcapng with_more;
  with_more.AddInterface(pcap::kTestEthernet);
  const std::string interface = with_more.bytes().substr(header.bytes().size());
  std::string many = header.bytes();
  for (int i = 0; i < 2'000'000; ++i) many += interface;
  FakeHost host;
  TestPcapng packets;
  packets.AddTo(1'999'999, Frame(), 1, 60);
  const std::string one = packets.bytes().substr(header.bytes().size());
  const std::string file = File("interfaces.pcapng.gz", Gzip(many + one + one, 1));
  const sdk::Status status = RunFiles(&host, {file});
  EXPECT_EQ(status.message(),
            "none of 2 packets could be used, because a section has more interfaces than the 65536 "
            "that weir keeps");
  ASSERT_TRUE(RunFiles(&host, {File("more.pcapng.gz", Gzip(many + one, 1)),
                               File("one.pcapng", OnePacket())})
                  .ok());
  EXPECT_EQ(host.dropped("interface_limit"), 3u);
  EXPECT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.metric("weir_pcap_damaged_files_total"), 0);
  EXPECT_TRUE(
      host.HasLog("interfaces.pcapng.gz: a section has more interfaces than the 65536 that "
                  "weir keeps: packets of the others are counted as dropped"));
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
  ASSERT_TRUE(RunFiles(&host, {File("names.pcapng", sections)}).ok());
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

TEST(PcapTest, AnOptionOfAWrongLengthIsToldAndIgnored) {
  TestPcapng capture;
  for (int i = 0; i < 3; ++i) {
    capture.AddInterface(pcap::kTestEthernet, 0, capture.Option(9, "12"));
  }
  capture.AddTo(2, Frame(), 7, 60);
  FakeHost host;
  ASSERT_TRUE(RunFiles(&host, {File("option.pcapng", capture.bytes())}).ok());
  ASSERT_EQ(host.records().size(), 1u);
  EXPECT_EQ(host.records()[0].start_wall_time_ns, 7000);
  EXPECT_EQ(host.metric("weir_pcap_ignored_options_total"), 3);
  EXPECT_TRUE(
      host.HasLog("option.pcapng: the pcapng block at offset 48 has an if_tsresol of a "
                  "wrong length: it is ignored"));
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
  ASSERT_TRUE(RunFiles(&host, {File("a.pcapng", NamedInterfaces({"eth0", "eth1"})),
                               File("b.pcapng", NamedInterfaces({"eth1", "wlan0"}))})
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
  Pcap config = Config({File("a.pcapng", NamedInterfaces({"eth0", "eth1"}))});
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

TEST(PcapTest, GivesUpWhenTheHostTakesNoMore) {
  TestPcap capture;
  for (int i = 0; i < 5000; ++i) capture.Add(Frame());
  FakeHost host;
  host.FailEmits(WEIR_CANCELLED);
  const sdk::Status status = RunFiles(&host, {File("a.pcap", capture.bytes())});
  EXPECT_EQ(status.code(), WEIR_CANCELLED);
  EXPECT_LT(host.counts().received, 5000u);
}

TEST(PcapTest, GivesUpWhenMemoryIsShort) {
  TestPcap capture;
  capture.Add(Frame());
  FakeHost host;
  host.FailAllocations(true);
  EXPECT_EQ(RunFiles(&host, {File("a.pcap", capture.bytes())}).code(), WEIR_RESOURCE_EXHAUSTED);
}

TEST(PcapTest, AnInterruptionBeforeTheRunEndsIt) {
  TestPcap capture;
  capture.Add(Frame());
  FakeHost host;
  const auto source = Make(&host, Config({File("a.pcap", capture.bytes())}));
  ASSERT_TRUE(source->Start().ok());
  source->Interrupt();
  EXPECT_TRUE(source->Run().ok());
  EXPECT_TRUE(host.records().empty());
}

// A source that runs on a thread of its own.
class RunningTest : public ::testing::Test {
 protected:
  void RunOn(const Pcap& config) {
    source_ = Make(&host_, config);
    ASSERT_TRUE(source_->Start().ok());
    thread_ = std::thread([this] { status_ = source_->Run(); });
  }
  void TearDown() override {
    if (source_ == nullptr) return;
    source_->Interrupt();
    if (thread_.joinable()) thread_.join();
    EXPECT_TRUE(status_.ok()) << status_.message();
    host_.ExpectBalanced();
  }

  FakeHost host_;
  std::unique_ptr<PcapSource> source_;
  sdk::Status status_;
  std::thread thread_;
};

TEST_F(RunningTest, EmitsWhatHasComeOutOfAPipeBeforeItWaitsForMore) {
  const std::string path = ::testing::TempDir() + "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  RunOn(Config({path}));
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  TestPcap capture;
  capture.Add(Frame());
  capture.Add(Frame());
  const std::string& bytes = capture.bytes();
  const size_t part = bytes.size() - 10;
  ASSERT_EQ(write(fd, bytes.data(), part), static_cast<ssize_t>(part));
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 1; }));
  ASSERT_EQ(write(fd, bytes.data() + part, 10), 10);
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 2; }));
  // Then it is interrupted while it waits.
  source_->Interrupt();
  thread_.join();
  close(fd);
  EXPECT_EQ(host_.metric("weir_pcap_damaged_files_total"), 0);
}

TEST_F(RunningTest, InRealTimePacketsLeaveByTheClock) {
  TestPcap capture;
  for (const uint32_t seconds : {100, 103, 102, 5000}) capture.Add(Frame(), seconds);
  Pcap config = Config({File("slow.pcap", capture.bytes())});
  config.set_realtime(true);
  RunOn(config);
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 1; }));
  host_.AdvanceClocks(2'999'999'999);
  EXPECT_EQ(host_.records().size(), 1u);
  host_.AdvanceClocks(1);
  // What is dated before has to wait for nothing.
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 3; }));
  source_->Interrupt();
  thread_.join();
  EXPECT_EQ(host_.records().size(), 3u);
}

}  // namespace
}  // namespace weir::sources
