// SPDX-License-Identifier: Apache-2.0
// Fast conversion of numbers to text, for addresses, times and encoders.
//
// Each function writes to `to` and returns the end of the text. It may overwrite up to
// kScratchBytes behind the end: so it can store whole words, with few branches. The caller provides
// that room.
#ifndef WEIR_CORE_RECORD_TEXT_H_
#define WEIR_CORE_RECORD_TEXT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the first digit is the lowest byte of a word");

namespace weir {

inline constexpr size_t kScratchBytes = 32;

// Writes a literal. Its size is known to the compiler, so the copy is one or two stores.
template <size_t kSize>
char* WriteLiteral(const char (&literal)[kSize], char* to) {
  std::memcpy(to, literal, kSize - 1);
  return to + kSize - 1;
}

inline char* WriteText(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

namespace internal {

constexpr uint64_t kEightZeros = 0x3030303030303030;
constexpr uint32_t kTenToThe8 = 100'000'000;

// Returns the eight digits of `value` (less than 10^8) as numbers, the first digit in the lowest
// byte. Splits into halves, then pairs, then digits, all lanes at once. The factors are inverses of
// 100 and 10, rounded up; they are exact for all values of a lane.
constexpr uint64_t EightDigits(uint32_t value) {
  const uint64_t halves = value / 10000 | uint64_t{value % 10000} << 32;
  const uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007F0000007F;
  const uint64_t pairs = hundreds | (halves - 100 * hundreds) << 16;
  const uint64_t tens = (pairs * 103 >> 10) & 0x000F000F000F000F;
  return tens | (pairs - 10 * tens) << 8;
}

// Writes all eight digits of `value` (less than 10^8), with leading zeros.
inline char* WriteEightDigits(uint32_t value, char* to) {
  const uint64_t text = EightDigits(value) | kEightZeros;
  std::memcpy(to, &text, sizeof(text));
  return to + sizeof(text);
}

// Writes `value` (less than 10^8) without leading zeros.
inline char* WriteUpToEightDigits(uint32_t value, char* to) {
  const uint64_t digits = EightDigits(value);
  // Keep the last digit, even if it is 0.
  const int leading_zeros = __builtin_ctzll(digits | uint64_t{1} << 56) / 8;
  const uint64_t text = (digits | kEightZeros) >> (8 * leading_zeros);
  std::memcpy(to, &text, sizeof(text));
  return to + sizeof(text) - leading_zeros;
}

// The digits of a byte, and their number in the last element.
using OctetText = std::array<char, 4>;

constexpr std::array<OctetText, 256> OctetTexts() {
  std::array<OctetText, 256> texts{};
  for (unsigned value = 0; value < texts.size(); ++value) {
    OctetText& text = texts[value];
    for (unsigned place = value >= 100 ? 100 : value >= 10 ? 10 : 1; place > 0; place /= 10) {
      text[static_cast<size_t>(text[3]++)] = static_cast<char>('0' + value / place % 10);
    }
  }
  return texts;
}

constexpr std::array<std::array<char, 2>, 256> HexTexts() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> texts{};
  for (unsigned value = 0; value < texts.size(); ++value) {
    texts[value] = {kDigits[value >> 4], kDigits[value & 15]};
  }
  return texts;
}

constexpr std::array<std::array<char, 2>, 100> PairTexts() {
  std::array<std::array<char, 2>, 100> texts{};
  for (unsigned value = 0; value < texts.size(); ++value) {
    texts[value] = {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
  }
  return texts;
}

inline constexpr std::array<OctetText, 256> kOctetTexts = OctetTexts();
inline constexpr std::array<std::array<char, 2>, 256> kHexTexts = HexTexts();
inline constexpr std::array<std::array<char, 2>, 100> kPairTexts = PairTexts();

}  // namespace internal

// The greatest number of digits of WriteNumber.
inline constexpr size_t kMaxNumberBytes = 20;

// Writes `value` in decimal.
inline char* WriteNumber(uint64_t value, char* to) {
  constexpr uint64_t kTenToThe8 = internal::kTenToThe8;
  if (value < kTenToThe8) return internal::WriteUpToEightDigits(static_cast<uint32_t>(value), to);
  const uint64_t above = value / kTenToThe8;
  if (above < kTenToThe8) {
    to = internal::WriteUpToEightDigits(static_cast<uint32_t>(above), to);
  } else {
    to = internal::WriteUpToEightDigits(static_cast<uint32_t>(above / kTenToThe8), to);
    to = internal::WriteEightDigits(static_cast<uint32_t>(above % kTenToThe8), to);
  }
  return internal::WriteEightDigits(static_cast<uint32_t>(value % kTenToThe8), to);
}

// Writes `value` in decimal.
inline char* WriteOctet(uint8_t value, char* to) {
  const internal::OctetText& text = internal::kOctetTexts[value];
  std::memcpy(to, text.data(), text.size());
  return to + text[3];
}

// Writes two decimal digits of `value`, which is less than 100.
inline char* WritePair(unsigned value, char* to) {
  std::memcpy(to, internal::kPairTexts[value].data(), 2);
  return to + 2;
}

// Writes two hexadecimal digits in lower case.
inline char* WriteHexOctet(uint8_t value, char* to) {
  std::memcpy(to, internal::kHexTexts[value].data(), 2);
  return to + 2;
}

// Writes up to four hexadecimal digits in lower case, without leading zeros.
inline char* WriteHex(uint16_t value, char* to) {
  char digits[4];
  WriteHexOctet(static_cast<uint8_t>(value >> 8), digits);
  WriteHexOctet(static_cast<uint8_t>(value), digits + 2);
  uint32_t text = 0;
  std::memcpy(&text, digits, sizeof(text));
  const int leading_zeros = (__builtin_clz(value | 1) - 16) / 4;  // of 32 bits
  text >>= 8 * leading_zeros;
  std::memcpy(to, &text, sizeof(text));
  return to + sizeof(text) - leading_zeros;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_TEXT_H_
