// SPDX-License-Identifier: Apache-2.0
// The fields that a filter's expression can name: where each stands in a record, and
// which values it may be compared with.
#ifndef WEIR_TRANSFORMS_FILTER_FIELD_H_
#define WEIR_TRANSFORMS_FILTER_FIELD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::transforms {

enum class FieldKind : uint8_t {
  kNumber,    // an unsigned integer at `offset`
  kMac,       // six bytes, compared as one number
  kDuration,  // nanoseconds from the record's start to its end, by the monotonic clock
  kAddress,   // sixteen bytes
  kName,      // the name of the interface
};

// Words that may stand behind a number.
enum class Unit : uint8_t { kNone, kCount, kBytes, kTime };

// A word that stands for a number, in small letters.
struct NamedValue {
  std::string_view name;
  uint64_t value;
};

struct Field {
  std::string_view name;
  std::string_view value;  // what it is compared with, for messages: "a port"
  FieldKind kind;
  Unit unit;
  uint8_t width;           // bytes in the record
  bool is_flags;           // values may be joined by '+'
  uint16_t offset;         // in weir_record
  uint16_t second_offset;  // of a field that stands for two, either of which may fit; else 0
  uint64_t present;        // bits of weir_record.present without which it was not measured
  uint64_t max;            // the largest number that it can be
  const NamedValue* names;
  size_t name_count;
};

// By name, of which case does not matter; null if there is none.
const Field* FindField(std::string_view name);

// What to say of a word that is no field: which one is meant, or which there are.
std::string NoSuchField(std::string_view word);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_FIELD_H_
