// SPDX-License-Identifier: Apache-2.0
// Writes wall times as RFC 3339 text in UTC, with up to nine decimals and no trailing zeros
// ("2022-08-23T16:33:22.1234Z"): the form of netobserv-ebpf-agent.
#ifndef WEIR_CORE_RECORD_TIME_TEXT_H_
#define WEIR_CORE_RECORD_TIME_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/record/text.h"

namespace weir {

struct CivilDate {
  int64_t year;
  unsigned month;  // 1 to 12
  unsigned day;    // 1 to 31
};

// Returns the proleptic Gregorian date that is `days` after 1970-01-01. Counts in eras of 400 years
// that begin on 1 March, so a leap day is the last day of its year.
constexpr CivilDate DateFromDays(int64_t days) {
  constexpr int64_t kDaysPerEra = 146097;
  constexpr int64_t kDaysFromYear0 = 719468;  // 0000-03-01 to 1970-01-01
  const int64_t shifted = days + kDaysFromYear0;
  const int64_t era = (shifted >= 0 ? shifted : shifted - (kDaysPerEra - 1)) / kDaysPerEra;
  const auto day_of_era = static_cast<unsigned>(shifted - era * kDaysPerEra);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

// A wall time in parts.
struct WallTime {
  int64_t day;  // since 1970-01-01
  unsigned second_of_day;
  unsigned nanosecond;
};

// Splits a time in ns since 1970-01-01T00:00:00Z. Any value is valid.
constexpr WallTime SplitWallTime(int64_t wall_time_ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  constexpr int64_t kDay = 86400;
  // More days than the earliest time lies before 1970: no number below is negative.
  constexpr int64_t kDaysBefore = 106752;
  int64_t nanosecond = wall_time_ns % kSecond;
  int64_t second = wall_time_ns / kSecond + kDaysBefore * kDay;
  if (nanosecond < 0) {
    nanosecond += kSecond;
    --second;
  }
  const auto seconds = static_cast<uint64_t>(second);
  return {static_cast<int64_t>(seconds / kDay) - kDaysBefore, static_cast<unsigned>(seconds % kDay),
          static_cast<unsigned>(nanosecond)};
}

// Writes times. Keeps the text of the last date, because consecutive times usually share it. One
// thread.
class TimeWriter {
 public:
  // The longest text. Write needs kScratchBytes more room (text.h).
  static constexpr size_t kMaxTextBytes = 30;

  // Writes RFC 3339. Returns the end.
  char* Write(int64_t wall_time_ns, char* to) {
    const WallTime time = SplitWallTime(wall_time_ns);
    to = WriteSecond(time, 'T', to);
    if (time.nanosecond != 0) to = WriteFraction(time.nanosecond, to);
    *to++ = 'Z';
    return to;
  }

  // Writes a time for people, rounded down to milliseconds: "2022-08-23 16:33:22.123". Returns the
  // end.
  char* WriteMilliseconds(int64_t wall_time_ns, char* to) {
    const WallTime time = SplitWallTime(wall_time_ns);
    to = WriteSecond(time, ' ', to);
    const unsigned millisecond = time.nanosecond / 1'000'000;
    *to++ = '.';
    *to++ = static_cast<char>('0' + millisecond / 100);
    return WritePair(millisecond % 100, to);
  }

 private:
  static constexpr size_t kDateBytes = 10;  // a 64-bit time has a year of four digits

  char* WriteSecond(const WallTime& time, char separator, char* to) {
    if (time.day != day_) SetDay(time.day);
    std::memcpy(to, date_, kDateBytes);
    to[10] = separator;
    WritePair(time.second_of_day / 3600, to + 11);
    to[13] = ':';
    WritePair(time.second_of_day / 60 % 60, to + 14);
    to[16] = ':';
    return WritePair(time.second_of_day % 60, to + 17);
  }

  // Writes a point and up to nine digits, without trailing zeros.
  static char* WriteFraction(unsigned nanosecond, char* to) {
    *to++ = '.';
    *to++ = static_cast<char>('0' + nanosecond / internal::kTenToThe8);
    const uint64_t digits = internal::EightDigits(nanosecond % internal::kTenToThe8);
    if (digits == 0) return to;
    const uint64_t text = digits | internal::kEightZeros;
    std::memcpy(to, &text, sizeof(text));
    return to + sizeof(text) - __builtin_clzll(digits) / 8;
  }

  void SetDay(int64_t day) {
    const CivilDate date = DateFromDays(day);
    WritePair(static_cast<unsigned>(date.year / 100), date_);
    WritePair(static_cast<unsigned>(date.year % 100), date_ + 2);
    date_[4] = '-';
    WritePair(date.month, date_ + 5);
    date_[7] = '-';
    WritePair(date.day, date_ + 8);
    day_ = day;
  }

  int64_t day_ = 0;
  char date_[kDateBytes + 1] = "1970-01-01";
};

}  // namespace weir

#endif  // WEIR_CORE_RECORD_TIME_TEXT_H_
