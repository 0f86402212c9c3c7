// SPDX-License-Identifier: Apache-2.0
// The value of a field as plain text, as JSON and CSV contain it.
#ifndef WEIR_CORE_RECORD_FIELDS_FIELD_TEXT_H_
#define WEIR_CORE_RECORD_FIELDS_FIELD_TEXT_H_

#include <cstddef>
#include <cstdint>

#include "core/record/fields/field_value.h"
#include "core/record/text.h"
#include "core/record/time_text.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

// Returns true if the value is a text, which has any length and any bytes.
constexpr bool IsText(const weir_field& field) {
  return field.type == WEIR_FIELD_TEXT || field.type == WEIR_FIELD_FIXED_TEXT;
}

// Returns true if JSON contains the value as a number.
constexpr bool IsNumber(const weir_field& field) {
  return field.type == WEIR_FIELD_UNSIGNED || field.type == WEIR_FIELD_SIGNED ||
         field.type == WEIR_FIELD_MONO_TIME || field.type == WEIR_FIELD_DURATION;
}

inline char* WriteSigned(int64_t value, char* to) {
  if (value >= 0) return WriteNumber(static_cast<uint64_t>(value), to);
  *to++ = '-';
  return WriteNumber(0 - static_cast<uint64_t>(value), to);
}

// The longest output of WritePlainValue. It needs kScratchBytes more room (text.h).
inline constexpr size_t kMaxPlainValueBytes = IpAddr::kMaxTextBytes;
static_assert(kMaxNumberBytes < kMaxPlainValueBytes &&
              TimeWriter::kMaxTextBytes < kMaxPlainValueBytes &&
              MacAddr::kTextBytes < kMaxPlainValueBytes);

// Writes the value of a field that is no text (IsText). Returns the end.
inline char* WritePlainValue(const weir_field& field, const BlockRow& row, TimeWriter* times,
                             char* to) {
  switch (field.type) {
    case WEIR_FIELD_SIGNED:
      return WriteSigned(SignedOf(field, row), to);
    case WEIR_FIELD_BOOL:
      return BoolOf(field, row) ? WriteLiteral("true", to) : WriteLiteral("false", to);
    case WEIR_FIELD_IP:
      return IpOf(field, row).WriteTo(to);
    case WEIR_FIELD_MAC:
      return MacOf(field, row).WriteTo(to);
    case WEIR_FIELD_WALL_TIME:
      return times->Write(SignedOf(field, row), to);
    default:
      return WriteNumber(UnsignedOf(field, row), to);
  }
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_FIELD_TEXT_H_
