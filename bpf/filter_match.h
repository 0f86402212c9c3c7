/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the filter rule that a packet matches. Uses no helper and no map, so that it also compiles
 * for user space (bpf/packet_filter.h).
 */
#ifndef WEIR_BPF_FILTER_MATCH_H_
#define WEIR_BPF_FILTER_MATCH_H_

#include "bpf/flow.h"
#include "bpf/packet.h"

/* Returns the packet's fields in one word, laid out as enum weir_filter_field says. */
static __always_inline weir_u64 filter_fields(const struct packet* packet) {
  return (weir_u64)packet->eth_protocol << WEIR_FILTER_ETH_PROTOCOL |
         (weir_u64)packet->transport_protocol << WEIR_FILTER_PROTOCOL |
         (weir_u64)packet->icmp_type << WEIR_FILTER_ICMP_TYPE |
         (weir_u64)packet->icmp_code << WEIR_FILTER_ICMP_CODE |
         (weir_u64)packet->tcp_flags << WEIR_FILTER_TCP_FLAGS |
         (weir_u64)packet->flags << WEIR_FILTER_FLAGS |
         (weir_u64)packet->direction << WEIR_FILTER_DIRECTION;
}

/* Has no branch for each range: the verifier would follow both sides of each. */
static __always_inline int is_in_ranges(weir_u32 port,
                                        const volatile struct flow_port_range_t* ranges) {
  weir_u32 outside = ~0u; /* sign bit set: outside all ranges so far */
  for (int i = 0; i < WEIR_MAX_PORT_RANGES; ++i) {
    outside &= (port - ranges[i].first) | (ranges[i].last - port);
  }
  return !(outside >> 31);
}

static __always_inline int fits_ports(const struct packet* packet,
                                      const volatile struct flow_filter_rule_t* rule) {
  if (rule->ports == WEIR_FILTER_PORTS_ANY) return 1;
  const int fits_src = is_in_ranges(packet->src_port, rule->src_ports);
  const int fits_dst = is_in_ranges(packet->dst_port, rule->dst_ports);
  return rule->ports == WEIR_FILTER_PORTS_BOTH ? fits_src & fits_dst : fits_src | fits_dst;
}

static __always_inline int fits_addresses(const weir_u64* address, const weir_u64* peer,
                                          const volatile struct flow_filter_rule_t* rule) {
  return (((address[0] & rule->ip_mask[0]) ^ rule->ip[0]) |
          ((address[1] & rule->ip_mask[1]) ^ rule->ip[1]) |
          ((peer[0] & rule->peer_mask[0]) ^ rule->peer[0]) |
          ((peer[1] & rule->peer_mask[1]) ^ rule->peer[1])) == 0;
}

/* `fields` is filter_fields(packet). */
static __always_inline int fits_rule(const struct packet* packet, weir_u64 fields,
                                     const volatile struct flow_filter_rule_t* rule) {
  if ((fields & rule->fields_mask) != rule->fields) return 0;
  if (!fits_addresses(packet->src_ip, packet->dst_ip, rule) &&
      !fits_addresses(packet->dst_ip, packet->src_ip, rule)) {
    return 0;
  }
  return fits_ports(packet, rule);
}

/* Returns the index of the first of `count` rules that the packet matches, or
 * WEIR_MAX_FILTER_RULES if it matches none. */
static __always_inline weir_u32 first_fitting_rule(const struct packet* packet,
                                                   const volatile struct flow_filter_rule_t* rules,
                                                   weir_u32 count) {
  const weir_u64 fields = filter_fields(packet);
  weir_u32 found = WEIR_MAX_FILTER_RULES;
  for (weir_u32 i = 0; i < WEIR_MAX_FILTER_RULES; ++i) {
    if (i >= count) break;
    if (!fits_rule(packet, fields, &rules[i])) continue;
    found = i;
    break;
  }
  return found;
}

#endif /* WEIR_BPF_FILTER_MATCH_H_ */
