// SPDX-License-Identifier: Apache-2.0
// Compiles the filter rules of the configuration.
#ifndef WEIR_SOURCES_EBPF_RULES_FILTER_RULES_H_
#define WEIR_SOURCES_EBPF_RULES_FILTER_RULES_H_

#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/ebpf.pb.h"

namespace weir::ebpf {

// Returns the rules in the order of evaluation: longest prefix first, then the order of the
// configuration, and last, if all of them reject, a rule that accepts every packet. Empty if the
// configuration has no rules. Returns INVALID_ARGUMENT, beginning with the rule and the field, for
// a rule that contradicts itself, can match no packet, or has no effect.
sdk::Result<std::vector<flow_filter_rule_t>> FilterRulesOf(const sources::EbpfMap& config);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_RULES_FILTER_RULES_H_
