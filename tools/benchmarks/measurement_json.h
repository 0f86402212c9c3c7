// SPDX-License-Identifier: Apache-2.0
// JSON of what was measured; docs/explanation/benchmarks.md has its fields.
#ifndef WEIR_TOOLS_BENCHMARKS_MEASUREMENT_JSON_H_
#define WEIR_TOOLS_BENCHMARKS_MEASUREMENT_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/benchmarks/comparison.h"

namespace weir::benchmarks {

// A JSON string.
std::string Quoted(std::string_view text);

// One object.
std::string JsonOf(const Measurement& measurement);

// A list of what `json_of` makes of each, one a line.
template <typename Values, typename JsonOfOne>
std::string JsonList(const Values& values, const JsonOfOne& json_of) {
  return absl::StrCat(
      "[\n    ",
      absl::StrJoin(values, ",\n    ",
                    [&](std::string* out, const auto& value) { out->append(json_of(value)); }),
      "\n  ]");
}

inline std::string JsonList(const std::vector<Measurement>& measurements) {
  return JsonList(measurements, [](const Measurement& one) { return JsonOf(one); });
}

}  // namespace weir::benchmarks

#endif  // WEIR_TOOLS_BENCHMARKS_MEASUREMENT_JSON_H_
