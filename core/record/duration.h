// SPDX-License-Identifier: Apache-2.0
// Durations as configurations write them: "1h30m", "5s", "1.5s", "100ms".
#ifndef WEIR_CORE_RECORD_DURATION_H_
#define WEIR_CORE_RECORD_DURATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

namespace internal {

__extension__ using Int128 = __int128;

struct DurationUnit {
  std::string_view name;
  int64_t ns;
};
// "ms" stands before "m": the first name that fits is taken.
inline constexpr DurationUnit kDurationUnits[] = {
    {"ms", 1'000'000},        {"us", 1'000},         {"ns", 1},
    {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}};

// Takes the decimal digits at the start of `text`.
inline std::string_view TakeDigits(std::string_view* text) {
  size_t length = 0;
  while (length < text->size() && (*text)[length] >= '0' && (*text)[length] <= '9') ++length;
  const std::string_view digits = text->substr(0, length);
  text->remove_prefix(length);
  return digits;
}

// Takes the unit at the start of `text`. Returns its length in ns, or 0 if there is none.
inline int64_t TakeUnitNs(std::string_view* text) {
  for (const DurationUnit& unit : kDurationUnits) {
    if (text->substr(0, unit.name.size()) != unit.name) continue;
    text->remove_prefix(unit.name.size());
    return unit.ns;
  }
  return 0;
}

// Adds `whole`.`fraction` units. Returns false if the sum overflows or is finer than 1 ns.
inline bool AddDuration(std::string_view whole, std::string_view fraction, int64_t unit_ns,
                        int64_t* total_ns) {
  int64_t units = 0;
  for (const char digit : whole) {
    if (__builtin_mul_overflow(units, 10, &units)) return false;
    if (__builtin_add_overflow(units, digit - '0', &units)) return false;
  }
  int64_t ns = 0;
  if (__builtin_mul_overflow(units, unit_ns, &ns)) return false;
  if (__builtin_add_overflow(*total_ns, ns, total_ns)) return false;

  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  // A fraction of integers, because 0.1h has no exact binary form.
  int64_t numerator = 0;
  int64_t denominator = 1;
  for (const char digit : fraction) {
    if (denominator > 100'000'000'000'000) return false;
    numerator = numerator * 10 + (digit - '0');
    denominator *= 10;
  }
  const Int128 scaled = static_cast<Int128>(numerator) * unit_ns;
  if (scaled % denominator != 0) return false;
  return !__builtin_add_overflow(*total_ns, static_cast<int64_t>(scaled / denominator), total_ns);
}

}  // namespace internal

// Parses a sequence of decimal numbers, each with a unit (h, m, s, ms, us, ns). Returns the sum
// in nanoseconds, exactly. Returns nothing for any other text: one with a sign or spaces, one
// finer than a nanosecond, one longer than 2^63 - 1 ns (292 years). absl::ParseDuration gives
// the same value for every text that is accepted here. Thread-safe.
inline std::optional<int64_t> ParseDurationNs(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t total_ns = 0;
  while (!text.empty()) {
    const std::string_view whole = internal::TakeDigits(&text);
    if (whole.empty()) return std::nullopt;
    std::string_view fraction;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      fraction = internal::TakeDigits(&text);
      if (fraction.empty()) return std::nullopt;
    }
    const int64_t unit_ns = internal::TakeUnitNs(&text);
    if (unit_ns == 0 || !internal::AddDuration(whole, fraction, unit_ns, &total_ns)) {
      return std::nullopt;
    }
  }
  return total_ns;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_DURATION_H_
