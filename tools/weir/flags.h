// SPDX-License-Identifier: Apache-2.0
// The flags of weir as its users see them: gflags, and what may stand behind each.
#ifndef WEIR_TOOLS_WEIR_FLAGS_H_
#define WEIR_TOOLS_WEIR_FLAGS_H_

#include <string>
#include <vector>

namespace weir {

struct Flag {
  std::string name;
  std::string placeholder;         // for its value, as "FILE"; empty if it takes none
  std::vector<std::string> words;  // all the values there are, if they can be listed
  std::string description;
  std::string default_value;

  std::string Spelling() const;  // "--config=FILE"
};

// Names of the flags that every command takes.
const std::vector<std::string>& GlobalFlags();

// The gflag `name`, which must be defined.
Flag DescribeFlag(const std::string& name);
std::vector<Flag> DescribeFlags(const std::vector<std::string>& names);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_FLAGS_H_
