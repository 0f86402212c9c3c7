/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Selects the packets that are counted in flows: the filter rules accept packets, and sampling
 * takes some of these. Packets left out are counted by reason.
 */
#ifndef WEIR_BPF_FILTER_H_
#define WEIR_BPF_FILTER_H_

#include "bpf/counters.h"
#include "bpf/datapath_config.h"
#include "bpf/filter_match.h"
#include "bpf/flow.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"

#include <bpf/bpf_helpers.h>

/* Returns true if sampling leaves the packet out. Does not use a modulo: it would cost as much
 * as the rest of this function, and it favours some remainders. */
static __always_inline int is_sampled_out(weir_u32 threshold) {
  if (bpf_get_prandom_u32() < threshold) return 0;
  struct flow_counters_t* const counters = counters_of_this_cpu();
  if (counters) counters->sampled_out_packets += 1;
  return 1;
}

/* The filter functions return this flag for a packet that they leave out, and the sampling
 * interval for any other packet. */
#define FILTER_LEAVES_IT_OUT (1ull << 32)

static __always_inline weir_u64 filter(const struct packet* packet) {
  struct flow_counters_t* const counters = counters_of_this_cpu();
  if (!counters) return FILTER_LEAVES_IT_OUT;
  const weir_u32 number = first_fitting_rule(packet, filter_rules, filter_rule_count);
  if (number >= WEIR_MAX_FILTER_RULES) {
    counters->filter_unmatched += 1;
    return FILTER_LEAVES_IT_OUT;
  }
  const volatile struct flow_filter_rule_t* const rule = &filter_rules[number];
  if (rule->action == WEIR_FILTER_REJECT) {
    counters->filter_rejected += 1;
    return FILTER_LEAVES_IT_OUT;
  }
  counters->filter_accepted += 1;
  const weir_u32 interval = rule->sampling.interval;
  if (interval != 0 && is_sampled_out(rule->sampling.threshold)) return FILTER_LEAVES_IT_OUT;
  return interval;
}

/* A global function, so that the verifier checks the rules once; see search_mapped_table. */
__attribute__((noinline)) weir_u64 filter_packet(const struct packet* packet) {
  return packet ? filter(packet) : FILTER_LEAVES_IT_OUT;
}

/*
 * The same for kernels before 5.12, where global functions take only numbers: the packet is passed
 * through this map. This is safe because no weir program interrupts another on the same CPU.
 */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __type(value, struct packet);
} waiting_packet SEC(".maps");

__attribute__((noinline)) weir_u64 filter_waiting_packet(weir_u32 place) {
  const struct packet* const packet = bpf_map_lookup_elem(&waiting_packet, &place);
  return packet ? filter(packet) : FILTER_LEAVES_IT_OUT;
}

/* Copies the packet, so that the packet itself has no address and may stay in registers if there
 * are no rules. */
static __always_inline weir_u64 copy_and_filter(const struct packet* packet) {
  const struct packet copy = *packet;
  return filter_packet(&copy);
}

static __always_inline weir_u64 let_wait_and_filter(const struct packet* packet) {
  const weir_u32 place = 0;
  struct packet* const waiting = bpf_map_lookup_elem(&waiting_packet, &place);
  if (!waiting) return FILTER_LEAVES_IT_OUT;
  *waiting = *packet;
  return filter_waiting_packet(place);
}

/* Returns true if the packet is to be counted in a flow. The packet has been parsed. */
static __always_inline int passes_rules(struct packet* packet, enum tier tier) {
  const weir_u64 answer =
      tier == TIER_MAPPED ? copy_and_filter(packet) : let_wait_and_filter(packet);
  packet->sampling_interval = answer;
  return !(answer & FILTER_LEAVES_IT_OUT);
}

#endif /* WEIR_BPF_FILTER_H_ */
