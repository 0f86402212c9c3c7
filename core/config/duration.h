// SPDX-License-Identifier: Apache-2.0
// Lengths of time as configurations write them: "1h30m", "5s", "1.5s", "100ms".
#ifndef WEIR_CORE_CONFIG_DURATION_H_
#define WEIR_CORE_CONFIG_DURATION_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::config {

// Nanoseconds of a sequence of decimal numbers with a unit (h, m, s, ms, us, ns)
// each. Exact: nothing for a text that is not one, has a sign or a part finer than
// a nanosecond, or is longer than 2^63 - 1 ns (292 years). All that is accepted
// here means the same to absl::ParseDuration.
std::optional<int64_t> ParseDurationNs(std::string_view text);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_DURATION_H_
