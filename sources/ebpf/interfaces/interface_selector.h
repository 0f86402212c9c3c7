// SPDX-License-Identifier: Apache-2.0
// Which network interfaces the configuration means.
#ifndef WEIR_SOURCES_EBPF_INTERFACES_INTERFACE_SELECTOR_H_
#define WEIR_SOURCES_EBPF_INTERFACES_INTERFACE_SELECTOR_H_

#include <optional>
#include <string>
#include <vector>

#include "core/record/ip_addr.h"
#include "core/record/ip_prefix.h"
#include "core/regex/regex.h"
#include "plugins/sdk/status.h"

namespace weir::ebpf {

// Immutable; any thread.
class InterfaceSelector {
 public:
  // Each of `include` and `exclude` is an exact name, or a regular expression
  // (of RE2) between slashes that may match anywhere in a name. No include: all.
  // Without `exclude` "lo" is left out, unless `include` has it by name. `ranges` (CIDR):
  // only interfaces that have an address in one of them, if there are any.
  static sdk::Result<InterfaceSelector> Make(const std::vector<std::string>& include,
                                             const std::optional<std::vector<std::string>>& exclude,
                                             const std::vector<std::string>& ranges = {});

  // Whether it depends on the addresses that an interface has.
  bool ByAddress() const { return !ranges_.empty(); }
  bool InRanges(const IpAddr& address) const;

  // By its name. Excludes win.
  bool Matches(const std::string& name) const;
  // True if `name` is wanted and stands in the configuration as it is.
  bool MatchesByName(const std::string& name) const;
  // The exact names that are wanted.
  std::vector<std::string> Names() const;

 private:
  struct Pattern {
    std::string name;  // as written, if it is not an expression
    std::optional<Regex> regex;

    bool Matches(const std::string& other) const;
  };

  InterfaceSelector() = default;
  static sdk::Result<std::vector<Pattern>> Parse(const std::vector<std::string>& texts);

  std::vector<Pattern> include_;
  std::vector<Pattern> exclude_;
  std::vector<IpPrefix> ranges_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_INTERFACES_INTERFACE_SELECTOR_H_
