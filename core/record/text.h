// SPDX-License-Identifier: Apache-2.0
// Numbers to text, appended to a string without any temporary: what addresses,
// times and the encoders are written with.
#ifndef WEIR_CORE_RECORD_TEXT_H_
#define WEIR_CORE_RECORD_TEXT_H_

#include <charconv>
#include <cstdint>
#include <string>

namespace weir {

template <typename Integer>
void AppendNumber(Integer value, std::string* out, int base = 10) {
  char digits[72];  // 64 binary digits, a sign, and some air
  const auto result = std::to_chars(digits, digits + sizeof(digits), value, base);
  out->append(digits, result.ptr);
}

// `value` in decimal, with leading zeros up to `width` digits.
inline void AppendPadded(uint64_t value, int width, std::string* out) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof(digits), value);
  const int length = static_cast<int>(result.ptr - digits);
  if (length < width) out->append(static_cast<size_t>(width - length), '0');
  out->append(digits, result.ptr);
}

inline void AppendHexByte(uint8_t value, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  out->push_back(kDigits[value >> 4]);
  out->push_back(kDigits[value & 15]);
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_TEXT_H_
