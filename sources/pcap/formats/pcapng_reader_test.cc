// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/formats/pcapng_reader.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/status.h"
#include "sources/pcap/formats/capture_reader.h"
#include "sources/pcap/formats/capture_time.h"
#include "sources/pcap/formats/captured_packet.h"
#include "sources/pcap/formats/compare_with_libpcap.h"
#include "sources/pcap/formats/interface_table.h"
#include "sources/pcap/testing/memory_stream.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::pcap {
namespace {

struct Packet {
  std::optional<uint64_t> time_ns;
  uint32_t original_bytes;
  std::string bytes;
  CaptureInterface interface;
  PacketDirection direction;
};

struct Content {
  std::vector<Packet> packets;
  std::string error;
  uint64_t ignored_options = 0;
  std::string first_ignored_option;
};

Content ReadAll(std::string_view file, InterfaceTable* table, size_t at_once = SIZE_MAX) {
  Content content;
  const std::atomic<bool> interrupted{false};
  MemoryStream stream(file, at_once);
  OpenFailure failure{};
  auto reader = CaptureReader::Open(&stream, &interrupted, table, &failure);
  if (!reader.ok()) {
    content.error = reader.status().message();
    return content;
  }
  auto handler = [&](const CapturedPacket& packet) {
    content.packets.push_back({packet.has_time ? std::optional(packet.time_ns) : std::nullopt,
                               packet.original_bytes,
                               {reinterpret_cast<const char*>(packet.bytes), packet.captured_bytes},
                               *packet.interface,
                               packet.direction});
  };
  while (true) {
    sdk::Result<int> read = (*reader)->Read(7, &handler);
    if (!read.ok()) content.error = read.status().message();
    content.ignored_options = (*reader)->ignored_options();
    if (content.ignored_options > 0) {
      content.first_ignored_option = (*reader)->first_ignored_option();
    }
    if (!read.ok() || *read == 0) return content;
  }
}

Content ReadAll(std::string_view file) {
  InterfaceTable table;
  return ReadAll(file, &table);
}

void ExpectAsLibpcap(const std::string& file) {
  for (const ReadingManner manner : {ReadingManner{}, {1, 3}, {17, 1000}, {30'000, 2}}) {
    EXPECT_EQ(CompareWithLibpcap(file, manner), "") << manner.bytes_at_once << " bytes at once";
  }
}

TestPcapng Empty(bool swapped = false) {
  TestCaptureOptions options;
  options.swapped = swapped;
  return TestPcapng(options);
}

class ByteOrderTest : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(All, ByteOrderTest, ::testing::Bool());

TEST_P(ByteOrderTest, EveryInterfaceHasALinkASizeATimeAndAName) {
  TestPcapng file = Empty(GetParam());
  const TestIntegers& integers = file.integers();
  // 1,000 seconds before the ticks, which are of 2^-20 s.
  const std::string offset = GetParam() ? std::string("\xff\xff\xff\xff\xff\xff\xfc\x18", 8)
                                        : std::string("\x18\xfc\xff\xff\xff\xff\xff\xff", 8);
  file.AddInterface(kTestSll, 96,
                    file.Option(2, "any") + file.Option(9, "\x94") + file.Option(14, offset) +
                        file.Option(0, ""));
  file.AddInterface(kTestRaw, 0,
                    file.Option(2, std::string("tun0\0\0", 6)) + file.Option(9, "\x09"));
  file.AddTo(2, "raw", 5'000'000'007, 300, file.Option(2, integers.U32(2)));
  file.AddTo(0, "ether", 3'000'001, 5, file.Option(2, integers.U32(1)));
  file.AddTo(1, "cooked", (1001 << 20) + 1, 6, file.Option(1, "a comment") + file.Option(2, "bad"));
  const Content content = ReadAll(file.bytes());
  EXPECT_EQ(content.error, "");
  ASSERT_EQ(content.packets.size(), 3u);
  const Packet& raw = content.packets[0];
  EXPECT_EQ(raw.bytes, "raw");
  EXPECT_EQ(raw.original_bytes, 300u);
  EXPECT_EQ(raw.time_ns, 5'000'000'007u);
  EXPECT_EQ(raw.interface.link, LinkLayer::kIp);
  EXPECT_STREQ(raw.interface.name, "tun0");
  EXPECT_EQ(raw.interface.index, 2u);
  EXPECT_EQ(raw.direction, PacketDirection::kOutbound);
  const Packet& ether = content.packets[1];
  EXPECT_EQ(ether.time_ns, 3'000'001'000u);
  EXPECT_EQ(ether.interface.link, LinkLayer::kEthernet);
  EXPECT_STREQ(ether.interface.name, "");
  EXPECT_EQ(ether.direction, PacketDirection::kInbound);
  const Packet& cooked = content.packets[2];
  EXPECT_EQ(cooked.bytes, "cooked");
  EXPECT_EQ(cooked.time_ns, 1'000'000'953u);
  EXPECT_EQ(cooked.interface.link, LinkLayer::kLinuxCooked);
  EXPECT_EQ(cooked.interface.index, 1u);
  EXPECT_EQ(cooked.direction, PacketDirection::kUnknown);
  ExpectAsLibpcap(file.bytes());
}

TEST_P(ByteOrderTest, BlocksOfAllKinds) {
  TestPcapng file = Empty(GetParam());
  file.AddSimple("simple packet", 13);
  file.AddOldTo(0, "old", 7, 30, file.Option(2, file.integers().U32(1)));
  file.AddBlock(4, "names");
  file.AddBlock(5, "statistics");
  file.AddBlock(0xbad, std::string(300'000, 'x'));
  file.AddBlock(0x40000bad, "");
  file.AddTo(0, "enhanced", 8, 8);
  const Content content = ReadAll(file.bytes());
  EXPECT_EQ(content.error, "");
  ASSERT_EQ(content.packets.size(), 3u);
  EXPECT_EQ(content.packets[0].bytes, "simple packet");
  EXPECT_EQ(content.packets[0].time_ns, std::nullopt);
  EXPECT_EQ(content.packets[1].bytes, "old");
  EXPECT_EQ(content.packets[1].time_ns, 7'000u);
  EXPECT_EQ(content.packets[1].direction, PacketDirection::kInbound);
  EXPECT_EQ(content.packets[2].bytes, "enhanced");
  ExpectAsLibpcap(file.bytes());
}

// The interface says what a Simple Packet Block kept.
TEST(PcapngReaderTest, ASimplePacketIsCutToTheSnapshotLength) {
  TestCaptureOptions options;
  options.snaplen = 5;
  TestPcapng file(options);
  file.AddSimple("first...", 90);
  const Content content = ReadAll(file.bytes());
  ASSERT_EQ(content.packets.size(), 1u);
  EXPECT_EQ(content.packets[0].bytes, "first");
  EXPECT_EQ(content.packets[0].original_bytes, 90u);
  ExpectAsLibpcap(file.bytes());
}

TEST(PcapngReaderTest, ASimplePacketHasNoTimeWhateverTheOffset) {
  TestPcapng file;
  file.AddSection(false);
  file.AddInterface(kTestEthernet, 0, file.Option(14, std::string("\5\0\0\0\0\0\0\0", 8)));
  file.AddSimple("packet", 6);
  const Content content = ReadAll(file.bytes());
  ASSERT_EQ(content.packets.size(), 1u);
  EXPECT_EQ(content.packets[0].time_ns, std::nullopt);
  ExpectAsLibpcap(file.bytes());
}

// Two are described more than are kept. The packets of these are handed over as such.
TEST(PcapngReaderTest, InterfacesBeyondTheLimit) {
  TestPcapng file;
  file.AddSection(false);
  const uint32_t most = PcapngReader::kMostInterfaces;
  for (uint32_t i = 0; i < most + 2; ++i) file.AddInterface(kTestEthernet);
  file.AddTo(most + 1, "beyond", 1, 6);
  file.AddTo(most - 1, "kept", 1, 4);
  file.AddTo(most + 2, "not described", 1, 13);
  const Content content = ReadAll(file.bytes());
  ASSERT_EQ(content.packets.size(), 2u);
  EXPECT_TRUE(content.packets[0].interface.beyond_limit);
  EXPECT_EQ(content.packets[0].interface.link, LinkLayer::kUnknown);
  EXPECT_EQ(content.packets[0].time_ns, std::nullopt);
  EXPECT_FALSE(content.packets[1].interface.beyond_limit);
  EXPECT_EQ(content.packets[1].bytes, "kept");
  EXPECT_NE(content.error.find("has a packet of interface 65538, of which the section has 65538"),
            std::string::npos)
      << content.error;
}

TEST(PcapngReaderTest, OnlyInterfacesWithPacketsTakeAnIndex) {
  std::string sections;
  for (int section = 0; section < 3; ++section) {
    TestPcapng file;
    file.AddSection(false);
    file.AddInterface(kTestEthernet, 0, file.Option(2, "idle" + std::to_string(section)));
    file.AddInterface(kTestEthernet, 0, file.Option(2, "busy" + std::to_string(section)));
    file.AddTo(1, "packet", 1, 6);
    sections += file.bytes();
  }
  const Content content = ReadAll(sections);
  ASSERT_EQ(content.packets.size(), 3u);
  EXPECT_EQ(content.packets[0].interface.index, 1u);
  EXPECT_EQ(content.packets[1].interface.index, 0u);
  EXPECT_EQ(content.packets[2].interface.index, 2u);
  EXPECT_STREQ(content.packets[2].interface.name, "busy2");
}

TEST_P(ByteOrderTest, OptionsOfAWrongLengthAreIgnored) {
  TestPcapng file = Empty(GetParam());
  const std::string at = "the pcapng block at offset " + std::to_string(file.bytes().size());
  // The interfaces have microseconds and no offset.
  file.AddInterface(kTestEthernet, 0, file.Option(9, "12") + file.Option(2, "eth1"));
  file.AddInterface(kTestEthernet, 0, file.Option(14, "12") + file.Option(2, "eth2"));
  file.AddInterface(kTestEthernet, 0, file.Option(2, "eth3") + file.Option(9, ""));
  file.AddInterface(kTestEthernet, 0,
                    file.Option(2, "eth4") + file.Option(9, std::string(20, '\x09')).substr(0, 8));
  for (uint32_t i = 1; i <= 4; ++i) file.AddTo(i, "packet", i, 6);
  const Content content = ReadAll(file.bytes());
  EXPECT_EQ(content.error, "");
  EXPECT_EQ(content.ignored_options, 4u);
  EXPECT_EQ(content.first_ignored_option, at + " has an if_tsresol of a wrong length");
  ASSERT_EQ(content.packets.size(), 4u);
  for (uint32_t i = 1; i <= 4; ++i) {
    const Packet& packet = content.packets[i - 1];
    EXPECT_EQ(packet.time_ns, i * 1000u);
    EXPECT_EQ(packet.interface.name, "eth" + std::to_string(i));
  }
  ExpectAsLibpcap(file.bytes());
}

TEST(PcapngReaderTest, SectionsOfEitherByteOrder) {
  TestPcapng file;
  file.Add("little", 1);
  file.AddSection(true);
  file.AddInterface(kTestIpv4, 0, file.Option(9, "\x03"));
  file.AddTo(0, "big", 2'000, 3);
  file.AddSection(false);
  file.AddInterface(kTestEthernet);
  file.Add("little again", 3);
  const Content content = ReadAll(file.bytes());
  EXPECT_EQ(content.error, "");
  ASSERT_EQ(content.packets.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(content.packets[i].time_ns, (i + 1) * 1'000'000'000);
  EXPECT_TRUE(content.packets[1].interface.swapped);
  EXPECT_EQ(content.packets[1].interface.link, LinkLayer::kIp);
  EXPECT_EQ(content.packets[2].bytes, "little again");
  ExpectAsLibpcap(file.bytes());
}

// A section does not know the interfaces of the previous section.
TEST(PcapngReaderTest, ASectionHasItsOwnInterfaces) {
  TestPcapng file;
  file.Add("packet");
  const size_t size = file.bytes().size() + 28;
  file.AddSection(false);
  file.Add("packet");
  const Content content = ReadAll(file.bytes());
  EXPECT_EQ(content.packets.size(), 1u);
  EXPECT_EQ(content.error, "the pcapng block at offset " + std::to_string(size) +
                               " has a packet of interface 0, of which the section has 0");
  ExpectAsLibpcap(file.bytes());
}

TEST_P(ByteOrderTest, PacketsAndOptionsThatTheBufferCannotHold) {
  TestPcapng file = Empty(GetParam());
  const std::string comments = file.Option(1, std::string(65'000, 'c')) +
                               file.Option(1, std::string(65'000, 'd')) +
                               file.Option(2, file.integers().U32(2));
  file.AddInterface(kTestEthernet, 0, comments.substr(0, 130'008) + file.Option(2, "late"));
  const std::string large(PcapngReader::kMostCaptured, 'l');
  file.AddTo(0, large, 1, 300'000, comments);
  file.AddTo(1, "small", 2, 5, comments);
  file.AddTo(0, large + "more", 3, 300'000);
  file.AddTo(0, "end", 4, 3);
  for (const size_t at_once : {size_t{1000}, SIZE_MAX}) {
    InterfaceTable table;
    const Content content = ReadAll(file.bytes(), &table, at_once);
    EXPECT_EQ(content.error, "");
    ASSERT_EQ(content.packets.size(), 4u);
    EXPECT_EQ(content.packets[0].bytes, large);
    EXPECT_EQ(content.packets[0].direction, PacketDirection::kOutbound);
    EXPECT_EQ(content.packets[1].bytes, "small");
    EXPECT_EQ(content.packets[1].direction, PacketDirection::kOutbound);
    EXPECT_STREQ(content.packets[1].interface.name, "late");
    EXPECT_EQ(content.packets[2].bytes, large);
    EXPECT_EQ(content.packets[2].original_bytes, 300'000u);
    EXPECT_EQ(content.packets[3].bytes, "end");
  }
}

// The file up to its second packet is good.
TEST(PcapngReaderTest, DamageIsToldWithItsOffset) {
  TestPcapng good;
  good.Add("packet");
  const std::string begin = good.bytes();
  const std::string at = "the pcapng block at offset " + std::to_string(begin.size()) + " ";
  TestPcapng added = good;
  added.Add("second packet", 2);
  const std::string block = added.bytes().substr(begin.size());
  const auto expect = [&](const std::string& damaged, const std::string& error) {
    const Content content = ReadAll(begin + damaged);
    EXPECT_EQ(content.packets.size(), 1u) << error;
    EXPECT_EQ(content.error, at + error);
    ExpectAsLibpcap(begin + damaged);
  };
  const auto with = [&](size_t offset, uint32_t value) {
    std::string changed = block;
    return changed.replace(offset, 4, good.integers().U32(value));
  };
  for (size_t size = 1; size < block.size(); ++size) expect(block.substr(0, size), "is cut off");
  expect(with(4, 13), "cannot have a length of 13");
  expect(with(4, 8), "cannot have a length of 8");
  expect(with(4, 0xfffffff0), "is cut off");
  expect(with(block.size() - 4, 16), "has two lengths that differ");
  expect(with(8, 1), "has a packet of interface 1, of which the section has 1");
  expect(with(20, 17), "has a packet of 17 bytes, which is longer than it");
  const auto append = [&](uint32_t type, const std::string& body) {
    TestPcapng more = good;
    more.AddBlock(type, body);
    return more.bytes().substr(begin.size());
  };
  expect(append(6, "only 16 bytes..."), "is too short");
  expect(append(3, ""), "is too short");
  expect(append(1, "four"), "is too short");
  expect(append(0x0a0d0d0a, "neither order, and no version"), "has no byte-order magic");
  expect(append(0x0a0d0d0a, good.integers().U32(0x1a2b3c4d) + std::string(12, '\x02')),
         "has the unknown version 514.514 of pcapng");
}

TEST(PcapngReaderTest, DamageInALargeBlock) {
  TestPcapng file;
  const size_t begin = file.bytes().size();
  file.AddTo(0, std::string(200'000, 'x'), 1, 200'000);
  const std::string at = "the pcapng block at offset " + std::to_string(begin) + " ";
  std::string damaged = file.bytes();
  damaged.back() = '\x7f';
  EXPECT_EQ(ReadAll(damaged).error, at + "has two lengths that differ");
  for (const size_t left : {begin + 8, begin + 1'000, begin + 190'000, damaged.size() - 1}) {
    EXPECT_EQ(ReadAll(damaged.substr(0, left)).error, at + "is cut off");
  }
}

TEST(PcapngReaderTest, TheBeginningIsCutOff) {
  const std::string file = TestPcapng().bytes();
  for (size_t size = 4; size < 28; ++size) {
    EXPECT_EQ(ReadAll(file.substr(0, size)).error, "the pcapng block at offset 0 is cut off");
  }
  // No interface, so no packet.
  EXPECT_EQ(ReadAll(file.substr(0, 28)).error, "");
}

TEST(CaptureTimeTest, ResolutionsAndOffsets) {
  const auto time = [](uint8_t resolution, uint64_t ticks, int64_t offset = 0) {
    return CaptureTime(resolution, offset).Nanoseconds(ticks);
  };
  EXPECT_EQ(time(0, 5), 5'000'000'000u);
  EXPECT_EQ(time(3, 1'700'000'000'123), 1'700'000'000'123'000'000u);
  EXPECT_EQ(time(6, 1), 1'000u);
  EXPECT_EQ(time(9, 1), 1u);
  EXPECT_EQ(time(12, 1'999), 1u);
  EXPECT_EQ(time(19, UINT64_MAX), 1'844'674'407u);
  EXPECT_EQ(time(28, UINT64_MAX), 1u);
  EXPECT_EQ(time(29, UINT64_MAX), 0u);
  EXPECT_EQ(time(127, UINT64_MAX), 0u);
  EXPECT_EQ(time(0x80, 5), 5'000'000'000u);
  EXPECT_EQ(time(0x80 + 10, 1025), 1'000'976'562u);
  EXPECT_EQ(time(0x80 + 63, UINT64_MAX), 1'999'999'999u);
  EXPECT_EQ(time(0x80 + 127, UINT64_MAX), 0u);
  EXPECT_EQ(time(6, 1, 1'700'000'000), 1'700'000'000'000'001'000u);
  EXPECT_EQ(time(6, 5'000'000, -4), 1'000'000'000u);
  EXPECT_EQ(time(9, INT64_MAX), static_cast<uint64_t>(INT64_MAX));
  // Before 1970, and after 2262.
  EXPECT_EQ(time(6, 5'000'000, -6), std::nullopt);
  EXPECT_EQ(time(6, UINT64_MAX, INT64_MIN), std::nullopt);
  EXPECT_EQ(time(9, uint64_t{INT64_MAX} + 1), std::nullopt);
  EXPECT_EQ(time(0, UINT64_MAX), std::nullopt);
  EXPECT_EQ(time(0, 0, INT64_MAX), std::nullopt);
}

CaptureInterface Register(InterfaceTable* table, uint32_t number, std::string_view name) {
  CaptureInterface interface;
  table->Register(number, name, &interface);
  return interface;
}

TEST(InterfaceTableTest, ANameKeepsItsIndexOverSectionsAndFiles) {
  InterfaceTable table;
  EXPECT_EQ(Register(&table, 0, "eth0").index, 0u);
  EXPECT_EQ(Register(&table, 1, "eth1").index, 1u);
  EXPECT_EQ(Register(&table, 0, "eth7").index, 2u);  // 0 belongs to eth0
  EXPECT_EQ(Register(&table, 1, "eth0").index, 0u);
  EXPECT_EQ(Register(&table, 9, "eth9").index, 9u);
  EXPECT_EQ(Register(&table, 9, "").index, 3u);  // a file without names
  EXPECT_EQ(Register(&table, 9, "").index, 3u);
  EXPECT_EQ(Register(&table, 4, "").index, 4u);
  EXPECT_STREQ(Register(&table, 9, "").name, "");
}

TEST(InterfaceTableTest, NamesAreCutBehindACharacter) {
  InterfaceTable table;
  const std::string name = std::string(26, 'a') + "\xc3\xa4";
  EXPECT_STREQ(Register(&table, 0, name).name, std::string(26, 'a').c_str());
  // They are two interfaces all the same.
  EXPECT_EQ(Register(&table, 0, std::string(26, 'a')).index, 1u);
  EXPECT_STREQ(Register(&table, 0, std::string_view("a\0b", 3)).name, "a");
}

TEST(InterfaceTableTest, ASettingMakesThemOne) {
  InterfaceTable table("uplink");
  for (const uint32_t number : {5u, 0u}) {
    const CaptureInterface interface = Register(&table, number, "eth" + std::to_string(number));
    EXPECT_EQ(interface.index, 0u);
    EXPECT_STREQ(interface.name, "uplink");
  }
}

TEST(InterfaceTableTest, IsBounded) {
  InterfaceTable table;
  for (uint32_t i = 0; i < InterfaceTable::kMost; ++i) Register(&table, 0, std::to_string(i));
  EXPECT_EQ(table.without_index(), 0u);
  // Neither the index nor the name may be those of another interface.
  for (const char* const name : {"one more", "two more", ""}) {
    const CaptureInterface interface = Register(&table, 12, name);
    EXPECT_EQ(interface.index, InterfaceTable::kNoIndex);
    EXPECT_STREQ(interface.name, "");
  }
  EXPECT_EQ(table.without_index(), 3u);
  EXPECT_EQ(Register(&table, 0, "100").index, 100u);
  EXPECT_STREQ(Register(&table, 0, "100").name, "100");
}

}  // namespace
}  // namespace weir::pcap
