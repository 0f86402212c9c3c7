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

}  // namespace weir

#endif  // WEIR_CORE_RECORD_HUMAN_H_
