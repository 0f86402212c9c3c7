// SPDX-License-Identifier: Apache-2.0
// The name of a record's interface, looked at eight bytes at a time: nearly all names are
// of characters that no format gives a meaning, and are copied as they are.
#ifndef WEIR_CORE_RECORD_NAME_TEXT_H_
#define WEIR_CORE_RECORD_NAME_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/record/record.h"
#include "core/record/text.h"

namespace weir {

namespace internal {

constexpr uint64_t kEachByte = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x80 * kEachByte;

// Has the high bit of the lowest byte that is 0; bytes above that one tell nothing.
constexpr uint64_t LowestZero(uint64_t word) { return (word - kEachByte) & ~word & kHighBits; }

// Not 0 if a byte of `word` is no ASCII, a control, or one of `"`, `\` and `,`; the lowest
// bit that is set is of the first that is.
constexpr uint64_t LowestOdd(uint64_t word) {
  return (word & kHighBits) | ((word - 0x20 * kEachByte) & ~word & kHighBits) |
         LowestZero(word ^ 0x7F * kEachByte) | LowestZero(word ^ '"' * kEachByte) |
         LowestZero(word ^ '\\' * kEachByte) | LowestZero(word ^ ',' * kEachByte);
}

}  // namespace internal

struct PlainName {
  // Whether the name has nothing but printable ASCII without `"`, `\` and `,`.
  bool plain;
  size_t size;  // if it is
};

inline PlainName LookAtName(const Record& record) {
  constexpr size_t kSize = sizeof(record.interface_name);
  for (size_t at = 0; at < kSize; at += sizeof(uint64_t)) {
    uint64_t word = 0;  // and so 0 behind the field
    std::memcpy(&word, record.interface_name + at,
                kSize - at < sizeof(word) ? kSize - at : sizeof(word));
    const uint64_t odd = internal::LowestOdd(word);
    if (odd == 0) continue;
    // A byte that is 0 is a control and ends the name, if nothing odd stands before it.
    const auto first = static_cast<size_t>(__builtin_ctzll(odd) / 8);
    return {(word >> (8 * first) & 0xFF) == 0, at + first};
  }
  return {true, kSize};
}

// Copies a name that is plain.
inline char* WritePlainName(const Record& record, size_t size, char* to) {
  static_assert(sizeof(record.interface_name) <= kScratchBytes);
  std::memcpy(to, record.interface_name, sizeof(record.interface_name));
  return to + size;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_NAME_TEXT_H_
