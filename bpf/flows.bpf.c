/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts every packet that passes an interface, by flow. There are four programs for each flow
 * table: one per direction, for links with an Ethernet header and for links without a link-layer
 * header. They change neither the packet nor any verdict. They do the same at a TCX hook and as a
 * filter of a clsact qdisc. User space loads the programs of one table.
 */
#include "bpf/account.h"
#include "bpf/datapath_config.h"
#include "bpf/filter.h"
#include "bpf/flow.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"
#include "bpf/parse.h"
#include "bpf/segments.h"
#include "bpf/tunnel.h"

#include <bpf/bpf_helpers.h>

static __always_inline int measure(struct __sk_buff* skb, weir_u8 direction, int has_ethernet,
                                   enum tier tier) {
  const weir_u32 selected = selection;
  if (selected == WEIR_SELECT_SAMPLE && is_sampled_out(sampling.threshold)) {
    return WEIR_VERDICT_NEXT;
  }
  /* Read the clock first: the call serialises and clobbers registers. */
  struct packet packet = {
      .time = end_time(),
      .bytes = skb->len + (has_ethernet ? tag_beside(skb) : 0),
      .wire_packets = 1,
      .if_index = skb->ifindex,
      .direction = direction,
  };
  const weir_u64 payload =
      has_ethernet ? parse_ethernet(skb, &packet) : parse_no_link_layer(skb, &packet);
  const struct weir_tunnels wanted = {
      .vxlan_port = tunnels.vxlan_port,
      .geneve_port = tunnels.geneve_port,
      .gre = tunnels.gre,
      .ip_in_ip = tunnels.ip_in_ip,
  };
  if (wanted.vxlan_port || wanted.geneve_port || wanted.gre || wanted.ip_in_ip) {
    parse_tunnel(skb, payload, &wanted, &packet);
  }
  count_segments(skb, &packet);
  if (selected == WEIR_SELECT_SAMPLE) packet.sampling_interval = sampling.interval;
  if (selected == WEIR_SELECT_BY_RULES && !passes_rules(&packet, tier)) return WEIR_VERDICT_NEXT;
  account(&packet, tier);
  return WEIR_VERDICT_NEXT;
}

SEC("tcx/ingress")
int ingress_ethernet(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_INGRESS, 1, TIER_MAPPED);
}

SEC("tcx/ingress")
int ingress_no_link_layer(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_INGRESS, 0, TIER_MAPPED);
}

SEC("tcx/egress")
int egress_ethernet(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_EGRESS, 1, TIER_MAPPED);
}

SEC("tcx/egress")
int egress_no_link_layer(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_EGRESS, 0, TIER_MAPPED);
}

SEC("tcx/ingress")
int ingress_ethernet_hash(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_INGRESS, 1, TIER_HASH);
}

SEC("tcx/ingress")
int ingress_no_link_layer_hash(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_INGRESS, 0, TIER_HASH);
}

SEC("tcx/egress")
int egress_ethernet_hash(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_EGRESS, 1, TIER_HASH);
}

SEC("tcx/egress")
int egress_no_link_layer_hash(struct __sk_buff* skb) {
  return measure(skb, WEIR_DIRECTION_EGRESS, 0, TIER_HASH);
}

/* Reads both clocks at one instant. User space runs this program itself, to convert jiffies into
 * nanoseconds. */
volatile struct {
  weir_u64 jiffies;
  weir_u64 monotonic_ns;
} clocks;

SEC("tcx/ingress")
int read_clocks(struct __sk_buff* skb) {
  (void)skb;
  clocks.jiffies = bpf_jiffies64();
  clocks.monotonic_ns = bpf_ktime_get_ns();
  return WEIR_VERDICT_NEXT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
