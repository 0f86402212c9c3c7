// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/links/link_layer.h"

#include <pcap/dlt.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "bpf/packet.h"
#include "core/record/constants.h"
#include "gtest/gtest.h"

namespace weir::pcap {
namespace {

// The MACs, by what they are in a frame.
const std::string kDst("\x02\0\0\0\0\x0d", 6);
const std::string kSrc("\x02\0\0\0\0\x05", 6);
const std::string kBss("\x02\0\0\0\0\x0b", 6);
constexpr uint64_t kDstWord = 0x0d0000000002;
constexpr uint64_t kSrcWord = 0x050000000002;

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

// 192.0.2.1:1000 -> 198.51.100.2:53, UDP with 4 bytes.
std::string Ip4() {
  return Bytes({0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2}) +
         Bytes({3, 232, 0, 53, 0, 12, 0, 0}) + "data";
}
std::string Ip6() {
  return Bytes({0x60, 0, 0, 0, 0, 12, 17, 64}) + std::string(15, '\x20') + "\x01" +
         std::string(15, '\x20') + "\x02" + Bytes({3, 232, 0, 53, 0, 12, 0, 0}) + "data";
}
std::string Snap(int high, int low) { return Bytes({0xaa, 0xaa, 3, 0, 0, 0, high, low}); }

packet Parse(int link_type, const std::string& bytes, bool swapped = false) {
  // Of its own size, so that a sanitizer sees what is read behind it.
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  packet fields{};
  LinkParser parser;
  parser.Parse(LinkLayerOf(link_type), swapped, copy.data(), static_cast<uint32_t>(copy.size()),
               &fields);
  return fields;
}

void ExpectIp4(const packet& fields, const std::string& name) {
  EXPECT_EQ(fields.eth_protocol, kIpv4Type) << name;
  EXPECT_EQ(fields.transport_protocol, 17) << name;
  EXPECT_EQ(fields.src_port, 1000) << name;
  EXPECT_EQ(fields.dst_port, 53) << name;
  EXPECT_EQ(fields.src_ip[1], 0x010200c0ffff0000) << name;
  EXPECT_EQ(fields.notes, 0) << name;
}

struct LinkCase {
  std::string name;
  int link_type;
  std::string header;  // in front of an IPv4 packet
};

std::vector<LinkCase> Cases() {
  const std::string radiotap = Bytes({0, 0, 8, 0, 0, 0, 0, 0});
  const std::string wifi = Bytes({0x08, 0x02, 0, 0}) + kDst + kBss + kSrc + Bytes({0, 0});
  const std::string ppi = Bytes({0, 0, 12, 0, 105, 0, 0, 0}) + "more";
  return {
      {"wifi", DLT_IEEE802_11, wifi + Snap(8, 0)},
      {"wifi_tunnel", DLT_IEEE802_11, wifi + Bytes({0xaa, 0xaa, 3, 0, 0, 0xf8, 8, 0})},
      {"wifi_radiotap", DLT_IEEE802_11_RADIO, radiotap + wifi + Snap(8, 0)},
      {"wifi_ppi", DLT_PPI, ppi + wifi + Snap(8, 0)},
      {"ppi_radiotap", DLT_PPI, Bytes({0, 0, 8, 0, 127, 0, 0, 0}) + radiotap + wifi + Snap(8, 0)},
      {"ppp", DLT_PPP, Bytes({0, 0x21})},
      {"ppp_hdlc", DLT_PPP, Bytes({0xff, 3, 0, 0x21})},
      {"ppp_compressed", DLT_PPP, Bytes({0x21})},
      {"ppp_serial", DLT_PPP_SERIAL, Bytes({0xff, 3, 0, 0x21})},
      {"ppp_serial_cisco", DLT_PPP_SERIAL, Bytes({0x0f, 0, 8, 0})},
      {"pppd", DLT_PPP_PPPD, Bytes({0, 3, 0, 0x21})},
      {"ppp_direction", DLT_PPP_WITH_DIR, Bytes({0, 0xff, 3, 0, 0x21})},
      {"cisco_hdlc", DLT_C_HDLC, Bytes({0x8f, 0, 8, 0})},
      {"cisco_hdlc_direction", DLT_C_HDLC_WITH_DIR, Bytes({0, 0x0f, 0, 8, 0})},
      {"frame_relay", DLT_FRELAY, Bytes({0x18, 0x41, 3, 0xcc})},
      {"frame_relay_long", DLT_FRELAY, Bytes({0x18, 0x40, 0x40, 0x41, 3, 0xcc})},
      {"frame_relay_snap", DLT_FRELAY, Bytes({0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0})},
      {"frame_relay_ethernet", DLT_FRELAY,
       Bytes({0x18, 0x41, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 7}) + kDst + kSrc + Bytes({8, 0})},
      {"frame_relay_ppp", DLT_FRELAY, Bytes({0x18, 0x41, 3, 0xcf, 0, 0x21})},
      {"frame_relay_cisco", DLT_FRELAY, Bytes({0x18, 0x41, 8, 0})},
      {"frame_relay_direction", DLT_FRELAY_WITH_DIR, Bytes({0, 0x18, 0x41, 3, 0xcc})},
      {"nflog", DLT_NFLOG, Bytes({2, 0, 0, 0, 36, 0, 9, 0})},
      {"nflog_protocol", DLT_NFLOG,
       Bytes({7, 0, 0, 0, 8, 0, 1, 0, 8, 0, 3, 0, 6, 0, 0x99, 0, 1, 2, 0, 0, 36, 0, 9, 0})},
      {"nflog_unknown_family", DLT_NFLOG, Bytes({0, 0, 0, 0, 36, 0, 9, 0})},
  };
}

TEST(LinkLayerTest, AllLinksLeadToTheirPayload) {
  for (const LinkCase& link : Cases()) {
    ExpectIp4(Parse(link.link_type, link.header + Ip4()), link.name);
  }
}

// Any beginning of a packet is read, and no header is made up.
TEST(LinkLayerTest, PacketsThatAreCutOff) {
  for (const LinkCase& link : Cases()) {
    const std::string whole = link.header + Ip4();
    const size_t ports_end = link.header.size() + 20 + 4;
    for (size_t size = 0; size < ports_end; ++size) {
      const packet fields = Parse(link.link_type, whole.substr(0, size));
      EXPECT_EQ(fields.notes & PACKET_TRUNCATED, PACKET_TRUNCATED) << link.name << ' ' << size;
      EXPECT_EQ(fields.dst_port, 0) << link.name << ' ' << size;
    }
  }
}

TEST(LinkLayerTest, OtherProtocolsThanIpv4) {
  EXPECT_EQ(Parse(DLT_PPP, Bytes({0, 0x57}) + Ip6()).src_port, 1000);
  EXPECT_EQ(Parse(DLT_PPP, Bytes({0x57}) + Ip6()).eth_protocol, kIpv6Type);
  EXPECT_EQ(Parse(DLT_FRELAY, Bytes({0x18, 0x41, 3, 0x8e}) + Ip6()).dst_port, 53);
  EXPECT_EQ(Parse(DLT_NFLOG, Bytes({10, 0, 0, 0, 56, 0, 9, 0}) + Ip6()).dst_port, 53);
  EXPECT_EQ(Parse(DLT_C_HDLC, Bytes({0x8f, 0, 0x80, 0x35}) + "SLARP").eth_protocol, 0x8035);
  const packet lcp = Parse(DLT_PPP, Bytes({0xff, 3, 0xc0, 0x21, 9, 1, 0, 4}));
  EXPECT_EQ(lcp.eth_protocol, 0x880b);
  EXPECT_EQ(lcp.notes, 0);
  const packet clnp = Parse(DLT_FRELAY, Bytes({0x18, 0x41, 3, 0x81, 1, 2, 3}));
  EXPECT_EQ(clnp.eth_protocol, 0);
  EXPECT_EQ(clnp.notes, 0);
  EXPECT_EQ(Parse(DLT_C_HDLC, Bytes({0x0f, 0, 0x81, 0, 0, 7, 8, 0}) + Ip4()).src_port, 1000);
}

TEST(LinkLayerTest, DirectionsThatLinksTell) {
  EXPECT_EQ(Parse(DLT_PPP_PPPD, Bytes({1, 3, 0, 0x21}) + Ip4()).direction, kDirectionEgress);
  EXPECT_EQ(Parse(DLT_PPP_PPPD, Bytes({0, 3, 0, 0x21}) + Ip4()).direction, kDirectionIngress);
  EXPECT_EQ(Parse(DLT_PPP_WITH_DIR, Bytes({1, 0x21}) + Ip4()).direction, kDirectionEgress);
  EXPECT_EQ(Parse(DLT_FRELAY_WITH_DIR, Bytes({7, 0x18, 0x41, 3, 0xcc}) + Ip4()).direction,
            kDirectionEgress);
}

// Frames of the four ways through a distribution system, which order addresses differently.
TEST(Ieee80211Test, AddressesByTheWay) {
  const auto frame = [](int flags, const std::string& addresses) {
    const std::string four = addresses.substr(18);
    return Bytes({0x08, flags, 0, 0}) + addresses.substr(0, 18) + Bytes({0, 0}) + four +
           Snap(8, 0) + Ip4();
  };
  const std::vector<std::pair<int, std::string>> ways = {
      {0, kDst + kSrc + kBss},
      {1, kBss + kSrc + kDst},
      {2, kDst + kBss + kSrc},
      {3, kBss + kBss + kDst + kSrc},
  };
  for (const auto& [flags, addresses] : ways) {
    const packet fields = Parse(DLT_IEEE802_11, frame(flags, addresses));
    ExpectIp4(fields, std::to_string(flags));
    EXPECT_EQ(fields.dst_mac, kDstWord) << flags;
    EXPECT_EQ(fields.src_mac, kSrcWord) << flags;
  }
}

std::string DataHeader(int subtype, int flags, int sequence = 0) {
  return Bytes({subtype << 4 | 8, flags, 0, 0}) + kDst + kBss + kSrc + Bytes({sequence, 0});
}

TEST(Ieee80211Test, QosPaddingAndAggregates) {
  ExpectIp4(Parse(DLT_IEEE802_11, DataHeader(8, 2) + Bytes({0, 0}) + Snap(8, 0) + Ip4()), "QoS");
  ExpectIp4(
      Parse(DLT_IEEE802_11, DataHeader(8, 0x82) + Bytes({0, 0}) + "HT++" + Snap(8, 0) + Ip4()),
      "HT control");
  const std::string other("\x02\0\0\0\0\x33", 6);
  const packet part = Parse(DLT_IEEE802_11, DataHeader(8, 2) + Bytes({0x80, 0}) + kDst + other +
                                                Bytes({0, 40}) + Snap(8, 0) + Ip4());
  ExpectIp4(part, "A-MSDU");
  EXPECT_EQ(part.src_mac, 0x330000000002u);
  // Radiotap with two words of fields, a time behind padding, and flags: the header is padded.
  const std::string padded = Bytes({0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0}) +
                             std::string(8, 't') + Bytes({0x20}) + DataHeader(8, 2) +
                             Bytes({0, 0}) + "pp" + Snap(8, 0) + Ip4();
  ExpectIp4(Parse(DLT_IEEE802_11_RADIO, padded), "padded");
}

void ExpectMacsOnly(const packet& fields, const std::string& name, uint8_t notes = 0) {
  EXPECT_EQ(fields.dst_mac, kDstWord) << name;
  EXPECT_EQ(fields.src_mac, kSrcWord) << name;
  EXPECT_EQ(fields.eth_protocol, 0) << name;
  EXPECT_EQ(fields.src_port, 0) << name;
  EXPECT_EQ(fields.notes, notes) << name;
}

TEST(Ieee80211Test, FramesWithoutAReadablePayload) {
  const std::string rest = Snap(8, 0) + Ip4();
  ExpectMacsOnly(Parse(DLT_IEEE802_11, DataHeader(0, 0x42) + rest), "encrypted");
  ExpectMacsOnly(Parse(DLT_IEEE802_11, DataHeader(4, 2)), "no data");
  ExpectMacsOnly(Parse(DLT_IEEE802_11, DataHeader(12, 2) + Bytes({0, 0})), "QoS without data");
  ExpectMacsOnly(Parse(DLT_IEEE802_11, DataHeader(0, 2, 1) + rest), "fragment", PACKET_FRAGMENT);
  ExpectMacsOnly(Parse(DLT_IEEE802_11, DataHeader(0, 2) + Bytes({0x42, 0x42, 3}) + "spanning"),
                 "LLC");
  const std::string addresses = kDst + kSrc + kBss;
  ExpectMacsOnly(Parse(DLT_IEEE802_11, Bytes({0x80, 0, 0, 0}) + addresses + "beacon"), "beacon");
  ExpectMacsOnly(Parse(DLT_IEEE802_11, Bytes({0xb4, 0, 0, 0}) + kDst + kSrc), "RTS");
  const packet ack = Parse(DLT_IEEE802_11, Bytes({0xd4, 0, 0, 0}) + kDst);
  EXPECT_EQ(ack.dst_mac, kDstWord);
  EXPECT_EQ(ack.src_mac, 0u);
  EXPECT_EQ(ack.notes, 0);
  EXPECT_EQ(Parse(DLT_IEEE802_11, Bytes({0x09, 2, 0, 0}) + addresses + rest).notes,
            PACKET_TRUNCATED);
}

TEST(PpiTest, NoneWithinAnotherAndNothingUnknown) {
  const std::string unknown = Bytes({0, 0, 8, 0, 147, 0, 0, 0});
  EXPECT_EQ(Parse(DLT_PPI, unknown + "payload").notes, PACKET_TRUNCATED);
  const std::string within = Bytes({0, 0, 8, 0, static_cast<int>(DLT_PPI), 0, 0, 0});
  EXPECT_EQ(Parse(DLT_PPI, within + within + "payload").notes, PACKET_TRUNCATED);
}

TEST(NflogTest, InterfacesMacsAndByteOrders) {
  const std::string input = Bytes({8, 0, 4, 0, 0, 0, 0, 3});
  const std::string output = Bytes({8, 0, 5, 0, 0, 0, 0, 4});
  const std::string mac = Bytes({16, 0, 8, 0, 0, 6, 0, 0}) + kSrc + Bytes({0, 0});
  const std::string payload = Bytes({36, 0, 9, 0}) + Ip4();
  const std::string header = Bytes({2, 0, 0, 5});
  const packet in = Parse(DLT_NFLOG, header + input + output + mac + payload);
  ExpectIp4(in, "input");
  EXPECT_EQ(in.if_index, 3u);
  EXPECT_EQ(in.direction, kDirectionIngress);
  EXPECT_EQ(in.src_mac, kSrcWord);
  const packet out = Parse(DLT_NFLOG, header + output + payload);
  EXPECT_EQ(out.if_index, 4u);
  EXPECT_EQ(out.direction, kDirectionEgress);
  const std::string swapped = Bytes({0, 8, 0, 5, 0, 0, 0, 4, 0, 36, 0, 9}) + Ip4();
  ExpectIp4(Parse(DLT_NFLOG, header + swapped, true), "swapped");
  EXPECT_EQ(Parse(DLT_NFLOG, header + output).notes, PACKET_TRUNCATED);
  EXPECT_EQ(Parse(DLT_NFLOG, header + Bytes({3, 0, 9, 0}) + payload).notes, PACKET_TRUNCATED);
}

}  // namespace
}  // namespace weir::pcap
