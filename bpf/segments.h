/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts the packets and bytes on the wire of a socket buffer. The network card or the kernel cuts
 * a buffer with gso_size into segments, each with a copy of the headers (GSO). The kernel joins
 * incoming packets to such buffers (GRO).
 */
#ifndef WEIR_BPF_SEGMENTS_H_
#define WEIR_BPF_SEGMENTS_H_

#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"

/* Returns the bytes of the VLAN tag that the card or the kernel has taken out of the packet, or
 * will put into it. skb->len does not contain them. */
static __always_inline weir_u32 tag_beside(const struct __sk_buff* skb) {
  return skb->vlan_present ? sizeof(struct vlan_header) : 0;
}

/*
 * Buffers from virtual machines (tap, SKB_GSO_DODGY) come without a number of segments: it is
 * derived as in qdisc_pkt_len_init() of the kernel's net/core/dev.c. That function has also set
 * wire_len at egress. It knows the end of a tunnel's inner headers, which the parser does not know
 * if it reads only the outer ones. At ingress only the parser knows the headers. The larger of the
 * two values is right.
 */
static __always_inline void count_segments(const struct __sk_buff* skb, struct packet* packet) {
  const weir_u32 payload_size = skb->gso_size;
  if (payload_size == 0) return;
  const weir_u32 length = skb->len;
  const weir_u32 headers = packet->headers;
  weir_u32 segments = skb->gso_segs;
  if (segments == 0 && length > headers) {
    segments = (length - headers + payload_size - 1) / payload_size;
  }
  if (segments < 2) return;
  const weir_u32 kernel_length = skb->wire_len;
  weir_u64 more = (weir_u64)(segments - 1) * headers;
  if (kernel_length > length && kernel_length - length > more) more = kernel_length - length;
  packet->wire_packets = segments;
  packet->more_wire_bytes = more + (weir_u64)(segments - 1) * (packet->bytes - length);
}

#endif /* WEIR_BPF_SEGMENTS_H_ */
