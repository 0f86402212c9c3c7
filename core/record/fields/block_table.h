// SPDX-License-Identifier: Apache-2.0
// Writes the fields of any block as cells of a table for people, from their descriptions alone.
#ifndef WEIR_CORE_RECORD_FIELDS_BLOCK_TABLE_H_
#define WEIR_CORE_RECORD_FIELDS_BLOCK_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/record/fields/field_text.h"
#include "core/record/fields/field_value.h"
#include "core/record/human.h"
#include "core/record/text.h"
#include "core/record/time_text.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

// Returns the title of a column: the field's name in capitals, with spaces for `_`.
inline std::string TableTitle(const weir_field& field) {
  std::string title = field.name;
  for (char& c : title) {
    if (c == '_') c = ' ';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return title;
}

// Returns true if the cells are aligned right.
constexpr bool IsRightAligned(const weir_field& field) {
  return IsNumber(field) && field.type != WEIR_FIELD_MONO_TIME &&
         field.display != WEIR_DISPLAY_NAMES && field.display != WEIR_DISPLAY_FLAGS;
}

namespace internal {

// Returns how TABLE shows a value: its label, or else its name.
constexpr std::string_view LabelOf(const weir_value_name& name) {
  return name.label != nullptr ? name.label : name.name;
}

// Writes "0x" and the digits without leading zeros.
inline char* WriteHexNumber(uint64_t value, char* to) {
  to = WriteLiteral("0x", to);
  int bytes = sizeof(value);
  while (bytes > 1 && value >> (8 * (bytes - 1)) == 0) --bytes;
  while (bytes-- > 0) to = WriteHexOctet(static_cast<uint8_t>(value >> (8 * bytes)), to);
  return to;
}

inline char* WriteValueName(const weir_field& field, uint64_t value, char* to) {
  for (uint32_t i = 0; i < field.value_name_count; ++i) {
    const weir_value_name& name = field.value_names[i];
    if (name.value == value) return WritePrintable(LabelOf(name), to);
  }
  return WriteNumber(value, to);
}

// Bits without a name are one number behind the names.
inline char* WriteFlagNames(const weir_field& field, uint64_t value, char* to) {
  if (value == 0) return WriteLiteral("0", to);
  uint64_t rest = value;
  for (uint32_t i = 0; i < field.value_name_count; ++i) {
    const weir_value_name& name = field.value_names[i];
    if ((rest & name.value) == 0 || (value & name.value) != name.value) continue;
    if (rest != value) *to++ = '+';
    to = WritePrintable(LabelOf(name), to);
    rest &= ~name.value;
  }
  if (rest == 0) return to;
  if (rest != value) *to++ = '+';
  return WriteHexNumber(rest, to);
}

}  // namespace internal

// Returns the room that WriteTableCell needs.
inline size_t TableCellRoom(const weir_field& field, const BlockRow& row) {
  size_t room = kMaxPlainValueBytes + kScratchBytes;
  if (IsText(field)) room += TextOf(field, row).size();
  for (uint32_t i = 0; i < field.value_name_count; ++i) {
    room += 1 + internal::LabelOf(field.value_names[i]).size();
  }
  return room;
}

// Writes the value, or "-" if the field was not measured. Returns the end.
inline char* WriteTableCell(const weir_field& field, const BlockRow& row, TimeWriter* times,
                            char* to) {
  if (!IsMeasured(field, row)) return WriteLiteral("-", to);
  if (IsText(field)) return WritePrintable(TextOf(field, row), to);
  if (field.type == WEIR_FIELD_WALL_TIME) {
    return times->WriteMilliseconds(SignedOf(field, row), to);
  }
  if (field.type == WEIR_FIELD_DURATION) return WriteHumanDuration(UnsignedOf(field, row), to);
  switch (field.display) {
    case WEIR_DISPLAY_BYTES:
      return WriteHumanBytes(UnsignedOf(field, row), to);
    case WEIR_DISPLAY_HEX:
      return internal::WriteHexNumber(UnsignedOf(field, row), to);
    case WEIR_DISPLAY_NAMES:
      return internal::WriteValueName(field, UnsignedOf(field, row), to);
    case WEIR_DISPLAY_FLAGS:
      return internal::WriteFlagNames(field, UnsignedOf(field, row), to);
    default:
      return WritePlainValue(field, row, times, to);
  }
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_BLOCK_TABLE_H_
