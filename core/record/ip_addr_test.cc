// SPDX-License-Identifier: Apache-2.0
#include "core/record/ip_addr.h"

#include <cstdint>
#include <initializer_list>
#include <string>

#include "core/record/mac_addr.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

std::string V6(std::initializer_list<uint16_t> groups) {
  IpAddr address{};
  size_t at = 0;
  for (const uint16_t group : groups) {
    address.bytes[at++] = static_cast<uint8_t>(group >> 8);
    address.bytes[at++] = static_cast<uint8_t>(group);
  }
  return address.String();
}

TEST(IpAddrTest, WritesVersion4AsDottedDecimal) {
  EXPECT_EQ(IpAddr::FromV4(0x0A000001).String(), "10.0.0.1");
  EXPECT_EQ(IpAddr::FromV4(0xFFFFFFFF).String(), "255.255.255.255");
  EXPECT_EQ(IpAddr::FromV4(0).String(), "0.0.0.0");
}

TEST(IpAddrTest, EncodesVersion4AsNumber) {
  const IpAddr address = IpAddr::FromV4(0xC0A80102);
  EXPECT_TRUE(address.IsV4());
  EXPECT_EQ(address.IntEncodeV4(), 0xC0A80102u);
  EXPECT_EQ(address.bytes[12], 0xC0);  // network byte order
}

TEST(IpAddrTest, OnlyTheMappedPrefixIsVersion4) {
  EXPECT_EQ(V6({0, 0, 0, 0, 0, 0xFFFF, 0x0102, 0x0304}), "1.2.3.4");
  EXPECT_EQ(V6({0, 0, 0, 0, 0, 0, 0x0102, 0x0304}), "::102:304");
  EXPECT_EQ(V6({0, 0, 0, 0, 1, 0xFFFF, 0x0102, 0x0304}), "::1:ffff:102:304");
  EXPECT_FALSE(IpAddr{}.IsV4());
}

// RFC 5952, section 4, rule by rule.
TEST(IpAddrTest, WritesVersion6Canonically) {
  EXPECT_EQ(V6({0, 0, 0, 0, 0, 0, 0, 0}), "::");
  EXPECT_EQ(V6({0, 0, 0, 0, 0, 0, 0, 1}), "::1");
  EXPECT_EQ(V6({1, 0, 0, 0, 0, 0, 0, 0}), "1::");
  // 4.1: no leading zeros.
  EXPECT_EQ(V6({0x2001, 0x0DB8, 0, 0, 0, 0, 0, 1}), "2001:db8::1");
  // 4.2.1: as short as possible.
  EXPECT_EQ(V6({0x2001, 0xDB8, 0, 0, 0, 0, 2, 1}), "2001:db8::2:1");
  // 4.2.2: one zero group is not shortened.
  EXPECT_EQ(V6({0x2001, 0xDB8, 0, 1, 1, 1, 1, 1}), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(V6({0, 1, 2, 3, 4, 5, 6, 0}), "0:1:2:3:4:5:6:0");
  // 4.2.3: the longest run; the first of equal ones.
  EXPECT_EQ(V6({0x2001, 0, 0, 1, 0, 0, 0, 1}), "2001:0:0:1::1");
  EXPECT_EQ(V6({0x2001, 0xDB8, 0, 0, 1, 0, 0, 1}), "2001:db8::1:0:0:1");
  EXPECT_EQ(V6({0x2001, 0xDB8, 1, 1, 1, 1, 0, 0}), "2001:db8:1:1:1:1::");
  // 4.3: lower case.
  EXPECT_EQ(V6({0xABCD, 0xEF01, 0x2345, 0x6789, 0xABCD, 0xEF01, 0x2345, 0x6789}),
            "abcd:ef01:2345:6789:abcd:ef01:2345:6789");
}

TEST(MacAddrTest, WritesLowerCaseHexadecimal) {
  const uint8_t bytes[] = {0x02, 0x00, 0x5E, 0xAB, 0xCD, 0xFF};
  EXPECT_EQ(MacAddr::FromBytes(bytes).String(), "02:00:5e:ab:cd:ff");
  EXPECT_EQ(MacAddr{}.String(), "00:00:00:00:00:00");
}

}  // namespace
}  // namespace weir
