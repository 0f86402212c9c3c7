// SPDX-License-Identifier: Apache-2.0
// Writes values of a flow record for people to read.
#ifndef WEIR_CORE_RECORD_HUMAN_H_
#define WEIR_CORE_RECORD_HUMAN_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/record/constants.h"
#include "core/record/text.h"
#include "core/record/utf8.h"

namespace weir {

// Returns "ingress", "egress", or "unknown" for a number that IPFIX does not define.
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

// Writes `text` in a form that is safe for a terminal: `?` for control characters and for bytes
// that are not UTF-8. Never longer than `text`. Returns the end.
inline char* WritePrintable(std::string_view text, char* to) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    to = length == 0 || IsControlCharacter(text) ? WriteLiteral("?", to)
                                                 : WriteText(text.substr(0, length), to);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return to;
}

// The longest text of WriteHumanBytes. It needs kScratchBytes more room (text.h).
inline constexpr size_t kMaxHumanBytesText = 8;

// Writes a number of bytes in binary units with three digits, rounded to the nearest value (halves
// to even): "999 B", "1.50 KiB", "12.0 MiB", "16.0 EiB". Returns the end.
inline char* WriteHumanBytes(uint64_t bytes, char* to) {
  if (bytes < 1000) return WriteLiteral(" B", WriteNumber(bytes, to));
  constexpr char kUnits[] = "KMGTPE";
  int unit = 1;
  // 999.5 would round to a fourth digit.
  while (unit < 6 && bytes >= uint64_t{1999} << (10 * unit - 1)) ++unit;
  int shift = 10 * unit;
  const uint64_t whole = bytes >> shift;
  uint64_t rest = bytes - (whole << shift);
  if (shift > 50) {  // make room for a factor of 1000; the last bit is 1 if bits were lost
    rest = rest >> 10 | static_cast<uint64_t>((rest & 1023) != 0);
    shift -= 10;
  }
  const auto cut = [&](uint64_t factor) { return whole * factor + (rest * factor >> shift); };
  const auto rounded = [&](uint64_t factor) {
    const uint64_t half = uint64_t{1} << (shift - 1);
    const uint64_t left = rest * factor & (2 * half - 1);
    const uint64_t below = cut(factor);
    return below + static_cast<uint64_t>(left > half || (left == half && below % 2 == 1));
  };
  if (cut(1000) < 9995) {
    const auto hundredths = static_cast<unsigned>(rounded(100));
    to = WriteOctet(static_cast<uint8_t>(hundredths / 100), to);
    *to++ = '.';
    to = WritePair(hundredths % 100, to);
  } else if (cut(100) < 9995) {
    const auto tenths = static_cast<unsigned>(rounded(10));
    to = WriteOctet(static_cast<uint8_t>(tenths / 10), to);
    *to++ = '.';
    *to++ = static_cast<char>('0' + tenths % 10);
  } else {
    to = WriteNumber(rounded(1), to);
  }
  *to++ = ' ';
  *to++ = kUnits[unit - 1];
  return WriteLiteral("iB", to);
}

inline std::string HumanBytes(uint64_t bytes) {
  char text[kMaxHumanBytesText + kScratchBytes];
  return {text, WriteHumanBytes(bytes, text)};
}

// The longest text of WriteHumanDuration. It needs kScratchBytes more room.
inline constexpr size_t kMaxHumanDurationText = 11;

// Writes a duration with three digits or more, rounded down: "0 ms", "<1 ms", "345 ms", "12.3 s",
// "2m03s", "26h05m". Returns the end.
inline char* WriteHumanDuration(uint64_t nanoseconds, char* to) {
  constexpr uint64_t kMillisecond = 1'000'000;
  constexpr uint64_t kSecond = 1000 * kMillisecond;
  if (nanoseconds == 0) return WriteLiteral("0 ms", to);
  if (nanoseconds < kMillisecond) return WriteLiteral("<1 ms", to);
  if (nanoseconds < kSecond) {
    return WriteLiteral(" ms", WriteNumber(nanoseconds / kMillisecond, to));
  }
  const uint64_t seconds = nanoseconds / kSecond;
  if (seconds < 60) {
    to = WriteNumber(seconds, to);
    *to++ = '.';
    *to++ = static_cast<char>('0' + nanoseconds % kSecond / (100 * kMillisecond));
    return WriteLiteral(" s", to);
  }
  const bool hours = seconds >= 3600;
  to = WriteNumber(seconds / (hours ? 3600 : 60), to);
  *to++ = hours ? 'h' : 'm';
  to = WritePair(static_cast<unsigned>((hours ? seconds / 60 : seconds) % 60), to);
  *to++ = hours ? 'm' : 's';
  return to;
}

inline std::string HumanDuration(uint64_t nanoseconds) {
  char text[kMaxHumanDurationText + kScratchBytes];
  return {text, WriteHumanDuration(nanoseconds, text)};
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_HUMAN_H_
