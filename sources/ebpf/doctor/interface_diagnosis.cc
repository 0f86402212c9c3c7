// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/doctor/interface_diagnosis.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sources/ebpf/kernel/flow_programs.h"

namespace weir::ebpf {

namespace {

constexpr char kSubject[] = "interfaces";
constexpr size_t kMostListed = 5;

bool IsSelected(const InterfaceSelector& selector, const PresentInterfaces& present,
                const sdk::Link& link) {
  if (!selector.Matches(link.name)) return false;
  return !selector.ByAddress() ||
         std::any_of(present.addresses.begin(), present.addresses.end(), [&](const auto& one) {
           return one.if_index == link.if_index && selector.InRanges(one.address);
         });
}

std::string ListOf(const std::vector<std::string>& names) {
  const size_t listed = std::min(names.size(), kMostListed);
  std::string text = absl::StrJoin(names.begin(), names.begin() + listed, ", ");
  if (listed < names.size()) absl::StrAppend(&text, " and ", names.size() - listed, " more");
  return text;
}

sdk::Finding NoneMatches(const InterfaceSelector& selector, bool all_namespaces) {
  std::string text = selector.ByAddress()  ? "no interface has an address in `interface_ips` now"
                     : selector.TakesAll() ? "there is no interface to measure now"
                                           : "no interface matches `interfaces` now";
  if (all_namespaces) {
    absl::StrAppend(&text, " in weir's own network namespace; others were not searched");
    return {WEIR_FINDING_OK, kSubject, std::move(text)};
  }
  return {WEIR_FINDING_DEGRADED, kSubject, absl::StrCat(text, ": weir waits for one")};
}

}  // namespace

std::vector<sdk::Finding> DiagnoseInterfaces(const InterfaceSelector& selector,
                                             sdk::Result<PresentInterfaces> present,
                                             bool all_namespaces) {
  if (!present.ok()) return {{WEIR_FINDING_MISSING, kSubject, present.status().message()}};
  std::vector<sdk::Finding> findings;
  std::vector<std::string> measured;
  bool fails = false;
  for (const sdk::Link& link : present->links) {
    if (!IsSelected(selector, *present, link)) continue;
    if (LinkKindOf(link.hardware_type).has_value()) {
      measured.push_back(link.name);
      continue;
    }
    const bool is_named = selector.MatchesByName(link.name);
    fails = fails || is_named;
    findings.push_back({is_named ? WEIR_FINDING_MISSING : WEIR_FINDING_DEGRADED, kSubject,
                        CannotBeMeasured(link.name, link.hardware_type).message()});
  }
  // As a start does: it fails if there are interfaces and none can be measured.
  if (measured.empty() && !findings.empty() && !fails) {
    findings.front().severity = WEIR_FINDING_MISSING;
  }
  for (const std::string& name : selector.Names()) {
    const bool is_present = std::any_of(present->links.begin(), present->links.end(),
                                        [&](const auto& link) { return link.name == name; });
    if (is_present) continue;
    findings.push_back({WEIR_FINDING_DEGRADED, kSubject,
                        absl::StrCat("interface '", name,
                                     "' does not exist now: weir waits for "
                                     "it, and measures it when it appears")});
  }
  if (!measured.empty()) {
    findings.push_back({WEIR_FINDING_OK, kSubject, absl::StrCat("measures ", ListOf(measured))});
  } else if (findings.empty()) {
    findings.push_back(NoneMatches(selector, all_namespaces));
  }
  return findings;
}

}  // namespace weir::ebpf
