// SPDX-License-Identifier: Apache-2.0
// The part of the configuration that says which packets are counted.
#ifndef WEIR_SOURCES_EBPF_RULES_FILTER_RULES_H_
#define WEIR_SOURCES_EBPF_RULES_FILTER_RULES_H_

#include <vector>

#include "bpf/flow.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/ebpf.pb.h"

namespace weir::ebpf {

// The rules as the programs go through them: longest prefix first, then in the order of
// the configuration, and last, if all of them reject, one that accepts every packet.
// None if the configuration has none. INVALID_ARGUMENT, with the rule and the field in
// front, for what contradicts itself, can fit no packet, or has no effect.
sdk::Result<std::vector<flow_filter_rule_t>> FilterRulesOf(const sources::EbpfMap& config);

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_RULES_FILTER_RULES_H_
