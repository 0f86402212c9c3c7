/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Turns the fields of a packet into the key and the details of its flow.
 */
#ifndef WEIR_BPF_FLOW_KEY_H_
#define WEIR_BPF_FLOW_KEY_H_

#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"  // keep: the names that libbpf's header expects
#include "bpf/packet.h"

#include <bpf/bpf_helpers.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the key is built word by word");

/* The key as words. The last word is only half used: namespace and VLAN. */
union flow_key {
  struct flow_id_t id;
  struct flow_key_t whole;
  weir_u64 words[(sizeof(struct flow_key_t) + 7) / sizeof(weir_u64)];
};

/*
 * The fields of the packed key cross word boundaries: writing field by field would take a store per
 * byte. Each line below makes a word, lowest byte first. Bits that do not fit continue in the next
 * line.
 */
static __always_inline void make_key(const struct packet* packet, union flow_key* key) {
  key->words[0] = packet->eth_protocol | (weir_u64)packet->direction << 16 | packet->src_mac << 24;
  key->words[1] = packet->src_mac >> 40 | packet->dst_mac << 8 | packet->src_ip[0] << 56;
  key->words[2] = packet->src_ip[0] >> 8 | packet->src_ip[1] << 56;
  key->words[3] = packet->src_ip[1] >> 8 | packet->dst_ip[0] << 56;
  key->words[4] = packet->dst_ip[0] >> 8 | packet->dst_ip[1] << 56;
  key->words[5] = packet->dst_ip[1] >> 8 | (weir_u64)packet->src_port << 56;
  key->words[6] = packet->src_port >> 8 | (weir_u64)packet->dst_port << 8 |
                  (weir_u64)packet->transport_protocol << 24 | (weir_u64)packet->if_index << 32;
}

/* Returns the TCP flags of this packet, as enum weir_seen_tcp_flags. */
static __always_inline weir_u16 seen_tcp_flags(const struct packet* packet) {
  const weir_u16 flags = packet->tcp_flags;
  const weir_u16 pairs = flags & TCP_ACK ? flags & (TCP_FIN | TCP_SYN | TCP_RST) : 0;
  return flags | pairs << WEIR_TCP_PAIR_SHIFT;
}

/* Returns flow_details_t.flags. `vlan_key` is true if the VLAN is part of the key. */
static __always_inline weir_u8 flags_of_flow(const struct packet* packet, weir_u32 vlan_key) {
  return packet->flags | (vlan_key ? WEIR_FLOW_VLAN_KEY : 0);
}

static __always_inline void make_details(const struct packet* packet, weir_u32 namespace_id,
                                         weir_u32 vlan_key, struct flow_details_t* details) {
  details->tcp_flags = seen_tcp_flags(packet);
  details->vlan = packet->vlan;
  details->dscp = packet->dscp;
  details->icmp_type = packet->icmp_type;
  details->icmp_code = packet->icmp_code;
  details->flags = flags_of_flow(packet, vlan_key);
  details->namespace_id = namespace_id;
  details->sampling_interval = packet->sampling_interval;
}

#endif /* WEIR_BPF_FLOW_KEY_H_ */
