// SPDX-License-Identifier: Apache-2.0
// The fields of a filter expression: where each is in a record, and which values it can be compared
// with. They come from the table of the record's fields.
#ifndef WEIR_TRANSFORMS_FILTER_FIELD_H_
#define WEIR_TRANSFORMS_FILTER_FIELD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/record/fields/value_names.h"

namespace weir::transforms {

enum class FieldKind : uint8_t {
  kNumber,    // an unsigned integer at `offset`
  kMac,       // six bytes, compared as one number
  kDuration,  // nanoseconds from the record's start to its end, on the monotonic clock
  kAddress,   // sixteen bytes
  kName,      // the name of the interface
  kBit,       // 1 if the bits of `mask` are set, 0 if they are clear, in the number at `offset`
};

// The units that may follow a number.
enum class Unit : uint8_t { kNone, kCount, kBytes, kTime };

struct Field {
  std::string_view name;
  std::string_view value;  // the kind of value, for messages: "a port"
  FieldKind kind;
  Unit unit;
  uint8_t width;           // bytes in the record
  bool is_flags;           // values may be joined by '+'
  uint16_t offset;         // in weir_record
  uint16_t second_offset;  // of the second field, if this name means two fields and either may
                           // match; otherwise 0
  uint64_t present;        // the bits of weir_record.present of a measured field
  uint64_t mask;           // the bits of a number that are its value
  uint64_t max;            // the largest value
  const ValueName* names;
  size_t name_count;
};

// Finds a field by its name, in upper or lower case. Returns null if there is none.
const Field* FindField(std::string_view name);

// Returns the message about an unknown field: a similar name, or all names.
std::string NoSuchField(std::string_view word);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_FIELD_H_
