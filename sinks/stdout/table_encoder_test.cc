// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/table_encoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/record/testing/random_records.h"
#include "core/record/text.h"
#include "gtest/gtest.h"

namespace weir::sinks {
namespace {

Record Tcp4() {
  Record record{};
  const IpAddr src = IpAddr::FromV4(0x0A000001);
  const IpAddr dst = IpAddr::FromV4(0xC0A80102);
  std::copy(src.bytes.begin(), src.bytes.end(), record.src_addr);
  std::copy(dst.bytes.begin(), dst.bytes.end(), record.dst_addr);
  record.eth_protocol = kIpv4Type;
  record.transport_protocol = 6;
  record.src_port = 40000;
  record.dst_port = 443;
  record.direction = kDirectionEgress;
  record.packets = 12;
  record.bytes = 1536;
  record.start_mono_time_ns = 1'000'000'000;
  record.end_mono_time_ns = 3'345'000'000;
  record.start_wall_time_ns = 1661272402023456789;
  SetInterfaceName("eth0", &record);
  return record;
}

Record Udp6() {
  Record record = Tcp4();
  std::fill(std::begin(record.src_addr), std::end(record.src_addr), 0x20);
  std::fill(std::begin(record.dst_addr), std::end(record.dst_addr), 0);
  record.dst_addr[15] = 1;
  record.eth_protocol = kIpv6Type;
  record.transport_protocol = 17;
  record.direction = kDirectionIngress;
  return record;
}

void Append(TableEncoder* encoder, const Record& record, std::string* out,
            const weir_other_interfaces* others = nullptr) {
  char text[TableEncoder::kMaxRecordBytes];
  out->append(text, encoder->Write(record, others, text));
}

std::string FirstLines(const Record& record) {
  TableEncoder encoder;
  std::string out;
  Append(&encoder, record, &out);
  return out;
}

TEST(TableEncoderTest, AlignsAndWidens) {
  TableEncoder encoder;
  std::string out;
  Append(&encoder, Tcp4(), &out);
  Record icmp = Tcp4();
  icmp.transport_protocol = 1;
  icmp.src_port = icmp.dst_port = 0;
  icmp.start_mono_time_ns = 0;  // not set yet
  Append(&encoder, icmp, &out);
  Append(&encoder, Udp6(), &out);
  Append(&encoder, Tcp4(), &out);
  EXPECT_EQ(
      out,
      // clang-format off
"START (UTC)              DURATION  DIR      INTERFACE   PROTO   SOURCE                 DESTINATION            PACKETS     BYTES\n"
"2022-08-23 16:33:22.023     2.3 s  egress   eth0        TCP     10.0.0.1:40000         192.168.1.2:443             12  1.50 KiB\n"
"2022-08-23 16:33:22.023         -  egress   eth0        ICMP    10.0.0.1               192.168.1.2                 12  1.50 KiB\n"
"2022-08-23 16:33:22.023     2.3 s  ingress  eth0        UDP     [2020:2020:2020:2020:2020:2020:2020:2020]:40000  [::1]:443                   12  1.50 KiB\n"
"2022-08-23 16:33:22.023     2.3 s  egress   eth0        TCP     10.0.0.1:40000                                   192.168.1.2:443             12  1.50 KiB\n");
  // clang-format on
}

TEST(TableEncoderTest, NamesFlowsWithoutIpByEtherTypeAndMac) {
  Record record = Tcp4();
  std::fill(std::begin(record.src_addr), std::end(record.src_addr), 0);
  std::fill(std::begin(record.dst_addr), std::end(record.dst_addr), 0);
  record.eth_protocol = kArpType;
  record.src_mac[5] = 7;
  std::string out = FirstLines(record);
  EXPECT_NE(out.find("ARP     00:00:00:00:00:07      00:00:00:00:00:00 "), std::string::npos)
      << out;
  record.eth_protocol = 0x88CC;
  out = FirstLines(record);
  EXPECT_NE(out.find("0x88cc  00:00"), std::string::npos) << out;
}

TEST(TableEncoderTest, NamesAllInterfaces) {
  weir_other_interfaces others{};
  Record elsewhere = Tcp4();
  elsewhere.if_index = 7;
  SetInterfaceName("br\t0", &elsewhere);
  ASSERT_TRUE(AddInterface(InterfaceOf(elsewhere), Tcp4(), &others));
  TableEncoder encoder;
  std::string out;
  Append(&encoder, Tcp4(), &out, &others);
  EXPECT_NE(out.find("egress   eth0,br?0   TCP"), std::string::npos) << out;
}

TEST(TableEncoderTest, RepeatsItsHeader) {
  TableEncoder encoder;
  std::string out;
  for (int i = 0; i < 2 * TableEncoder::kRecordsPerHeader + 1; ++i) Append(&encoder, Tcp4(), &out);
  size_t headers = 0;
  for (size_t at = out.find("START"); at != std::string::npos; at = out.find("START", at + 1)) {
    ++headers;
  }
  EXPECT_EQ(headers, 3u);
}

// A name comes from outside and may contain anything, even an escape sequence.
TEST(TableEncoderTest, LetsNothingThroughThatATerminalWouldObey) {
  Record record = Tcp4();
  SetInterfaceName("a\x1b[2J\n\xC2\x9B\xFF\xC3\xA9", &record);
  const std::string out = FirstLines(record);
  EXPECT_NE(out.find("  a?[2J???\xC3\xA9   TCP"), std::string::npos) << out;
}

TEST(TableEncoderTest, WritesTimesBefore1970) {
  Record record = Tcp4();
  record.start_wall_time_ns = -1;
  const std::string out = FirstLines(record);
  EXPECT_NE(out.find("1969-12-31 23:59:59.999 "), std::string::npos) << out;
}

// Once columns are wide enough for every value they stay so: all further lines have the same
// length, within the room that the encoder asks for.
TEST(TableEncoderTest, AnyRecordFitsItsRoomAndColumns) {
  weir::testing::RandomRecords random(6);
  TableEncoder encoder;
  Record longest;
  std::fill_n(reinterpret_cast<uint8_t*>(&longest), sizeof(longest), 0xFF);
  longest.direction = 0;
  longest.transport_protocol = 136;  // the longest name, UDPLite
  longest.start_mono_time_ns = 1;
  longest.bytes = 0;
  weir_other_interfaces all_others;
  std::fill_n(reinterpret_cast<uint8_t*>(&all_others), sizeof(all_others), 0xFF);
  std::string widest;
  Append(&encoder, longest, &widest, &all_others);
  const size_t columns = widest.find('\n');
  EXPECT_EQ(widest.size(), 2 * (columns + 1));
  for (int i = 1; i < 10'000; ++i) {
    const Record record = random.Any();
    const weir_other_interfaces others = random.AnyOthers();
    std::string room(TableEncoder::kMaxRecordBytes + 1, '#');
    const std::string lines(room.data(), encoder.Write(record, &others, room.data()));
    ASSERT_EQ(room.back(), '#');
    ASSERT_LE(lines.size(), TableEncoder::kMaxRecordBytes - kScratchBytes);
    for (size_t at = 0; at < lines.size(); at += lines.find('\n', at) + 1 - at) {
      const std::string line = lines.substr(at, lines.find('\n', at) - at);
      ASSERT_EQ(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }),
                static_cast<std::ptrdiff_t>(columns))
          << lines;
    }
  }
}

}  // namespace
}  // namespace weir::sinks
