// SPDX-License-Identifier: Apache-2.0
#include "core/config/duration.h"

#include "absl/strings/ascii.h"

namespace weir::config {
namespace {

__extension__ using Int128 = __int128;

struct Unit {
  std::string_view name;
  int64_t ns;
};
// A unit that begins with another one stands before it.
constexpr Unit kUnits[] = {{"ms", 1'000'000},        {"us", 1'000},         {"ns", 1},
                           {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}};

std::string_view TakeDigits(std::string_view* text) {
  size_t length = 0;
  while (length < text->size() && absl::ascii_isdigit((*text)[length])) ++length;
  const std::string_view digits = text->substr(0, length);
  text->remove_prefix(length);
  return digits;
}

int64_t TakeUnitNs(std::string_view* text) {
  for (const Unit& unit : kUnits) {
    if (text->substr(0, unit.name.size()) != unit.name) continue;
    text->remove_prefix(unit.name.size());
    return unit.ns;
  }
  return 0;
}

// Adds whole.fraction units; false if that does not fit or is finer than 1 ns.
bool AddNumber(std::string_view whole, std::string_view fraction, int64_t unit_ns,
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
  // As a fraction of integers, because 0.1h in binary would not be exact.
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

}  // namespace

std::optional<int64_t> ParseDurationNs(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int64_t total_ns = 0;
  while (!text.empty()) {
    const std::string_view whole = TakeDigits(&text);
    if (whole.empty()) return std::nullopt;
    std::string_view fraction;
    if (!text.empty() && text.front() == '.') {
      text.remove_prefix(1);
      fraction = TakeDigits(&text);
      if (fraction.empty()) return std::nullopt;
    }
    const int64_t unit_ns = TakeUnitNs(&text);
    if (unit_ns == 0 || !AddNumber(whole, fraction, unit_ns, &total_ns)) return std::nullopt;
  }
  return total_ns;
}

}  // namespace weir::config
