// SPDX-License-Identifier: Apache-2.0
// Reads an option of a component that is a duration, such as "5s" or "100ms": a string field with
// the rule `duration` (config_rules.proto).
//
//   Result<std::chrono::nanoseconds> interval = DurationOption("interval", config.interval);
//   if (!interval.ok()) return interval.status();
#ifndef WEIR_PLUGINS_SDK_DURATION_OPTION_H_
#define WEIR_PLUGINS_SDK_DURATION_OPTION_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/record/duration.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// Returns the value of `field`: at least 1 ns, at most 24 h. The host has checked `text` by the
// rules of the field, so an error (INVALID_ARGUMENT) is seen only if a component is made without
// the host, as in a unit test. weir::ParseDurationNs reads durations of other ranges. Thread-safe.
inline Result<std::chrono::nanoseconds> DurationOption(std::string_view field,
                                                       std::string_view text) {
  const std::optional<int64_t> ns = ParseDurationNs(text);
  const std::chrono::nanoseconds duration(ns.value_or(0));
  if (duration <= duration.zero() || duration > std::chrono::hours(24)) {
    return Status(WEIR_INVALID_ARGUMENT, std::string(field) + ": '" + std::string(text) +
                                             "' is not a duration of 1ns to 24h");
  }
  return duration;
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_DURATION_OPTION_H_
