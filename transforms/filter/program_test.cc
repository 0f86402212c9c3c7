// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/program.h"

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/record/constants.h"
#include "core/record/ip_prefix.h"
#include "gtest/gtest.h"
#include "transforms/filter/check_expression.h"

namespace weir::transforms {
namespace {

Program Compiled(std::string_view text) {
  sdk::Result<Expression> expression = ParseExpression(text);
  EXPECT_TRUE(expression.ok()) << text << ": " << expression.status().message();
  // A program needs a test; after a parse error, any test will do.
  if (!expression.ok()) expression = ParseExpression("bytes >= 0");
  return Program(*expression);
}

bool Passes(std::string_view text, const Record& record) { return Compiled(text).Matches(record); }

void SetAddress(std::string_view text, uint8_t* address) {
  std::memcpy(address, IpPrefix::Parse(text)->address.bytes.data(), kIpLength);
}

// From 10.1.2.3:40112 to 192.0.2.7:443 over TCP, as ebpf_map measures it.
Record WebFlow() {
  Record record{};
  SetAddress("10.1.2.3", record.src_addr);
  SetAddress("192.0.2.7", record.dst_addr);
  constexpr uint8_t kSrcMac[] = {0x02, 0, 0x5e, 0x10, 0, 0x01};
  constexpr uint8_t kDstMac[] = {0x02, 0, 0x5e, 0x10, 0, 0xff};
  std::memcpy(record.src_mac, kSrcMac, sizeof(kSrcMac));
  std::memcpy(record.dst_mac, kDstMac, sizeof(kDstMac));
  record.eth_protocol = kIpv4Type;
  record.src_port = 40112;
  record.dst_port = 443;
  record.transport_protocol = 6;
  record.direction = kDirectionEgress;
  record.if_index = 3;
  record.packets = 12;
  record.bytes = 5180;
  record.start_mono_time_ns = 1'000'000'000;
  record.end_mono_time_ns = 2'500'000'000;
  record.present = WEIR_HAS_TCP_FLAGS | WEIR_HAS_DSCP | WEIR_HAS_WIRE_PACKETS;
  record.tcp_flags = 0x12;
  record.dscp = 46;
  record.wire_packets = 20;
  SetInterfaceName("eth0", &record);
  return record;
}

// The bit is its own value, so it is never "not measured".
TEST(ProgramTest, ABitIsTrueOrFalse) {
  Record record = WebFlow();
  EXPECT_TRUE(Passes("duplicate == false", record));
  EXPECT_FALSE(Passes("duplicate == true", record));
  EXPECT_TRUE(Passes("duplicate != true", record));
  EXPECT_TRUE(Passes("duplicate in (true, false)", record));
  record.present |= WEIR_IS_DUPLICATE;
  EXPECT_TRUE(Passes("duplicate == true", record));
  EXPECT_FALSE(Passes("duplicate == false", record));
  EXPECT_TRUE(Passes("duplicate > 0", record));
  EXPECT_TRUE(Passes("not duplicate == 0", record));
}

TEST(ProgramTest, EveryFieldCountsWhereItIsCompared) {
  const Record record = WebFlow();
  for (const char* const text : {"addr == 10.0.0.0/8",
                                 "addr == 192.0.2.7",
                                 "src_addr in (172.16.0.0/12, 10.1.2.3)",
                                 "dst_addr in 192.0.2.0/24",
                                 "port == 443",
                                 "port == 40112",
                                 "src_port >= 40112",
                                 "dst_port < 1024",
                                 "proto == tcp",
                                 "etype == ipv4",
                                 "mac == 02:00:5e:10:00:ff",
                                 "src_mac == 02:00:5e:10:00:01",
                                 "dst_mac in (02:00:5e:10:00:02-02:00:5e:10:00:ff)",
                                 "interface == eth0",
                                 "interface in (lo, 'e*')",
                                 "if_index == 3",
                                 "direction == egress",
                                 "packets == 12",
                                 "bytes in 5k-6k",
                                 "wire_packets > 19",
                                 "duration == 1.5s",
                                 "tcp_flags == syn+ack",
                                 "tcp_flags any (syn, fin)",
                                 "tcp_flags all (syn, ack)",
                                 "dscp == ef"}) {
    EXPECT_TRUE(Passes(text, record)) << text;
    EXPECT_FALSE(Passes(absl::StrCat("not (", text, ")"), record)) << text;
  }
  for (const char* const text : {"addr == 10.1.2.4",
                                 "src_addr == 192.0.2.7",
                                 "dst_addr == 10.0.0.0/8",
                                 "addr == ::/0",
                                 "port == 444",
                                 "src_port == 443",
                                 "dst_port == 40112",
                                 "proto == udp",
                                 "etype == ipv6",
                                 "mac == 02:00:5e:10:00:02",
                                 "src_mac == 02:00:5e:10:00:ff",
                                 "interface == eth",
                                 "interface == 'eth?0'",
                                 "if_index == 4",
                                 "direction == ingress",
                                 "packets != 12",
                                 "bytes > 5180",
                                 "wire_packets < 20",
                                 "duration > 1500ms",
                                 "tcp_flags == syn",
                                 "tcp_flags any (fin, rst)",
                                 "tcp_flags all (syn, fin)",
                                 "dscp != ef"}) {
    EXPECT_FALSE(Passes(text, record)) << text;
    EXPECT_TRUE(Passes(absl::StrCat("! (", text, ")"), record)) << text;
  }
}

// The example of the documentation.
TEST(ProgramTest, TheExampleOfTheDocumentation) {
  constexpr std::string_view kText =
      "src_addr in 10.0.0.0/8 and dst_port in (80, 443, 8000-8999)\n"
      "  and not proto == icmp or bytes > 1MB";
  Record record = WebFlow();
  EXPECT_TRUE(Passes(kText, record));
  record.dst_port = 9000;
  EXPECT_FALSE(Passes(kText, record));
  record.bytes = 1'000'000;
  EXPECT_FALSE(Passes(kText, record));
  record.bytes = 1'000'001;
  EXPECT_TRUE(Passes(kText, record));
}

TEST(ProgramTest, NotOfAFieldThatStandsForTwoIsNeither) {
  Record record = WebFlow();
  EXPECT_FALSE(Passes("port != 443", record));
  EXPECT_FALSE(Passes("port not in (40112, 1)", record));
  EXPECT_TRUE(Passes("port not in (80, 22)", record));
  EXPECT_FALSE(Passes("addr != 10.0.0.0/8", record));
  EXPECT_TRUE(Passes("src_addr != 192.0.2.7 and port != 80", record));
}

TEST(ProgramTest, WhatWasNotMeasuredIsNeitherEqualNorUnequal) {
  Record record = WebFlow();
  for (const char* const field :
       {"vlan_id", "icmp_type", "icmp_code", "sampling", "flow_end_reason", "network_namespace"}) {
    EXPECT_FALSE(Passes(absl::StrCat(field, " == 0"), record)) << field;
    EXPECT_FALSE(Passes(absl::StrCat(field, " != 5"), record)) << field;
    EXPECT_FALSE(Passes(absl::StrCat(field, " >= 0"), record)) << field;
    EXPECT_TRUE(Passes(absl::StrCat("not ", field, " == 5"), record)) << field;
    EXPECT_TRUE(Passes(absl::StrCat("not ", field, " != 5"), record)) << field;
  }
  record.present = 0;
  EXPECT_FALSE(Passes("tcp_flags any 0xffff or tcp_flags all syn or tcp_flags != 0", record));
  EXPECT_FALSE(Passes("wire_packets >= 0", record));
  record.present = WEIR_HAS_VLAN;
  record.vlan_id = 7;
  EXPECT_TRUE(Passes("vlan_id != 5", record));
}

TEST(ProgramTest, WhatIsNotIpHasNoAddresses) {
  Record record = WebFlow();
  std::memset(record.src_addr, 0, sizeof(record.src_addr));
  EXPECT_TRUE(Passes("src_addr == ::", record));
  std::memset(record.dst_addr, 0, sizeof(record.dst_addr));
  EXPECT_FALSE(Passes("src_addr == ::", record));
  EXPECT_FALSE(Passes("addr in (0.0.0.0/0, ::/0)", record));
  EXPECT_FALSE(Passes("addr != 10.0.0.1", record));
}

TEST(ProgramTest, ATimeThatIsNotSetHasNoDuration) {
  Record record = WebFlow();
  record.start_mono_time_ns = 0;
  EXPECT_FALSE(Passes("duration >= 0", record));
  record.start_mono_time_ns = 3'000'000'000;
  EXPECT_FALSE(Passes("duration >= 0", record));
  record.end_mono_time_ns = record.start_mono_time_ns;
  EXPECT_TRUE(Passes("duration == 0", record));
}

TEST(ProgramTest, AnInterfaceWithoutANameHasNone) {
  Record record = WebFlow();
  SetInterfaceName("", &record);
  EXPECT_FALSE(Passes("interface == '*'", record));
  EXPECT_FALSE(Passes("interface != eth0", record));
}

// Long lists use binary search, short lists linear search.
TEST(ProgramTest, ListsOfAnyLength) {
  std::string ports;
  std::string addresses;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&ports, i == 0 ? "" : ", ", 10 * i, "-", 10 * i + 4);
    absl::StrAppend(&addresses, i == 0 ? "" : ", ", "10.", 2 * i, ".0.0/16, 2001:db8:", 2 * i,
                    "::/48");
    Record record = WebFlow();
    const Program in_ports = Compiled(absl::StrCat("dst_port in (", ports, ")"));
    const Program in_addresses = Compiled(absl::StrCat("dst_addr in (", addresses, ")"));
    for (uint16_t port = 0; port < 10 * (i + 1); ++port) {
      record.dst_port = port;
      SetAddress(absl::StrCat("10.", port / 10, ".255.255"), record.dst_addr);
      ASSERT_EQ(in_ports.Matches(record), port % 10 <= 4) << port << " in " << ports;
      ASSERT_EQ(in_addresses.Matches(record), port / 10 <= 2 * i && port / 10 % 2 == 0) << port;
    }
  }
}

// Makes a random expression that can be parsed.
class ExpressionMaker {
 public:
  explicit ExpressionMaker(uint32_t seed) : random_(seed) {}

  std::string Make(int depth) {
    if (depth == 0 || Below(3) == 0) return Test();
    switch (Below(4)) {
      case 0:
        return absl::StrCat("not ", Make(depth - 1));
      case 1:
        return absl::StrCat("(", Make(depth - 1), ")");
      default:
        return absl::StrCat(Make(depth - 1), Below(2) == 0 ? " and " : " or ", Make(depth - 1));
    }
  }

 private:
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  template <size_t N>
  std::string OneOf(const char* const (&words)[N]) {
    return words[Below(N)];
  }

  std::string Test() {
    switch (Below(4)) {
      case 0:
        return absl::StrCat(OneOf({"addr", "src_addr", "dst_addr"}), OneOf({" in ", " not in "}),
                            List([this] { return Address(); }));
      case 1:
        return absl::StrCat(OneOf({"mac", "src_mac", "dst_mac"}), OneOf({" == ", " != "}),
                            "02:00:00:00:00:0", Below(10));
      case 2:
        return absl::StrCat(OneOf({"tcp_flags any ", "tcp_flags all ", "tcp_flags == "}),
                            1 + Below(511));
      default:
        return absl::StrCat(
            OneOf({"port", "src_port", "dst_port", "proto", "if_index", "packets", "vlan_id",
                   "icmp_type", "wire_packets", "bytes", "sampling", "network_namespace"}),
            OneOf({" in ", " not in ", " == ", " != "}),
            List([this] { return absl::StrCat(Below(100), "-", 100 + Below(100)); }));
    }
  }

  template <typename MakeValue>
  std::string List(MakeValue value) {
    std::string list = absl::StrCat("(", value());
    for (uint32_t more = Below(12); more > 0; --more) absl::StrAppend(&list, ", ", value());
    return list + ")";
  }

  std::string Address() {
    if (Below(2) == 0) return absl::StrCat("10.", Below(256), ".0.", Below(256), "/", Below(33));
    return absl::StrCat("2001:db8::", Below(10'000), "/", Below(129));
  }

  std::mt19937 random_;
};

TEST(ProgramTest, DecidesAsTheReferenceDoes) {
  Decisions decisions;
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    const std::string text = ExpressionMaker(seed).Make(static_cast<int>(seed % 6));
    ASSERT_TRUE(ParseExpression(text).ok()) << text;
    ASSERT_EQ(CheckExpression(text, &decisions), "") << text;
  }
  // Both outcomes happened, so the comparison means something.
  EXPECT_GT(decisions.passed, 10'000u);
  EXPECT_GT(decisions.failed, 10'000u);
}

}  // namespace
}  // namespace weir::transforms
