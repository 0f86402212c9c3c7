// SPDX-License-Identifier: Apache-2.0
// The flags of weir as users see them: gflags, with a placeholder or the list of values.
// Functions without state: any thread.
#ifndef WEIR_TOOLS_WEIR_FLAGS_H_
#define WEIR_TOOLS_WEIR_FLAGS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace weir {

// The placeholder of flags whose value is a duration, such as 10s.
inline constexpr std::string_view kDuration = "DURATION";

struct Flag {
  std::string name;
  std::string placeholder;         // for its value, as "FILE"; empty for a switch
  std::vector<std::string> words;  // all values, if they can be listed
  std::string description;
  std::string default_value;

  std::string Spelling() const;  // "--config=FILE"
};

// The names of the flags that every command takes.
const std::vector<std::string>& GlobalFlags();

// Describes the gflag `name`, which must be defined.
Flag DescribeFlag(const std::string& name);
std::vector<Flag> DescribeFlags(const std::vector<std::string>& names);

// Parses the value of the flag `name`: a duration above zero.
absl::StatusOr<absl::Duration> ReadDuration(std::string_view name, std::string_view value);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_FLAGS_H_
