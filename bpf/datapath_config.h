/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Constants that user space sets before the programs are loaded. The verifier removes code that
 * they switch off.
 */
#ifndef WEIR_BPF_DATAPATH_CONFIG_H_
#define WEIR_BPF_DATAPATH_CONFIG_H_

#include "bpf/flow.h"
#include "bpf/kernel_types.h"  // keep: the names that libbpf's header expects

#include <bpf/bpf_helpers.h>

/* Which flow table a program fills. */
enum tier { TIER_MAPPED, TIER_HASH };

/* enum weir_selection. The constants below belong to it. */
const volatile weir_u32 selection = WEIR_SELECT_ALL;
const volatile struct flow_sampling_t sampling = {};
/* Rules with the longest prefix come first. */
const volatile struct flow_filter_rule_t filter_rules[WEIR_MAX_FILTER_RULES] = {};
const volatile weir_u32 filter_rule_count = 0;
/* True if user space reads the ring buffer. */
const volatile weir_u32 overflow_to_ring = 0;
/* enum weir_clock: the clock for the end of a flow. */
const volatile weir_u32 end_clock = WEIR_CLOCK_PRECISE;
const volatile struct weir_tunnels tunnels = {};
/* True if the id of the outermost VLAN tag is part of a flow's key. */
const volatile weir_u32 vlan_key = 0;
/* The id of the network namespace that these programs are attached in. */
const volatile weir_u32 namespace_id = 0;

/* The result of adding a packet to a table: this value or an enum weir_table_failure. A table
 * that user space has ended takes packets without counting them. */
enum { TABLE_TOOK_IT = WEIR_TABLE_FAILURES };

/* Returns the time of a packet as the end of its flow. */
static __always_inline weir_u64 end_time(void) {
  return end_clock == WEIR_CLOCK_COARSE ? bpf_jiffies64() : bpf_ktime_get_ns();
}

/* Returns the same time as the start of its flow, in ns. `end` is the result of end_time(). */
static __always_inline weir_u64 start_time(weir_u64 end) {
  return end_clock == WEIR_CLOCK_COARSE ? bpf_ktime_get_ns() : end;
}

#endif /* WEIR_BPF_DATAPATH_CONFIG_H_ */
