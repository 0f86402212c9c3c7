// SPDX-License-Identifier: Apache-2.0
// The flags of weir as users see them: gflags, with a placeholder or the list of values.
// Functions without state: any thread.
#ifndef WEIR_TOOLS_WEIR_FLAGS_H_
#define WEIR_TOOLS_WEIR_FLAGS_H_

#include <string>
#include <vector>

namespace weir {

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

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_FLAGS_H_
