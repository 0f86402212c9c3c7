// SPDX-License-Identifier: Apache-2.0
// Numbers, times and quantities as text.
#include "core/record/text.h"

#include <cstdint>
#include <limits>
#include <string>

#include "core/record/human.h"
#include "core/record/testing/plain_text.h"
#include "core/record/testing/random_records.h"
#include "core/record/time_text.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

std::string Time(int64_t wall_time_ns) {
  char text[TimeWriter::kMaxTextBytes + kScratchBytes];
  return {text, TimeWriter().Write(wall_time_ns, text)};
}

std::string Number(uint64_t value) {
  char text[kMaxNumberBytes + kScratchBytes];
  return {text, WriteNumber(value, text)};
}

TEST(NumberTextTest, WritesDecimalNumbersOfAllLengths) {
  uint64_t power = 1;
  for (int digits = 1; digits <= 20; ++digits, power *= 10) {
    for (const uint64_t value : {power - 1, power, power + 1, 9 * power, power / 9 * 8}) {
      EXPECT_EQ(Number(value), testing::PlainNumber(value));
    }
  }
  EXPECT_EQ(Number(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
  testing::RandomRecords random(2);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t value = random.AnyNumber();
    ASSERT_EQ(Number(value), testing::PlainNumber(value));
  }
}

// Tries each value of each lane.
TEST(NumberTextTest, TakesEightDigitsApart) {
  for (uint32_t half = 0; half < 10'000; ++half) {
    const uint32_t value = half * 10'000 + (9'999 - half);
    char text[8];
    internal::WriteEightDigits(value, text);
    ASSERT_EQ(std::string(text, sizeof(text)), testing::Print("%08u", value));
  }
}

TEST(NumberTextTest, WritesAllOctetsAndGroups) {
  char text[4 + kScratchBytes];
  for (unsigned value = 0; value <= 0xFFFF; ++value) {
    ASSERT_EQ(std::string(text, WriteHex(static_cast<uint16_t>(value), text)),
              testing::Print("%x", value));
    if (value > 0xFF) continue;
    const auto octet = static_cast<uint8_t>(value);
    EXPECT_EQ(std::string(text, WriteOctet(octet, text)), testing::Print("%u", value));
    EXPECT_EQ(std::string(text, WriteHexOctet(octet, text)), testing::Print("%02x", value));
    if (value < 100) {
      EXPECT_EQ(std::string(text, WritePair(value, text)), testing::Print("%02u", value));
    }
  }
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
  EXPECT_EQ(Time(951782400 * kSecond), "2000-02-29T00:00:00Z");  // divisible by 400
  EXPECT_EQ(Time(1709164800 * kSecond), "2024-02-29T00:00:00Z");
  EXPECT_EQ(Time(1709251200 * kSecond), "2024-03-01T00:00:00Z");
  EXPECT_EQ(Time(-2203891200 * kSecond), "1900-03-01T00:00:00Z");  // 1900 was not a leap year
  EXPECT_EQ(Time(-2203891201 * kSecond), "1900-02-28T23:59:59Z");
  EXPECT_EQ(Time(4107542399 * kSecond), "2100-02-28T23:59:59Z");
}

// The date that a writer keeps does not change what it writes next.
TEST(TimeTextTest, AnyTimeAfterAnyOther) {
  testing::RandomRecords random(3);
  TimeWriter writer;
  for (int i = 0; i < 100'000; ++i) {
    const int64_t time = random.AnyTime();
    char text[TimeWriter::kMaxTextBytes + kScratchBytes];
    const std::string plain = testing::PlainTime(time);
    ASSERT_EQ(std::string(text, writer.Write(time, text)), plain);
    std::string people = plain.substr(0, plain.size() - 1);
    if (people.size() == 19) people += '.';
    people.resize(23, '0');
    people[10] = ' ';
    ASSERT_EQ(std::string(text, writer.WriteMilliseconds(time, text)), people) << plain;
  }
}

constexpr bool IsLeapYear(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Compares every day of ten thousand years with a simple calendar.
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
  EXPECT_EQ(HumanBytes(1023488), "0.98 MiB");  // 999.5 would round to 1000
  EXPECT_EQ(HumanBytes(std::numeric_limits<uint64_t>::max()), "16.0 EiB");
}

std::string PlainHumanBytes(uint64_t bytes) {
  if (bytes < 1000) return testing::PlainNumber(bytes) + " B";
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int unit = 0;
  long double value = static_cast<long double>(bytes) / 1024;  // exact: 64 bits of precision
  for (; value >= 999.5L && unit < 5; ++unit) value /= 1024;
  const int decimals = value < 9.995L ? 2 : value < 99.95L ? 1 : 0;
  return testing::Print("%.*Lf %s", decimals, value, kUnits[unit]);
}

TEST(HumanTest, RoundsAsTheCLibraryDoes) {
  testing::RandomRecords random(4);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t bytes = random.AnyNumber();
    ASSERT_EQ(HumanBytes(bytes), PlainHumanBytes(bytes)) << bytes;
  }
  // Where the number of digits or the unit changes, and halves.
  for (int shift = 10; shift < 64; shift += 10) {
    for (const uint64_t eighths : {8, 9, 15, 17, 75, 79, 81, 799, 801, 7995, 7996, 7997, 8001}) {
      if (shift == 60 && eighths > 127) continue;
      const uint64_t bytes = eighths << (shift - 3);
      for (const uint64_t near : {bytes - 1, bytes, bytes + 1}) {
        EXPECT_EQ(HumanBytes(near), PlainHumanBytes(near)) << near;
      }
    }
  }
}

// Rounded down: 59.99 s is not yet a minute.
TEST(HumanTest, WritesDurations) {
  EXPECT_EQ(HumanDuration(0), "0 ms");
  EXPECT_EQ(HumanDuration(999'999), "<1 ms");
  EXPECT_EQ(HumanDuration(999'999'999), "999 ms");
  EXPECT_EQ(HumanDuration(1'250'000'000), "1.2 s");
  EXPECT_EQ(HumanDuration(59'999'999'999), "59.9 s");
  EXPECT_EQ(HumanDuration(60'000'000'000), "1m00s");
  EXPECT_EQ(HumanDuration(3'599'999'999'999), "59m59s");
  EXPECT_EQ(HumanDuration(93'900'000'000'000), "26h05m");
  EXPECT_EQ(HumanDuration(std::numeric_limits<uint64_t>::max()), "5124095h34m");
}

TEST(HumanTest, NamesDirections) {
  EXPECT_STREQ(DirectionName(0), "ingress");
  EXPECT_STREQ(DirectionName(1), "egress");
  EXPECT_STREQ(DirectionName(255), "unknown");
}

}  // namespace
}  // namespace weir
