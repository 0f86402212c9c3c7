// SPDX-License-Identifier: Apache-2.0
// What fields are compared with: sets of numbers, addresses and names.
#ifndef WEIR_TRANSFORMS_FILTER_VALUES_H_
#define WEIR_TRANSFORMS_FILTER_VALUES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "transforms/filter/field.h"

namespace weir::transforms {

// From `first` to `last`, both included.
template <typename Number>
struct Range {
  Number first;
  Number last;

  friend bool operator==(const Range& a, const Range& b) {
    return a.first == b.first && a.last == b.last;
  }
};
using NumberRange = Range<uint64_t>;
// Of the sixteen bytes of addresses as big-endian numbers. None has both addresses of
// IPv4 (::ffff:0:0/96) and others in it.
using AddressRange = Range<absl::uint128>;

// Those that the field's kind has are filled, the others empty. Ranges are sorted, apart
// from each other, and as few as can be.
struct Values {
  std::vector<NumberRange> numbers;
  std::vector<AddressRange> addresses;
  std::vector<std::string> patterns;  // * stands for any bytes, ? for one
};

// Adds what `word` says for `field` to `values`. If it returns false, `why` says what is
// wrong with it and `values` is as it was.
bool AddValue(const Field& field, std::string_view word, Values* values, std::string* why);

// Brings ranges into the order that Values has.
void Normalize(Values* values);

// As AddValue takes them, with commas in between.
std::string ValuesText(const Field& field, const Values& values);

// How many there are: of ranges, of patterns.
inline size_t Count(const Values& values) {
  return values.numbers.size() + values.addresses.size() + values.patterns.size();
}

// True if `name` fits `pattern` as a whole. In time of their product at most.
bool FitsPattern(std::string_view pattern, std::string_view name);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_VALUES_H_
