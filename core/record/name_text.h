// SPDX-License-Identifier: Apache-2.0
// Fast copy of a record's interface name. Nearly all names have only characters that no text format
// escapes; these names are copied unchanged.
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

// The lowest bit that is set is the high bit of the first byte of `word` that is 0. Higher bits
// mean nothing. Returns 0 if no byte is 0.
constexpr uint64_t LowestZero(uint64_t word) { return (word - kEachByte) & ~word & kHighBits; }

// Finds the first byte of `word` that is not ASCII, is a control character, or is one of `"`, `\`
// and
// `,`: the lowest bit that is set is its high bit. Returns 0 if there is none.
constexpr uint64_t FirstSpecialByte(uint64_t word) {
  return (word & kHighBits) | ((word - 0x20 * kEachByte) & ~word & kHighBits) |
         LowestZero(word ^ 0x7F * kEachByte) | LowestZero(word ^ '"' * kEachByte) |
         LowestZero(word ^ '\\' * kEachByte) | LowestZero(word ^ ',' * kEachByte);
}

}  // namespace internal

struct PlainName {
  bool plain;   // true if the name has only printable ASCII characters without `"`, `\` and `,`
  size_t size;  // the length of a plain name, in bytes
};

// Checks the interface name of `record`.
inline PlainName LookAtName(const Record& record) {
  constexpr size_t kSize = sizeof(record.interface_name);
  for (size_t at = 0; at < kSize; at += sizeof(uint64_t)) {
    uint64_t word = 0;  // bytes behind the field stay 0
    std::memcpy(&word, record.interface_name + at,
                kSize - at < sizeof(word) ? kSize - at : sizeof(word));
    const uint64_t special = internal::FirstSpecialByte(word);
    if (special == 0) continue;
    // NUL is a control character, and ends the name.
    const auto first = static_cast<size_t>(__builtin_ctzll(special) / 8);
    return {(word >> (8 * first) & 0xFF) == 0, at + first};
  }
  return {true, kSize};
}

// Copies a plain name of `size` bytes. Needs room for kScratchBytes (text.h). Returns the end.
inline char* WritePlainName(const Record& record, size_t size, char* to) {
  static_assert(sizeof(record.interface_name) <= kScratchBytes);
  std::memcpy(to, record.interface_name, sizeof(record.interface_name));
  return to + size;
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_NAME_TEXT_H_
