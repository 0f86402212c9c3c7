// SPDX-License-Identifier: Apache-2.0
// The values that fields are compared with: sets of numbers, addresses and names.
#ifndef WEIR_TRANSFORMS_FILTER_VALUES_H_
#define WEIR_TRANSFORMS_FILTER_VALUES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "transforms/filter/field.h"

namespace weir::transforms {

// All values from `first` to `last`, both included.
template <typename Number>
struct Range {
  Number first;
  Number last;

  friend bool operator==(const Range& a, const Range& b) {
    return a.first == b.first && a.last == b.last;
  }
};
using NumberRange = Range<uint64_t>;
// The sixteen bytes of an address as a big-endian number. No range contains IPv4 addresses
// (::ffff:0:0/96) and others.
using AddressRange = Range<absl::uint128>;

// Only the vector for the field's kind is filled. Ranges are sorted, disjoint, and as few as
// possible.
struct Values {
  std::vector<NumberRange> numbers;
  std::vector<AddressRange> addresses;
  std::vector<std::string> patterns;  // * matches any bytes, ? matches one
};

// Adds the value `word` of `field` to `values`. On an error returns false, sets `why`, and leaves
// `values` unchanged.
bool AddValue(const Field& field, std::string_view word, Values* values, std::string* why);

// Sorts and merges ranges, as Values requires.
void Normalize(Values* values);

// Returns the values as text that AddValue can parse, separated by commas.
std::string ValuesText(const Field& field, const Values& values);

// Returns the number of ranges and patterns.
inline size_t Count(const Values& values) {
  return values.numbers.size() + values.addresses.size() + values.patterns.size();
}

// Returns true if the whole `name` matches `pattern`. The time is bounded by the product of their
// lengths.
bool FitsPattern(std::string_view pattern, std::string_view name);

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_FILTER_VALUES_H_
