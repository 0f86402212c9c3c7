// SPDX-License-Identifier: Apache-2.0
// Values of a flow record as people read them.
#ifndef WEIR_CORE_RECORD_HUMAN_H_
#define WEIR_CORE_RECORD_HUMAN_H_

#include <cstdint>
#include <cstdio>
#include <string>

#include "core/record/constants.h"

namespace weir {

// "ingress", "egress", or "unknown" for a number that IPFIX does not define.
inline const char* DirectionName(uint8_t direction) {
  switch (direction) {
    case kDirectionIngress:
      return "ingress";
    case kDirectionEgress:
      return "egress";
    default:
      return "unknown";
  }
}

// A number of bytes in binary units with three digits: "999 B", "1.50 KiB",
// "12.0 MiB", "16.0 EiB".
inline std::string HumanBytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  char text[32];
  if (bytes < 1000) {
    std::snprintf(text, sizeof(text), "%u B", static_cast<unsigned>(bytes));
    return text;
  }
  double value = static_cast<double>(bytes) / 1024;
  int unit = 1;
  // 999.5 would round to a fourth digit.
  while (value >= 999.5 && unit < 6) {
    value /= 1024;
    ++unit;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::snprintf(text, sizeof(text), "%.*f %s", decimals, value, kUnits[unit]);
  return text;
}

// A length of time in three digits or more: "0 ms", "<1 ms", "345 ms", "12.3 s",
// "2m03s", "26h05m".
inline std::string HumanDuration(uint64_t nanoseconds) {
  constexpr uint64_t kMillisecond = 1'000'000;
  constexpr uint64_t kSecond = 1000 * kMillisecond;
  char text[32];
  const auto print = [&](const char* format, auto... values) {
    std::snprintf(text, sizeof(text), format, values...);
    return std::string(text);
  };
  const auto number = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  if (nanoseconds == 0) return "0 ms";
  if (nanoseconds < kMillisecond) return "<1 ms";
  if (nanoseconds < kSecond) return print("%llu ms", number(nanoseconds / kMillisecond));
  const uint64_t seconds = nanoseconds / kSecond;
  if (seconds < 60) {
    const uint64_t tenths = nanoseconds % kSecond / (100 * kMillisecond);
    return print("%llu.%llu s", number(seconds), number(tenths));
  }
  if (seconds < 3600) return print("%llum%02llus", number(seconds / 60), number(seconds % 60));
  return print("%lluh%02llum", number(seconds / 3600), number(seconds / 60 % 60));
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_HUMAN_H_
