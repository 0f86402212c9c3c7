// SPDX-License-Identifier: Apache-2.0
#include "core/record/ip_prefix.h"

#include <optional>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace weir {
namespace {

using std::string_view_literals::operator""sv;

// Returns "address/length", with the length in bits of 128, or "none" if `text` is not a range.
std::string Parsed(std::string_view text) {
  const std::optional<IpPrefix> prefix = IpPrefix::Parse(text);
  if (!prefix.has_value()) return "none";
  return prefix->address.String() + "/" + std::to_string(prefix->length);
}

bool Contains(std::string_view range, std::string_view address) {
  const std::optional<IpPrefix> prefix = IpPrefix::Parse(range);
  const std::optional<IpPrefix> one = IpPrefix::Parse(address);
  EXPECT_TRUE(prefix.has_value() && one.has_value()) << range << ' ' << address;
  return prefix->Contains(one->address);
}

TEST(IpPrefixTest, ReadsBothVersionsAndClearsTheRest) {
  EXPECT_EQ(Parsed("10.0.0.0/8"), "10.0.0.0/104");
  EXPECT_EQ(Parsed("192.0.2.255/25"), "192.0.2.128/121");
  EXPECT_EQ(Parsed("1.2.3.4/0"), "0.0.0.0/96");
  EXPECT_EQ(Parsed("1.2.3.4"), "1.2.3.4/128");
  EXPECT_EQ(Parsed("fd00::1/8"), "fd00::/8");
  EXPECT_EQ(Parsed("2001:db8::ff/127"), "2001:db8::fe/127");
  EXPECT_EQ(Parsed("::1"), "::1/128");
  EXPECT_EQ(Parsed("::/0"), "::/0");
  EXPECT_EQ(Parsed("::ffff:10.1.2.3/104"), "10.0.0.0/104");
}

TEST(IpPrefixTest, TakesNothingElse) {
  for (const std::string_view text : {""sv,
                                      "/"sv,
                                      "/8"sv,
                                      "10.0.0.0/"sv,
                                      "10.0.0.0/33"sv,
                                      "10.0.0.0/-1"sv,
                                      "10.0.0.0/+8"sv,
                                      "10.0.0.0/08"sv,
                                      "10.0.0.0/8 "sv,
                                      " 10.0.0.0/8"sv,
                                      "10.0.0.0/8/8"sv,
                                      "10.0.0/8"sv,
                                      "010.0.0.0/8"sv,
                                      "256.0.0.0/8"sv,
                                      "::/129"sv,
                                      "fe80::1%lo/64"sv,
                                      "::/4294967296"sv,
                                      "10.0.0.0\0/8"sv,
                                      "10.0.0.0/8\0"sv,
                                      "localhost"sv}) {
    EXPECT_EQ(Parsed(text), "none") << text;
  }
  EXPECT_EQ(Parsed(std::string(1 << 20, '1')), "none");
}

TEST(IpPrefixTest, ContainsWhatBeginsWithItsBits) {
  EXPECT_TRUE(Contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(Contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(Contains("192.0.2.128/25", "192.0.2.128"));
  EXPECT_FALSE(Contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(Contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(Contains("192.0.2.1", "192.0.2.0"));
  EXPECT_TRUE(Contains("2001:db8::/33", "2001:db8:7fff::"));
  EXPECT_FALSE(Contains("2001:db8::/33", "2001:db8:8000::"));
}

TEST(IpPrefixTest, KeepsTheVersionsApart) {
  EXPECT_TRUE(Contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(Contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(Contains("::/0", "ffff::"));
  EXPECT_FALSE(Contains("::/0", "10.0.0.1"));
  EXPECT_TRUE(Contains("::ffff:0:0/96", "10.0.0.1"));
}

}  // namespace
}  // namespace weir
