// SPDX-License-Identifier: Apache-2.0
// The options that maps and programs are made with.
#ifndef WEIR_SOURCES_EBPF_KERNEL_KERNEL_OPTIONS_H_
#define WEIR_SOURCES_EBPF_KERNEL_KERNEL_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "bpf/flow.h"

namespace weir::ebpf {

// Where the flows stand in the kernel: bpf/mapped_table.h or bpf/hash_table.h.
enum class TableTier { kAuto, kMapped, kHash };

// What the programs are loaded with.
struct KernelOptions {
  uint32_t max_flows = 0;   // flows between two flips
  uint32_t sampling = 0;    // one of N packets, without filter rules; 0 and 1: all
  uint32_t ring_bytes = 0;  // of the overflow ring; 0: nobody reads it
  TableTier tier = TableTier::kAuto;
  weir_clock clock = WEIR_CLOCK_PRECISE;
  weir_tunnels tunnels = {};    // those that are looked into
  bool vlan_key = false;        // the outermost VLAN id is part of a flow's key
  bool all_namespaces = false;  // ForNamespace will be called
  // A folder of a BPF file system that keeps tables, counters and attached programs in the
  // kernel when this process ends; empty: they end with it.
  std::string pin_path{};
  // In the order in which they are gone through (FilterRulesOf); none: all packets.
  std::vector<flow_filter_rule_t> filter_rules = {};
  // Programs of these alone are loaded (WEIR_DIRECTION_*).
  std::vector<uint8_t> directions = {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS};
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_KERNEL_OPTIONS_H_
