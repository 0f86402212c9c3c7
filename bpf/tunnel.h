/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Looks into tunnels: a packet of a tunnel is counted under the flow of the packet that it carries.
 * VXLAN (RFC 7348), Geneve (RFC 8926), GRE (RFC 2784, RFC 2890), and IP in IP (RFC 2003, RFC 2473,
 * RFC 4213).
 */
#ifndef WEIR_BPF_TUNNEL_H_
#define WEIR_BPF_TUNNEL_H_

#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"
#include "bpf/parse.h"

#include <bpf/bpf_helpers.h>

enum tunnel { TUNNEL_NONE, TUNNEL_VXLAN, TUNNEL_GENEVE, TUNNEL_GRE, TUNNEL_IP };

/* Returns the kind of the packet's tunnel, or TUNNEL_NONE if it has none that is looked into. */
static __always_inline enum tunnel tunnel_of(const struct packet* packet,
                                             const struct weir_tunnels* tunnels) {
  switch (packet->transport_protocol) {
    case PROTOCOL_UDP:
      if (tunnels->vxlan_port && packet->dst_port == tunnels->vxlan_port) return TUNNEL_VXLAN;
      if (tunnels->geneve_port && packet->dst_port == tunnels->geneve_port) return TUNNEL_GENEVE;
      return TUNNEL_NONE;
    case PROTOCOL_GRE:
      return tunnels->gre ? TUNNEL_GRE : TUNNEL_NONE;
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
      return tunnels->ip_in_ip ? TUNNEL_IP : TUNNEL_NONE;
    default:
      return TUNNEL_NONE;
  }
}

/* These functions step over the header of a tunnel, to the carried packet. STEP_LAST: the tunnel
 * carries nothing that can be read. */

static __always_inline weir_u64 step_over_vxlan(struct __sk_buff* skb, weir_u64 offset,
                                                weir_u64 end) {
  struct vxlan_header copy;
  const struct vxlan_header* const vxlan = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!vxlan) return STEP_CUT_OFF;
  if (!(vxlan->flags & VXLAN_HAS_ID)) return STEP_LAST;
  return step_to(ETHERTYPE_BRIDGING, offset + sizeof(*vxlan));
}

/* Control messages carry nothing that can be read. */
static __always_inline weir_u64 step_over_geneve(struct __sk_buff* skb, weir_u64 offset,
                                                 weir_u64 end) {
  struct geneve_header copy;
  const struct geneve_header* const geneve = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!geneve) return STEP_CUT_OFF;
  if (geneve->version_length >> 6 != 0 || geneve->flags & GENEVE_CONTROL) return STEP_LAST;
  const weir_u64 options = (weir_u64)(geneve->version_length & 0x3f) * 4;
  return step_to(__builtin_bswap16(geneve->protocol), offset + sizeof(*geneve) + options);
}

/* GRE of version 1 (PPTP) and source routes (RFC 1701) are not read. */
static __always_inline weir_u64 step_over_gre(struct __sk_buff* skb, weir_u64 offset,
                                              weir_u64 end) {
  struct gre_header copy;
  const struct gre_header* const gre = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!gre) return STEP_CUT_OFF;
  const weir_u16 flags = __builtin_bswap16(gre->flags_version);
  if (flags & (GRE_ROUTING | GRE_VERSION_MASK)) return STEP_LAST;
  weir_u64 length = sizeof(*gre);
  if (flags & GRE_CHECKSUM) length += 4;
  if (flags & GRE_KEY) length += 4;
  if (flags & GRE_SEQUENCE) length += 4;
  return step_to(__builtin_bswap16(gre->protocol), offset + length);
}

static __always_inline weir_u64 step_over_tunnel(struct __sk_buff* skb, weir_u64 payload,
                                                 enum tunnel tunnel, weir_u8 protocol) {
  const weir_u64 offset = payload_offset(payload), end = payload_end(payload);
  switch (tunnel) {
    case TUNNEL_VXLAN:
      return step_over_vxlan(skb, offset, end);
    case TUNNEL_GENEVE:
      return step_over_geneve(skb, offset, end);
    case TUNNEL_GRE:
      return step_over_gre(skb, offset, end);
    default:
      return step_to(protocol == PROTOCOL_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, offset);
  }
}

/* Returns the bytes of the first carried header, or 0 if its type is not read. */
static __always_inline weir_u64 carried_header_length(weir_u16 type) {
  if (type == ETHERTYPE_BRIDGING) return sizeof(struct ethernet_header);
  if (type == ETHERTYPE_IPV4) return sizeof(struct ipv4_header);
  if (type == ETHERTYPE_IPV6) return sizeof(struct ipv6_header);
  return is_mpls(type) ? sizeof(struct mpls_entry) : 0;
}

/* Returns true if the first carried header can be read and, for IP, has the right version. */
static __always_inline int can_read_carried(struct __sk_buff* skb, weir_u64 step, weir_u64 end) {
  const weir_u16 type = step_type(step);
  const weir_u64 offset = step_offset(step), last = offset + carried_header_length(type);
  if (offset > MAX_HEADER_OFFSET || last > end || last > skb->len) return 0;
  if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6) return 1;
  weir_u8 copy;
  const weir_u8* const first = header_at(skb, offset, &copy, sizeof(copy));
  return first && *first >> 4 == (type == ETHERTYPE_IPV4 ? 4 : 6);
}

/* Clears all fields that come from the packet's headers. `keep_link` keeps MACs and VLAN. */
static __always_inline void forget_headers(int keep_link, struct packet* packet) {
  const struct packet outer = *packet;
  *packet = (struct packet){
      .time = outer.time,
      .bytes = outer.bytes,
      .more_wire_bytes = outer.more_wire_bytes,
      .wire_packets = outer.wire_packets,
      .if_index = outer.if_index,
      .direction = outer.direction,
  };
  if (!keep_link) return;
  packet->src_mac = outer.src_mac;
  packet->dst_mac = outer.dst_mac;
  packet->vlan = outer.vlan;
}

/*
 * Not inlined: with two copies of the parser, the function would keep addresses within the context
 * on its stack, which the verifier refuses. Not global either: before 5.12 global functions cannot
 * take a pointer to a packet. It is called at only one place.
 */
static __attribute__((noinline)) void parse_carried(struct __sk_buff* skb, weir_u64 payload,
                                                    enum tunnel tunnel, struct packet* packet) {
  const weir_u64 end = payload_end(payload);
  const weir_u64 step = step_over_tunnel(skb, payload, tunnel, packet->transport_protocol);
  if (!(step & STEP_CUT_OFF)) {
    if (step & STEP_LAST || carried_header_length(step_type(step)) == 0) return;
  }
  if (step & STEP_CUT_OFF || !can_read_carried(skb, step, end)) {
    packet->notes |= PACKET_TRUNCATED;
    return;
  }
  const int is_frame = step_type(step) == ETHERTYPE_BRIDGING;
  forget_headers(!is_frame, packet);
  parse_link(skb, is_frame ? parse_ethernet_header(skb, step_offset(step), end, packet) : step, end,
             packet);
}

/*
 * Requires a `packet` that has been parsed to `payload` (0: not reached). If the packet belongs to
 * a tunnel that is looked into, the headers of the carried packet replace its own, even if they are
 * cut off. The MAC addresses and the VLAN stay if the tunnel carries no Ethernet. If the header of
 * the tunnel or the first carried one is cut off or malformed, the packet stays as it is and is
 * noted as truncated. A tunnel inside the carried packet is not looked into.
 */
static __always_inline void parse_tunnel(struct __sk_buff* skb, weir_u64 payload,
                                         const struct weir_tunnels* tunnels,
                                         struct packet* packet) {
  const enum tunnel tunnel = tunnel_of(packet, tunnels);
  if (payload == 0 || tunnel == TUNNEL_NONE) return;
  parse_carried(skb, payload, tunnel, packet);
}

#endif /* WEIR_BPF_TUNNEL_H_ */
