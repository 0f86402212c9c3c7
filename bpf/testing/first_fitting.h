// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Finds the rule for a packet with the programs' code, compiled for user space.
#ifndef WEIR_BPF_TESTING_FIRST_FITTING_H_
#define WEIR_BPF_TESTING_FIRST_FITTING_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "bpf/flow.h"
#include "bpf/packet_filter.h"
#include "bpf/packet_parser.h"

namespace weir::ebpf {

// Returns the first of `rules` that the Ethernet frame matches, or null.
inline const flow_filter_rule_t* FirstFitting(const std::vector<flow_filter_rule_t>& rules,
                                              std::string_view frame, uint8_t direction) {
  weir_packet_bytes bytes{};
  bytes.bytes = frame.data();
  bytes.size = static_cast<weir_u32>(frame.size());
  weir_parsed_packet parsed = weir_parse_ethernet(&bytes);
  parsed.id.direction = direction;
  const weir_u32 index =
      weir_first_fitting_rule(&parsed, rules.data(), static_cast<weir_u32>(rules.size()));
  return index < rules.size() ? &rules[index] : nullptr;
}

}  // namespace weir::ebpf

#endif  // WEIR_BPF_TESTING_FIRST_FITTING_H_
