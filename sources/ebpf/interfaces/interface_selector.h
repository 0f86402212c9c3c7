// SPDX-License-Identifier: Apache-2.0
// Selects the network interfaces that the configuration means.
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

// Returns INVALID_ARGUMENT if one of `texts`, the values of the field `field`, is an empty
// expression, a list with commas, or a name that no interface can have. With `may_be_empty`, an
// empty name is allowed. Any thread.
sdk::Status CheckInterfaceNames(const std::string& field, const std::vector<std::string>& texts,
                                bool may_be_empty);

// Immutable; any thread.
class InterfaceSelector {
 public:
  // Each of `include` and `exclude` is an exact name, or a regular expression (of RE2) between
  // slashes that may match anywhere in a name. An empty `include` means all. Without `exclude`,
  // "lo" is left out unless `include` names it. If `ranges` (CIDR) is not empty, only interfaces
  // with an address in one of them are selected.
  static sdk::Result<InterfaceSelector> Make(const std::vector<std::string>& include,
                                             const std::optional<std::vector<std::string>>& exclude,
                                             const std::vector<std::string>& ranges = {});

  // True if it selects all interfaces that are not excluded.
  bool TakesAll() const { return include_.empty() && !ByAddress(); }
  // True if it depends on the addresses of an interface.
  bool ByAddress() const { return !ranges_.empty(); }
  bool InRanges(const IpAddr& address) const;

  // Returns true if the interface is selected by its name. Excludes take precedence.
  bool Matches(const std::string& name) const;
  // Returns true if `name` is selected and configured as an exact name.
  bool MatchesByName(const std::string& name) const;
  // Returns the exact names that are selected.
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
