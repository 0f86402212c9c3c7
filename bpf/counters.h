/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs count in addition to flows.
 */
#ifndef WEIR_BPF_COUNTERS_H_
#define WEIR_BPF_COUNTERS_H_

#include "bpf/flow.h"
#include "bpf/kernel_types.h"  // keep: the names that libbpf's header expects

#include <bpf/bpf_helpers.h>

/*
 * Plain additions are exact: TC programs run with bottom halves disabled, so none interrupts
 * another on the same CPU. Without filter rules, a packet that the table takes does not touch these
 * counters.
 */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __type(value, struct flow_counters_t);
} counters_map SEC(".maps");

/* Never null in practice: the array has an entry 0. */
static __always_inline struct flow_counters_t* counters_of_this_cpu(void) {
  const weir_u32 zero = 0;
  return bpf_map_lookup_elem(&counters_map, &zero);
}

#endif /* WEIR_BPF_COUNTERS_H_ */
