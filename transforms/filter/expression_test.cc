// SPDX-License-Identifier: Apache-2.0
#include "transforms/filter/expression.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/record/fields/record_fields.h"
#include "gtest/gtest.h"
#include "transforms/filter/field.h"
#include "transforms/filter/values.h"

namespace weir::transforms {
namespace {

// The expression as weir writes it.
std::string Meaning(std::string_view text) {
  sdk::Result<Expression> expression = ParseExpression(text);
  EXPECT_TRUE(expression.ok()) << text << ": " << expression.status().message();
  return expression.ok() ? ExpressionText(*expression) : "";
}

// The first of the three lines of an error message.
std::string Refusal(std::string_view text) {
  const sdk::Result<Expression> expression = ParseExpression(text);
  EXPECT_FALSE(expression.ok()) << text;
  const std::string& message = expression.status().message();
  return message.substr(0, message.find('\n'));
}

TEST(ExpressionTest, AndBindsCloserThanOrAndNotClosest) {
  EXPECT_EQ(Meaning("proto == 1 or proto == 2 and not proto == 3 and proto == 4"),
            "proto == 1 or proto == 2 and not proto == 3 and proto == 4");
  EXPECT_EQ(Meaning("(proto == 1 or proto == 2) and !(proto == 3 and proto == 4)"),
            "(proto == 1 or proto == 2) and not (proto == 3 and proto == 4)");
  EXPECT_EQ(Meaning("not (not proto == 1) or ((proto == 2))"), "not not proto == 1 or proto == 2");
  EXPECT_EQ(Meaning("proto == 1 and (proto == 2 and proto == 3)"),
            "proto == 1 and proto == 2 and proto == 3");
}

TEST(ExpressionTest, TheSameInOtherWords) {
  EXPECT_EQ(Meaning("proto=TCP AND NOT dst_port IN (443,80)||SRC_PORT<>1"),
            "proto == 6 and not dst_port in (80, 443) or src_port != 1");
  EXPECT_EQ(Meaning("proto = tcp # a comment (\n  && port\tnot in '22'#"),
            "proto == 6 and port != 22");
}

TEST(ExpressionTest, ValuesBecomeTheFewestRanges) {
  EXPECT_EQ(Meaning("dst_port in (443, 80, 81, 8000-8999, 8500-9000, 0x50)"),
            "dst_port in (80-81, 443, 8000-9000)");
  EXPECT_EQ(Meaning("addr in (10.0.1.0/24, 10.0.0.7/24, 192.0.2.1, 192.0.2.3-192.0.2.9)"),
            "addr in (10.0.0.0-10.0.1.255, 192.0.2.1, 192.0.2.3-192.0.2.9)");
  EXPECT_EQ(Meaning("src_mac in (02:00:00:00:00:01, 02:00:00:00:00:02)"),
            "src_mac == 02:00:00:00:00:01-02:00:00:00:00:02");
  EXPECT_EQ(Meaning("interface in (eth0, 'a b', \"it's\", eth0)"),
            "interface in (\"a b\", \"eth0\", \"it's\")");
}

// IPv4 addresses are not a part of the IPv6 addresses, although both have sixteen bytes.
TEST(ExpressionTest, AllOfIpv6HasNoIpv4) {
  EXPECT_EQ(Meaning("addr == ::/0"),
            "addr in (::-::fffe:ffff:ffff, ::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff)");
  EXPECT_EQ(Meaning("addr in (0.0.0.0/0, ::/0)"),
            "addr in (::-::fffe:ffff:ffff, 0.0.0.0-255.255.255.255, "
            "::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff)");
  EXPECT_EQ(Meaning("addr == ::ffff:10.0.0.1"), "addr == 10.0.0.1");
}

TEST(ExpressionTest, UnitsAndNames) {
  EXPECT_EQ(Meaning("bytes == 1.5kB"), "bytes == 1500");
  EXPECT_EQ(Meaning("bytes in (1KiB, 2MB, 3m)"), "bytes in (1024, 2000000, 3000000)");
  EXPECT_EQ(Meaning("packets == 2.25M"), "packets == 2250000");
  EXPECT_EQ(Meaning("duration in (0, 1.5s-2m)"), "duration in (0ns, 1500000000ns-120000000000ns)");
  EXPECT_EQ(Meaning("tcp_flags in (syn, syn+ack)"), "tcp_flags in (2, 18)");
  EXPECT_EQ(Meaning("tcp_flags any (fin, rst)"), "tcp_flags any 5");
  EXPECT_EQ(Meaning("tcp_flags all syn+ack"), "tcp_flags all 18");
  EXPECT_EQ(Meaning("dscp in (ef, af41)"), "dscp in (34, 46)");
  EXPECT_EQ(Meaning("etype == ipv6 and direction == egress"), "etype == 34525 and direction == 1");
  EXPECT_EQ(Meaning("flow_end_reason == end_of_flow"), "flow_end_reason == 3");
}

// Times are no fields of a filter; `duration` is.
TEST(ExpressionTest, EachFieldOfTheTableIsAField) {
  for (const weir_field& field : kRecordFields) {
    const bool is_time = field.type == WEIR_FIELD_WALL_TIME || field.type == WEIR_FIELD_MONO_TIME;
    EXPECT_EQ(FindField(field.name) != nullptr, !is_time) << field.name;
    if (field.either != nullptr) {
      EXPECT_NE(FindField(field.either), nullptr) << field.either;
    }
    for (uint32_t i = 0; i < field.value_name_count; ++i) {
      const weir_value_name& value = field.value_names[i];
      EXPECT_EQ(Meaning(absl::StrCat(field.name, " == ", value.name)),
                absl::StrCat(field.name, " == ", value.value));
    }
  }
}

TEST(ExpressionTest, ABitIsTrueOrFalse) {
  EXPECT_EQ(Meaning("duplicate == true"), "duplicate == 1");
  EXPECT_EQ(Meaning("duplicate != FALSE"), "duplicate != 0");
  EXPECT_EQ(Refusal("duplicate == yes"), "column 14: expected true or false, found 'yes'");
  EXPECT_EQ(Refusal("duplicate == 2"), "column 14: 2 is more than duplicate can be, which is 1");
}

TEST(ExpressionTest, OrderIsARange) {
  EXPECT_EQ(Meaning("dst_port < 1024"), "dst_port == 0-1023");
  EXPECT_EQ(Meaning("dst_port <= 1024"), "dst_port == 0-1024");
  EXPECT_EQ(Meaning("bytes > 1MB"), "bytes == 1000001-18446744073709551615");
  EXPECT_EQ(Meaning("vlan_id >= 0"), "vlan_id == 0-4095");
}

TEST(ExpressionTest, MistakesAreShownWhereTheyAre) {
  const auto message = [](std::string_view text) {
    return ParseExpression(text).status().message();
  };
  EXPECT_EQ(message("proto == tcp and dst_port == abc"),
            "column 30: expected a port, found 'abc'\n"
            "  proto == tcp and dst_port == abc\n"
            "                               ^");
  EXPECT_EQ(message("proto == tcp\n\tand dst_port >\nx"),
            "line 3, column 1: expected a port, found 'x'\n  x\n  ^");
  EXPECT_EQ(message("interface == \"\xc3\xa9\" und"),
            "column 18: expected and, or, or the end, found 'und'\n"
            "  interface == \"?\" und\n"
            "                   ^");
  const std::string far = std::string(500, ' ') + "x" + std::string(500, 'y');
  EXPECT_EQ(message(far).substr(message(far).find('\n')), "\n  ..." + std::string(60, ' ') + "x" +
                                                              std::string(39, 'y') + "...\n  " +
                                                              std::string(63, ' ') + "^");
}

TEST(ExpressionTest, MistakesAreNamed) {
  EXPECT_EQ(Refusal(""), "column 1: expected a test, as in dst_port == 443");
  EXPECT_EQ(Refusal(" # nothing"), "column 11: expected a test, as in dst_port == 443");
  EXPECT_EQ(Refusal("proto == tcp and"), "column 17: expected a field, not or (, found the end");
  EXPECT_EQ(Refusal("(proto == tcp"), "column 14: expected and, or, or ), found the end");
  EXPECT_EQ(Refusal("proto == tcp)"), "column 13: expected and, or, or the end, found ')'");
  EXPECT_EQ(Refusal("port in (1, 2"), "column 14: expected , or ), found the end");
  EXPECT_EQ(Refusal("port in (1,)"), "column 12: expected a port, found ')'");
  EXPECT_EQ(Refusal("port in ()"), "column 10: expected a port, found ')'");
  EXPECT_EQ(Refusal("port 80"),
            "column 6: expected ==, !=, <, <=, >, >=, in, not in behind port, found '80'");
  EXPECT_EQ(Refusal("port not 80"), "column 10: expected in, found '80'");
  EXPECT_EQ(Refusal("dst_port == 70000"),
            "column 13: 70000 is more than dst_port can be, which is 65535");
  EXPECT_EQ(Refusal("port == 90-80"),
            "column 9: nothing is in '90-80': the smaller end comes first");
  EXPECT_EQ(Refusal("bytes < 0"), "column 9: no bytes is less than 0");
  EXPECT_EQ(Refusal("port > 1-2"), "column 8: expected one value behind >, found a range");
  EXPECT_EQ(Refusal("addr < 10.0.0.1"),
            "column 6: addr has no order: it is compared by ==, !=, in, not in");
  EXPECT_EQ(Refusal("duration > 5"),
            "column 12: expected a duration, as in 500ms or 1h, found '5': it needs a unit (ns, "
            "us, ms, s, m or h)");
  EXPECT_EQ(Refusal("port any 80"),
            "column 10: any and all are for tcp_flags; behind port stands ==, !=, <, <=, >, >=, "
            "in, not in");
  EXPECT_EQ(Refusal("tcp_flags any 0"), "column 15: expected one flag or more, found none");
  EXPECT_EQ(Refusal("interface == \"eth0\nor"),
            "line 1, column 14: expected the name of an interface, found a quote that is not "
            "closed in its line");
  EXPECT_EQ(Refusal("port == 80 & proto == tcp"),
            "column 12: expected and, or, or the end, found '&'");
  EXPECT_EQ(Refusal("port == \x01"), "column 9: expected a port, found '\\x01'");
}

TEST(ExpressionTest, WordsOfOtherToolsAreKnown) {
  EXPECT_EQ(Refusal("tcp and port == 80"),
            "column 1: expected a field, found 'tcp', which is a value: proto == tcp");
  EXPECT_EQ(Refusal("host == 10.0.0.1"), "column 1: there is no field 'host'; it is called addr");
  EXPECT_EQ(Refusal("SrcAddr == 10.0.0.1"),
            "column 1: there is no field 'SrcAddr'; it is written src_addr");
  EXPECT_EQ(Refusal("src.port == 1"),
            "column 1: there is no field 'src.port'; it is written src_port");
  EXPECT_EQ(Refusal("dst_prt == 443"),
            "column 1: there is no field 'dst_prt'; did you mean 'dst_port'?");
  EXPECT_EQ(Refusal("colour == 1").find("column 1: there is no field 'colour'; there are etype, "),
            0u);
  EXPECT_TRUE(absl::StrContains(Refusal("colour == red"),
                                "mac, src_mac, dst_mac, addr, src_addr, dst_addr"));
}

TEST(ExpressionTest, AddressesThatAreNoneAreRefused) {
  for (const char* const text :
       {"10.0.0", "10.0.0.1/33", "10.0.0.256", "10.0.0.0/8-10.0.0.9", "10.0.0.1-fe80::1",
        "fe80::1%eth0", "10.0.0.1-", "-10.0.0.1", "::/129", "''"}) {
    EXPECT_TRUE(absl::StrContains(Refusal(std::string("addr == ") + text),
                                  "expected an IP address or a range of them"))
        << text;
  }
}

TEST(ExpressionTest, NumbersThatAreNoneAreRefused) {
  for (const char* const text : {"-1", "1-", "1.5", "0x", "0xg", "1k", "''", "١", "1 000",
                                 "18446744073709551616", "99999999999999999999k"}) {
    EXPECT_FALSE(ParseExpression(std::string("if_index == ") + text).ok()) << text;
  }
  for (const char* const text :
       {"1.0001k", "1.k", ".5k", "1.5", "18446744073709551615.5k", "1kBs", "1e3"}) {
    EXPECT_FALSE(ParseExpression(std::string("bytes == ") + text).ok()) << text;
  }
  for (const char* const text : {"02:00:00:00:00", "02:00:00:00:00:0g", "02-00-00-00-00-01",
                                 "02:00:00:00:00:01:02", "2:0:0:0:0:1", "+2:00:00:00:00:01"}) {
    EXPECT_FALSE(ParseExpression(std::string("mac == ") + text).ok()) << text;
  }
}

TEST(ExpressionTest, DepthAndSizeAreBounded) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '(') + "port == 1" + std::string(depth, ')');
  };
  EXPECT_TRUE(ParseExpression(nested(kMaxExpressionDepth)).ok());
  EXPECT_EQ(Refusal(nested(kMaxExpressionDepth + 1)),
            "column 65: not and ( stand within each other more than 64 deep");
  // Side by side, more of them are allowed.
  std::string many = nested(kMaxExpressionDepth);
  for (size_t i = 1; i < kMaxExpressionTests; ++i) many += " or not port == 1";
  EXPECT_TRUE(ParseExpression(many).ok());
  EXPECT_TRUE(absl::StrContains(Refusal(many + " or port == 1"), "more than 1024 tests"));
  EXPECT_EQ(Refusal(std::string(kMaxExpressionBytes + 1, '!')),
            "has 65537 bytes; it may have 65536");
}

TEST(PatternTest, StarsStandForAnything) {
  EXPECT_TRUE(FitsPattern("eth0", "eth0"));
  EXPECT_FALSE(FitsPattern("eth0", "eth01"));
  EXPECT_FALSE(FitsPattern("eth01", "eth0"));
  EXPECT_TRUE(FitsPattern("eth*", "eth"));
  EXPECT_TRUE(FitsPattern("*", ""));
  EXPECT_TRUE(FitsPattern("*-?", "br-a"));
  EXPECT_FALSE(FitsPattern("*-?", "br-"));
  EXPECT_TRUE(FitsPattern("*a*b", "xaxbxab"));
  EXPECT_FALSE(FitsPattern("*a*b", "xaxbxabx"));
  EXPECT_FALSE(FitsPattern("*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

}  // namespace
}  // namespace weir::transforms
