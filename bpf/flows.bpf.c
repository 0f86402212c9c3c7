/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts every packet that passes an interface, by flow. Four programs: one per
 * direction, for links with an Ethernet header and for links without a link-layer
 * header. They alter neither the packet nor anybody's verdict, and do the same at
 * a TCX hook and as a filter of a clsact qdisc.
 */
#include "bpf/account.h"
#include "bpf/flow.h"
#include "bpf/flow_key.h"
#include "bpf/kernel_types.h"
#include "bpf/parse.h"

#include <bpf/bpf_helpers.h>

static __always_inline int measure(struct __sk_buff* skb, weir_u8 direction, int has_ethernet) {
  const weir_u32 zero = 0;
  struct flow_counters_t* const counters = bpf_map_lookup_elem(&counters_map, &zero);
  if (!counters) return WEIR_VERDICT_NEXT; /* cannot be: the array has an entry 0 */
  if (sampling_threshold != 0 && bpf_get_prandom_u32() >= sampling_threshold) {
    counters->sampled_out_packets += 1;
    return WEIR_VERDICT_NEXT;
  }
  struct packet packet = {0};
  if (has_ethernet) {
    parse_ethernet(skb, &packet, counters);
  } else {
    parse_no_link_layer(skb, &packet, counters);
  }
  union flow_key key;
  make_key(&packet, direction, skb->ifindex, &key);
  account(&key.id, skb->len, counters);
  return WEIR_VERDICT_NEXT;
}

SEC("tcx/ingress")
int ingress_ethernet(struct __sk_buff* skb) { return measure(skb, WEIR_DIRECTION_INGRESS, 1); }

SEC("tcx/ingress")
int ingress_no_link_layer(struct __sk_buff* skb) { return measure(skb, WEIR_DIRECTION_INGRESS, 0); }

SEC("tcx/egress")
int egress_ethernet(struct __sk_buff* skb) { return measure(skb, WEIR_DIRECTION_EGRESS, 1); }

SEC("tcx/egress")
int egress_no_link_layer(struct __sk_buff* skb) { return measure(skb, WEIR_DIRECTION_EGRESS, 0); }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
