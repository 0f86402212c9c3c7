// SPDX-License-Identifier: Apache-2.0
// Times and quantities as text.
#include <cstdint>
#include <limits>
#include <string>

#include "core/record/human.h"
#include "core/record/time_text.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

std::string Time(int64_t wall_time_ns) {
  std::string text;
  AppendTime(wall_time_ns, &text);
  return text;
}

TEST(TimeTextTest, CutsTrailingZerosOfTheFraction) {
  EXPECT_EQ(Time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Time(1), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(Time(1661272402123456789), "2022-08-23T16:33:22.123456789Z");
  EXPECT_EQ(Time(1661272402123400000), "2022-08-23T16:33:22.1234Z");
  EXPECT_EQ(Time(1661272402000000010), "2022-08-23T16:33:22.00000001Z");
  EXPECT_EQ(Time(1661272402 * kSecond), "2022-08-23T16:33:22Z");
}

TEST(TimeTextTest, WritesTimesBefore1970) {
  EXPECT_EQ(Time(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(Time(-kSecond), "1969-12-31T23:59:59Z");
  EXPECT_EQ(Time(-86400 * kSecond), "1969-12-31T00:00:00Z");
  EXPECT_EQ(Time(-86400 * kSecond - 1), "1969-12-30T23:59:59.999999999Z");
}

TEST(TimeTextTest, WritesTheExtremes) {
  EXPECT_EQ(Time(std::numeric_limits<int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(Time(std::numeric_limits<int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(TimeTextTest, KnowsLeapYears) {
  EXPECT_EQ(Time(951782400 * kSecond), "2000-02-29T00:00:00Z");  // of 400 years
  EXPECT_EQ(Time(1709164800 * kSecond), "2024-02-29T00:00:00Z");
  EXPECT_EQ(Time(1709251200 * kSecond), "2024-03-01T00:00:00Z");
  EXPECT_EQ(Time(-2203891200 * kSecond), "1900-03-01T00:00:00Z");  // 1900 had none
  EXPECT_EQ(Time(-2203891201 * kSecond), "1900-02-28T23:59:59Z");
  EXPECT_EQ(Time(4107542399 * kSecond), "2100-02-28T23:59:59Z");
}

constexpr bool IsLeapYear(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Every day of ten thousand years, against a calendar that counts.
TEST(TimeTextTest, DatesFollowOneAnother) {
  constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t day = -719528;  // 0000-01-01
  for (int64_t year = 0; year <= 9999; ++year) {
    for (unsigned month = 1; month <= 12; ++month) {
      const unsigned last = kDays[month - 1] + (month == 2 && IsLeapYear(year) ? 1 : 0);
      for (unsigned of_month = 1; of_month <= last; ++of_month) {
        const CivilDate date = DateFromDays(day++);
        ASSERT_TRUE(date.year == year && date.month == month && date.day == of_month)
            << year << '-' << month << '-' << of_month;
      }
    }
  }
  EXPECT_EQ(day, 2932897);  // 10000-01-01
}

TEST(HumanTest, WritesThreeDigitsInBinaryUnits) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "0.98 KiB");
  EXPECT_EQ(HumanBytes(1024), "1.00 KiB");
  EXPECT_EQ(HumanBytes(1536), "1.50 KiB");
  EXPECT_EQ(HumanBytes(12 << 20), "12.0 MiB");
  EXPECT_EQ(HumanBytes(123 << 20), "123 MiB");
  EXPECT_EQ(HumanBytes(1023 << 10), "1.00 MiB");
  EXPECT_EQ(HumanBytes(1023487), "999 KiB");   // 999.4990
  EXPECT_EQ(HumanBytes(1023488), "0.98 MiB");  // 999.5, which would round to 1000
  EXPECT_EQ(HumanBytes(std::numeric_limits<uint64_t>::max()), "16.0 EiB");
}

// Cut, not rounded: 59.99 s is not yet a minute.
TEST(HumanTest, WritesDurations) {
  EXPECT_EQ(HumanDuration(0), "0 ms");
  EXPECT_EQ(HumanDuration(999'999), "<1 ms");
  EXPECT_EQ(HumanDuration(999'999'999), "999 ms");
  EXPECT_EQ(HumanDuration(1'250'000'000), "1.2 s");
  EXPECT_EQ(HumanDuration(59'999'999'999), "59.9 s");
  EXPECT_EQ(HumanDuration(60'000'000'000), "1m00s");
  EXPECT_EQ(HumanDuration(3'599'999'999'999), "59m59s");
  EXPECT_EQ(HumanDuration(93'900'000'000'000), "26h05m");
}

TEST(HumanTest, NamesDirections) {
  EXPECT_STREQ(DirectionName(0), "ingress");
  EXPECT_STREQ(DirectionName(1), "egress");
  EXPECT_STREQ(DirectionName(255), "unknown");
}

}  // namespace
}  // namespace weir
