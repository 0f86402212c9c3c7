// SPDX-License-Identifier: Apache-2.0
// An option of a stage that is a length of time, such as "5s" or "100ms".
#ifndef WEIR_PLUGINS_SDK_DURATION_OPTION_H_
#define WEIR_PLUGINS_SDK_DURATION_OPTION_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {

// The value of `field`: more than nothing, and a day at most. The host has checked it by the
// field's own rules; this is for whoever makes a stage without a host. Thread-safe.
inline Result<absl::Duration> DurationOption(const char* field, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::Nanoseconds(1) ||
      duration > absl::Hours(24)) {
    return Status(WEIR_INVALID_ARGUMENT,
                  absl::StrCat(field, ": '", text, "' is not a duration of 1ns to 24h"));
  }
  return duration;
}

}  // namespace weir::sdk

#endif  // WEIR_PLUGINS_SDK_DURATION_OPTION_H_
