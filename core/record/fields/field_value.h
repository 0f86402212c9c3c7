// SPDX-License-Identifier: Apache-2.0
// Reads the value of a field from a row, by the description of the field alone. The description is
// one that the host has checked; the row may contain any bytes.
#ifndef WEIR_CORE_RECORD_FIELDS_FIELD_VALUE_H_
#define WEIR_CORE_RECORD_FIELDS_FIELD_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/record/ip_addr.h"
#include "core/record/mac_addr.h"
#include "plugins/abi/weir_fields.h"

namespace weir {

// A block of one row, or a record (kRecordSpec in record_fields.h). Borrows all of them; a value.
struct BlockRow {
  const weir_block_spec* block;
  const uint8_t* data;     // the start of the block in the row
  std::string_view texts;  // the text arena of the batch
};

// Returns the description of field number `i`, which is less than field_count.
inline const weir_field& FieldOf(const weir_block_spec& block, uint32_t i) {
  const auto* const first = reinterpret_cast<const uint8_t*>(block.fields);
  return *reinterpret_cast<const weir_field*>(first + size_t{i} * block.fields->struct_size);
}

// Returns the greatest number of an UNSIGNED field.
constexpr uint64_t MaxOf(const weir_field& field) {
  if (field.max != 0) return field.max;
  constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  return field.size >= sizeof(uint64_t) ? kAll : (uint64_t{1} << 8 * field.size) - 1;
}

inline uint64_t PresentWord(const BlockRow& row) {
  uint64_t present = 0;
  if (row.block->present_offset != WEIR_NO_PRESENT_WORD) {
    std::memcpy(&present, row.data + row.block->present_offset, sizeof(present));
  }
  return present;
}

// Returns true if the field was measured. A BOOL without bytes counts as measured if it is true.
inline bool IsMeasured(const weir_field& field, const BlockRow& row) {
  return field.present == 0 || (PresentWord(row) & field.present) != 0;
}

// Returns the value of an UNSIGNED, MONO_TIME or DURATION field, or the bits of a SIGNED or
// WALL_TIME field without the extension of the sign.
inline uint64_t UnsignedOf(const weir_field& field, const BlockRow& row) {
  uint64_t value = 0;
  std::memcpy(&value, row.data + field.offset, field.size);  // little-endian, as text.h demands
  return value;
}

// Returns the value of a SIGNED or WALL_TIME field.
inline int64_t SignedOf(const weir_field& field, const BlockRow& row) {
  const unsigned unused = 8 * (sizeof(uint64_t) - field.size);
  return static_cast<int64_t>(UnsignedOf(field, row) << unused) >> unused;
}

inline bool BoolOf(const weir_field& field, const BlockRow& row) {
  if (field.size == 0) return (PresentWord(row) & field.present) != 0;
  return row.data[field.offset] != 0;
}

inline IpAddr IpOf(const weir_field& field, const BlockRow& row) {
  return IpAddr::FromBytes(row.data + field.offset);
}

inline MacAddr MacOf(const weir_field& field, const BlockRow& row) {
  return MacAddr::FromBytes(row.data + field.offset);
}

// Returns the value of a FIXED_TEXT or TEXT field: any bytes. Valid as long as the batch.
inline std::string_view TextOf(const weir_field& field, const BlockRow& row) {
  if (field.type == WEIR_FIELD_FIXED_TEXT) {
    const char* const text = reinterpret_cast<const char*>(row.data + field.offset);
    return {text, strnlen(text, field.size)};
  }
  weir_text text{};
  std::memcpy(&text, row.data + field.offset, sizeof(text));
  const bool fits =
      text.offset <= row.texts.size() && text.length <= row.texts.size() - text.offset;
  return fits ? row.texts.substr(text.offset, text.length) : std::string_view();
}

}  // namespace weir

#endif  // WEIR_CORE_RECORD_FIELDS_FIELD_VALUE_H_
