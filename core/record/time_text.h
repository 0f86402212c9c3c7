// SPDX-License-Identifier: Apache-2.0
// Wall times as text: RFC 3339 in UTC with nanoseconds, trailing zeros cut
// ("2022-08-23T16:33:22.1234Z"), the form that users of the reference parse.
#ifndef WEIR_CORE_RECORD_TIME_TEXT_H_
#define WEIR_CORE_RECORD_TIME_TEXT_H_

#include <cstdint>
#include <string>

#include "core/record/text.h"

namespace weir {

struct CivilDate {
  int64_t year;
  unsigned month;  // 1 to 12
  unsigned day;    // 1 to 31
};

// The proleptic Gregorian date `days` after 1970-01-01. Counts in eras of 400
// years that begin on 1 March, so that the leap day is the last of its year.
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

// `wall_time_ns` counts from 1970-01-01T00:00:00Z; any value has a text.
inline void AppendTime(int64_t wall_time_ns, std::string* out) {
  constexpr int64_t kSecond = 1'000'000'000;
  constexpr int64_t kDay = 86400;
  int64_t nanoseconds = wall_time_ns % kSecond;
  int64_t seconds = wall_time_ns / kSecond;
  if (nanoseconds < 0) {
    nanoseconds += kSecond;
    --seconds;
  }
  const int64_t days = (seconds >= 0 ? seconds : seconds - (kDay - 1)) / kDay;
  const auto second_of_day = static_cast<uint64_t>(seconds - days * kDay);
  const CivilDate date = DateFromDays(days);
  AppendPadded(static_cast<uint64_t>(date.year), 4, out);
  out->push_back('-');
  AppendPadded(date.month, 2, out);
  out->push_back('-');
  AppendPadded(date.day, 2, out);
  out->push_back('T');
  AppendPadded(second_of_day / 3600, 2, out);
  out->push_back(':');
  AppendPadded(second_of_day / 60 % 60, 2, out);
  out->push_back(':');
  AppendPadded(second_of_day % 60, 2, out);
  if (nanoseconds != 0) {
    out->push_back('.');
    AppendPadded(static_cast<uint64_t>(nanoseconds), 9, out);
    out->erase(out->find_last_not_of('0') + 1);
  }
  out->push_back('Z');
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_TIME_TEXT_H_
