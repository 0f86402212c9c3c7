// SPDX-License-Identifier: Apache-2.0
// Writes protobuf's variable-length numbers. Like text.h: returns the end, and may overwrite up to
// kScratchBytes behind it.
#ifndef WEIR_CORE_RECORD_VARINT_H_
#define WEIR_CORE_RECORD_VARINT_H_

#include <cstdint>
#include <cstring>

#include "core/record/text.h"

namespace weir {

namespace internal {

// Returns the low 56 bits of `value`, seven in each byte. Splits into halves, quarters and eighths.
constexpr uint64_t SevenBitsToAByte(uint64_t value) {
  value = (value & 0x000000000FFFFFFF) | (value & 0x00FFFFFFF0000000) << 4;
  value = (value & 0x00003FFF00003FFF) | (value & 0x0FFFC0000FFFC000) << 2;
  return (value & 0x007F007F007F007F) | (value & 0x3F803F803F803F80) << 1;
}

constexpr uint64_t kMoreFollow = 0x8080808080808080;

}  // namespace internal

// Writes `value` as a varint of 1 to 10 bytes. Returns the end.
inline char* WriteVarint(uint64_t value, char* to) {
  if (value < 0x80) {
    *to++ = static_cast<char>(value);
    return to;
  }
  uint64_t text = internal::SevenBitsToAByte(value);
  if (const uint64_t above = value >> 56; above != 0) {  // nine bytes or ten
    text |= internal::kMoreFollow;
    std::memcpy(to, &text, sizeof(text));
    return WriteVarint(above, to + sizeof(text));
  }
  const int size = 8 - __builtin_clzll(text) / 8;
  text |= internal::kMoreFollow >> (64 - 8 * (size - 1));
  std::memcpy(to, &text, sizeof(text));
  return to + size;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_VARINT_H_
