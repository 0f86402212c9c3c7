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
      .more_wire_bytes = outer.more_wire_bytes,
      .wire_packets = outer.wire_packets,
      .if_index = outer.if_index,
      .direction = outer.direction,
  };
}

/*
 * The payload of UDP, which begins with a VXLAN header. Not inlined: with the parser in it
 * twice, a function keeps addresses within the context on its stack, which the verifier
 * refuses. Not global either: kernels before 5.12 know no pointer to a packet as an argument
 * of such functions, and it is called at one place.
 */
static __attribute__((noinline)) void parse_vxlan_payload(struct __sk_buff* skb, weir_u64 payload,
                                                          struct packet* packet) {
  const weir_u64 offset = payload_offset(payload), end = payload_end(payload);
  struct vxlan_header copy;
  const struct vxlan_header* const vxlan = header_before(skb, offset, end, &copy, sizeof(copy));
  if (vxlan && !(vxlan->flags & VXLAN_HAS_ID)) return; /* something else */
  const weir_u64 frame = offset + sizeof(*vxlan);
  const weir_u64 frame_starts = frame + sizeof(struct ethernet_header);
  if (!vxlan || skb->len < frame_starts || end < frame_starts || frame > MAX_HEADER_OFFSET) {
    packet->notes |= PACKET_TRUNCATED;
    return;
  }
  forget_headers(packet);
  parse_frame(skb, frame, end, packet);
}

/*
 * `packet` has been parsed; `payload` is that of its UDP, 0 if it has none. If it goes to
 * `port` and carries a frame, the headers of the frame replace those of the packet, also
 * where they are cut off. If the Ethernet header of the frame is cut off, the packet stays as
 * it is, and this is noted. A frame of another tunnel within this one is not looked into.
 */
static __always_inline void parse_vxlan(struct __sk_buff* skb, weir_u64 payload, weir_u16 port,
                                        struct packet* packet) {
  if (payload == 0 || packet->dst_port != port) return;
  /* A copy, so that the fields of all other packets can stay in registers. */
  struct packet copy = *packet;
  parse_vxlan_payload(skb, payload, &copy);
  *packet = copy;
}

#endif /* WEIR_BPF_VXLAN_H_ */
