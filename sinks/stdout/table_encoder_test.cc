// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/table_encoder.h"

#include <algorithm>
#include <string>

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

TEST(TableEncoderTest, AlignsAndWidens) {
  TableEncoder encoder;
  std::string out;
  encoder.Append(Tcp4(), &out);
  Record icmp = Tcp4();
  icmp.transport_protocol = 1;
  icmp.src_port = icmp.dst_port = 0;
  icmp.start_mono_time_ns = 0;  // not yet set
  encoder.Append(icmp, &out);
  encoder.Append(Udp6(), &out);
  encoder.Append(Tcp4(), &out);
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
  std::string out;
  TableEncoder().Append(record, &out);
  EXPECT_NE(out.find("ARP     00:00:00:00:00:07      00:00:00:00:00:00 "), std::string::npos)
      << out;
  record.eth_protocol = 0x88CC;
  out.clear();
  TableEncoder().Append(record, &out);
  EXPECT_NE(out.find("0x88cc  00:00"), std::string::npos) << out;
}

TEST(TableEncoderTest, RepeatsItsHeader) {
  TableEncoder encoder;
  std::string out;
  for (int i = 0; i < 2 * TableEncoder::kRecordsPerHeader + 1; ++i) encoder.Append(Tcp4(), &out);
  size_t headers = 0;
  for (size_t at = out.find("START"); at != std::string::npos; at = out.find("START", at + 1)) {
    ++headers;
  }
  EXPECT_EQ(headers, 3u);
}

// A name comes from outside and may hold anything, an escape sequence too.
TEST(TableEncoderTest, LetsNothingThroughThatATerminalWouldObey) {
  Record record = Tcp4();
  SetInterfaceName("a\x1b[2J\n\xC2\x9B\xFF\xC3\xA9", &record);
  std::string out;
  TableEncoder().Append(record, &out);
  EXPECT_NE(out.find("  a?[2J???\xC3\xA9   TCP"), std::string::npos) << out;
}

TEST(TableEncoderTest, WritesTimesBefore1970) {
  Record record = Tcp4();
  record.start_wall_time_ns = -1;
  std::string out;
  TableEncoder().Append(record, &out);
  EXPECT_NE(out.find("1969-12-31 23:59:59.999 "), std::string::npos) << out;
}

}  // namespace
}  // namespace weir::sinks
