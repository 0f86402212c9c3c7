// SPDX-License-Identifier: Apache-2.0
#include "core/config/utf8.h"

#include <cstddef>
#include <cstdint>

namespace weir::config {
namespace {

// The bytes that follow a first byte; -1 if it cannot be first.
int FollowingBytes(uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first < 0xE0) return 1;
  if (first >= 0xE0 && first < 0xF0) return 2;
  if (first >= 0xF0 && first < 0xF5) return 3;
  return -1;
}

bool IsCodePoint(uint32_t value, int following) {
  if (following == 2) return value >= 0x800 && (value < 0xD800 || value > 0xDFFF);
  if (following == 3) return value >= 0x10000 && value <= 0x10FFFF;
  return true;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t first = static_cast<uint8_t>(text[i]);
    const int following = FollowingBytes(first);
    if (following < 0 || text.size() - i <= static_cast<size_t>(following)) return false;
    uint32_t value = following == 0 ? first : first & (0x3Fu >> following);
    for (int k = 0; k < following; ++k) {
      const uint8_t byte = static_cast<uint8_t>(text[++i]);
      if ((byte & 0xC0) != 0x80) return false;
      value = value << 6 | (byte & 0x3Fu);
    }
    if (!IsCodePoint(value, following)) return false;
  }
  return true;
}

}  // namespace weir::config
