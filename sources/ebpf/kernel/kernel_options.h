// SPDX-License-Identifier: Apache-2.0
// The options that maps and programs are made with.
#ifndef WEIR_SOURCES_EBPF_KERNEL_KERNEL_OPTIONS_H_
#define WEIR_SOURCES_EBPF_KERNEL_KERNEL_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "bpf/flow.h"

namespace weir::ebpf {

// The kind of the flow table in the kernel: bpf/mapped_table.h or bpf/hash_table.h.
enum class TableTier { kAuto, kMapped, kHash };

// The options that the programs are loaded with.
struct KernelOptions {
  uint32_t max_flows = 0;   // flows between two flips
  uint32_t sampling = 0;    // one of N packets, without filter rules; 0 and 1: all
  uint32_t ring_bytes = 0;  // size of the overflow ring; 0: no stage reads it
  TableTier tier = TableTier::kAuto;
  weir_clock clock = WEIR_CLOCK_PRECISE;
  weir_tunnels tunnels = {};    // the tunnels that are looked into
  bool vlan_key = false;        // the outermost VLAN id is part of a flow's key
  bool all_namespaces = false;  // ForNamespace will be called
  // A folder of a BPF file system that keeps tables, counters and attached programs when this
  // process ends. Empty: they end with the process.
  std::string pin_path{};
  // In the order of evaluation (FilterRulesOf). Empty: all packets are counted.
  std::vector<flow_filter_rule_t> filter_rules = {};
  // Only programs of these directions are loaded (WEIR_DIRECTION_*).
  std::vector<uint8_t> directions = {WEIR_DIRECTION_INGRESS, WEIR_DIRECTION_EGRESS};
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_KERNEL_KERNEL_OPTIONS_H_
