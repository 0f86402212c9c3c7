/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Looks into VXLAN (RFC 7348): a packet that carries a frame is counted under the flow of
 * that frame.
 */
#ifndef WEIR_BPF_VXLAN_H_
#define WEIR_BPF_VXLAN_H_

#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"
#include "bpf/parse.h"

#include <bpf/bpf_helpers.h>

/* All that its headers have said. */
static __always_inline void forget_headers(struct packet* packet) {
  const struct packet outer = *packet;
  *packet = (struct packet){
      .time = outer.time,
      .bytes = outer.bytes,
      .wire_packets = outer.wire_packets,
      .if_index = outer.if_index,
      .direction = outer.direction,
  };
}

/*
 * What begins with a VXLAN header at `offset`. Not inlined: with the parser in it twice, a
 * function keeps addresses within the context on its stack, which the verifier refuses.
 * Not global either: kernels before 5.12 know no pointer to a packet as an argument of
 * such functions, and it is called at one place.
 */
static __attribute__((noinline)) void parse_vxlan_payload(struct __sk_buff* skb, weir_u64 offset,
                                                          struct packet* packet) {
  struct vxlan_header copy;
  const struct vxlan_header* const vxlan = header_at(skb, offset, &copy, sizeof(copy));
  if (vxlan && !(vxlan->flags & VXLAN_HAS_ID)) return; /* something else */
  const weir_u64 frame = offset + sizeof(*vxlan);
  if (!vxlan || skb->len < frame + sizeof(struct ethernet_header)) {
    packet->notes |= PACKET_TRUNCATED;
    return;
  }
  forget_headers(packet);
  parse_frame(skb, frame, packet);
}

/*
 * `packet` has been parsed; the payload of its UDP begins at `payload`, 0 if it has none.
 * If that goes to `port` and carries a frame, all that the packet's headers have said gives
 * way to what those of the frame say; also where these are cut off, but for the first of
 * them: then the packet stays as it is, and cut off is noted. A frame that is itself
 * one of a tunnel is not looked into.
 */
static __always_inline void parse_vxlan(struct __sk_buff* skb, weir_u64 payload, weir_u16 port,
                                        struct packet* packet) {
  if (payload == 0 || packet->dst_port != port) return;
  /* A copy, so that what is known of all other packets need not stand in memory. */
  struct packet copy = *packet;
  parse_vxlan_payload(skb, payload, &copy);
  *packet = copy;
}

#endif /* WEIR_BPF_VXLAN_H_ */
