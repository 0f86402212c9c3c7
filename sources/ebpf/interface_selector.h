// SPDX-License-Identifier: Apache-2.0
// Which network interfaces the configuration means.
#ifndef WEIR_SOURCES_EBPF_INTERFACE_SELECTOR_H_
#define WEIR_SOURCES_EBPF_INTERFACE_SELECTOR_H_

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"

namespace weir::ebpf {

// Immutable; any thread.
class InterfaceSelector {
 public:
  // Each of `include` and `exclude` is an exact name, or a regular expression
  // (ECMAScript) between slashes that may match anywhere in a name. No include: all.
  // Without `exclude` "lo" is left out, unless `include` has it by name.
  static sdk::Result<InterfaceSelector> Make(
      const std::vector<std::string>& include,
      const std::optional<std::vector<std::string>>& exclude);

  // Excludes win.
  bool Matches(const std::string& name) const;
  // True if `name` is wanted and stands in the configuration as it is.
  bool MatchesByName(const std::string& name) const;
  // The exact names that are wanted.
  std::vector<std::string> Names() const;

 private:
  struct Pattern {
    std::string name;  // as written, if it is not an expression
    std::optional<std::regex> regex;

    bool Matches(const std::string& other) const;
  };

  InterfaceSelector() = default;
  static sdk::Result<std::vector<Pattern>> Parse(const std::vector<std::string>& texts);

  std::vector<Pattern> include_;
  std::vector<Pattern> exclude_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACE_SELECTOR_H_
