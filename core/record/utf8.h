// SPDX-License-Identifier: Apache-2.0
// Names from outside as well-formed UTF-8 (RFC 3629): an interface may be called by any
// bytes, and what is written of it must be text all the same.
#ifndef WEIR_CORE_RECORD_UTF8_H_
#define WEIR_CORE_RECORD_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

// U+FFFD, which stands for each byte that is not UTF-8.
inline constexpr char kReplacementCharacter[] = "\xEF\xBF\xBD";

// Bytes of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none.
// `text` is not empty.
inline size_t Utf8SequenceLength(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : first >= 0xE0 && first <= 0xEF ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  // The second byte rules out overlong forms, surrogates and what is past U+10FFFF.
  const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

// Returns true if all of `text` is well-formed UTF-8.
inline bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// The code point of a well-formed sequence of 1 to 3 bytes at the start of `text`.
inline uint16_t Utf8CodePoint(std::string_view text, size_t length) {
  const auto at = [&](size_t i) { return static_cast<unsigned>(static_cast<uint8_t>(text[i])); };
  const unsigned point = length == 1 ? at(0)
                         : length == 2
                             ? (at(0) & 0x1F) << 6 | (at(1) & 0x3F)
                             : (at(0) & 0x0F) << 12 | (at(1) & 0x3F) << 6 | (at(2) & 0x3F);
  return static_cast<uint16_t>(point);
}

// Whether the character at the start of `text` is a control that terminals or editors obey: C0,
// DEL, C1 (U+0080 to U+009F), and those that change the order in which text is shown (Unicode's
// property Bidi_Control). `text` is not empty.
inline bool IsControlCharacter(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return first < 0x20 || first == 0x7F;
  if (first != 0xC2 && first != 0xD8 && first != 0xE2) return false;
  const size_t length = Utf8SequenceLength(text);
  if (length == 0) return false;
  const uint16_t point = Utf8CodePoint(text, length);
  return (point >= 0x80 && point < 0xA0) || point == 0x061C || point == 0x200E || point == 0x200F ||
         (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_UTF8_H_
