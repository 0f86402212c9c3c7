/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a socket buffer to the fields of its flow. Reads the packet in place where
 * it is linear and copies a header where it is not; never pulls, never writes.
 * A field that could not be read stays zero: better none than a wrong one. Headers
 * that are cut off or make no sense, and fragments, are noted.
 */
#ifndef WEIR_BPF_PARSE_H_
#define WEIR_BPF_PARSE_H_

#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"

#include <bpf/bpf_helpers.h>

enum {
  MAX_VLAN_TAGS = 4,
  MAX_EXTENSION_HEADERS = 8,
  /* Further in than any header that the two limits above allow, also behind a tunnel's;
   * the verifier wants to see a bound. */
  MAX_HEADER_OFFSET = 0xbfff,
};

/*
 * Functions that return an offset tell where the payload of UDP begins, for whoever looks
 * into it; 0 if there is none, or it was not reached.
 */

/*
 * The header of `size` bytes (a constant) at `offset`: where it stands in the
 * packet, or copied to `copy`. Null if the packet ends before it does.
 */
static __always_inline const void* header_at(struct __sk_buff* skb, weir_u64 offset, void* copy,
                                             weir_u32 size) {
  if (offset > MAX_HEADER_OFFSET) return 0;
#ifdef __bpf__
  /* Once more in the register that is added below: the compiler may have compared another
   * one of the same value, which verifiers before 6.2 do not see. */
  asm volatile("%0 &= %1" : "+r"(offset) : "i"(MAX_HEADER_OFFSET));
#else
  if (reads_in_place(skb)) return header_in_place(skb, offset, size);
#endif
  const char* const start = (const char*)(long)skb->data + offset;
  if (start + size <= (const char*)(long)skb->data_end) return start;
  if (bpf_skb_load_bytes(skb, offset, copy, size) == 0) return copy;
  return 0;
}

static __always_inline weir_u64 mac_word(const header_u16* mac) {
  return mac[0] | (weir_u64)mac[1] << 16 | (weir_u64)mac[2] << 32;
}

/* Beside TCP. */
static __always_inline int has_ports(weir_u8 protocol) {
  return protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP || protocol == PROTOCOL_DCCP ||
         protocol == PROTOCOL_UDP_LITE;
}

static __always_inline void set_ports(const struct port_pair* ports, struct packet* packet) {
  packet->src_port = __builtin_bswap16(ports->src);
  packet->dst_port = __builtin_bswap16(ports->dst);
}

static __always_inline weir_u64 parse_ports(struct __sk_buff* skb, weir_u64 offset,
                                            struct packet* packet) {
  struct port_pair copy;
  const struct port_pair* const ports = header_at(skb, offset, &copy, sizeof(copy));
  if (!ports) {
    packet->notes |= PACKET_TRUNCATED;
    return 0;
  }
  set_ports(ports, packet);
  return packet->transport_protocol == PROTOCOL_UDP ? offset + sizeof(struct udp_header) : 0;
}

static __always_inline void parse_tcp(struct __sk_buff* skb, weir_u64 offset,
                                      struct packet* packet) {
  struct tcp_header copy;
  const struct tcp_header* const tcp = header_at(skb, offset, &copy, sizeof(copy));
  if (!tcp) {
    packet->notes |= PACKET_TRUNCATED;
    parse_ports(skb, offset, packet);
    return;
  }
  set_ports(&tcp->ports, packet);
  packet->tcp_flags = __builtin_bswap16(tcp->offset_flags) & TCP_FLAGS_MASK;
  packet->flags |= WEIR_FLOW_HAS_TCP;
}

static __always_inline void parse_icmp(struct __sk_buff* skb, weir_u64 offset,
                                       struct packet* packet) {
  struct icmp_header copy;
  const struct icmp_header* const icmp = header_at(skb, offset, &copy, sizeof(copy));
  if (!icmp) {
    packet->notes |= PACKET_TRUNCATED;
    return;
  }
  packet->icmp_type = icmp->type;
  packet->icmp_code = icmp->code;
  packet->flags |= WEIR_FLOW_HAS_ICMP;
}

static __always_inline int is_icmp(const struct packet* packet) {
  return packet->transport_protocol ==
         (packet->eth_protocol == ETHERTYPE_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
}

static __always_inline weir_u64 parse_transport(struct __sk_buff* skb, weir_u64 offset,
                                                struct packet* packet) {
  if (packet->transport_protocol == PROTOCOL_TCP) {
    parse_tcp(skb, offset, packet);
  } else if (has_ports(packet->transport_protocol)) {
    return parse_ports(skb, offset, packet);
  } else if (is_icmp(packet)) {
    parse_icmp(skb, offset, packet);
  }
  return 0;
}

/* The second word of ::ffff:a.b.c.d. */
static __always_inline weir_u64 mapped_word(weir_u32 address) {
  return 0xffff0000u | (weir_u64)address << 32;
}

static __always_inline weir_u64 parse_ipv4(struct __sk_buff* skb, weir_u64 offset,
                                           struct packet* packet) {
  struct ipv4_header copy;
  const struct ipv4_header* const ip = header_at(skb, offset, &copy, sizeof(copy));
  if (!ip || ip->version_length >> 4 != 4) {
    packet->notes |= PACKET_TRUNCATED;
    return 0;
  }
  packet->src_ip[1] = mapped_word(ip->src);
  packet->dst_ip[1] = mapped_word(ip->dst);
  packet->transport_protocol = ip->protocol;
  packet->dscp = ip->service >> 2;
  packet->flags |= WEIR_FLOW_HAS_DSCP;
  if (__builtin_bswap16(ip->fragment) & IPV4_OFFSET_MASK) {
    packet->notes |= PACKET_FRAGMENT;
    return 0;
  }
  const weir_u64 length = (weir_u64)(ip->version_length & 0xf) * 4;
  if (length < sizeof(*ip)) {
    packet->notes |= PACKET_TRUNCATED;
    return 0;
  }
  return parse_transport(skb, offset + length, packet);
}

/* Bytes of an IPv6 extension header, 0 if `protocol` is none. */
static __always_inline weir_u64 extension_length(weir_u8 protocol, weir_u8 length) {
  switch (protocol) {
    case PROTOCOL_HOP_BY_HOP:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION_OPTIONS:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
      return ((weir_u64)length + 1) * 8;
    case PROTOCOL_AUTHENTICATION:
      return ((weir_u64)length + 2) * 4;
    case PROTOCOL_FRAGMENT:
      return 8;
    default:
      return 0;
  }
}

/*
 * What the two functions below return: the type of the header that comes next in
 * the low 16 bits, where it begins in the 32 above, then the id of a VLAN tag in 12,
 * and the flags.
 *
 * In a BPF program they are global, so that the verifier looks at each once and for any
 * argument. Inlined, it would follow every combination of tags and extension headers.
 */
#ifdef __bpf__
#define VERIFIED_ALONE __attribute__((noinline))
#else
#define VERIFIED_ALONE static __always_inline
#endif
#define STEP_VLAN_SHIFT 48
#define STEP_CUT_OFF (1ull << 62)
#define STEP_FRAGMENT (1ull << 61)

static __always_inline weir_u64 step_to(weir_u64 type, weir_u64 offset) {
  return type | offset << 16;
}
static __always_inline weir_u16 step_type(weir_u64 step) { return step; }
static __always_inline weir_u64 step_offset(weir_u64 step) { return step >> 16 & 0xffffffff; }
static __always_inline weir_u16 step_vlan(weir_u64 step) {
  return step >> STEP_VLAN_SHIFT & VLAN_ID_MASK;
}

/* Steps over the IPv6 extension header of type `protocol` at `offset`. With
 * STEP_FRAGMENT it stands in the middle of something that is not to be read. */
VERIFIED_ALONE weir_u64 step_over_extension(struct __sk_buff* skb, weir_u64 offset,
                                            weir_u64 protocol) {
  struct extension_header copy;
  const struct extension_header* const extension = header_at(skb, offset, &copy, sizeof(copy));
  if (!extension) return STEP_CUT_OFF;
  const weir_u64 next =
      step_to(extension->next_header, offset + extension_length(protocol, extension->length));
  if (protocol == PROTOCOL_FRAGMENT && __builtin_bswap16(extension->fragment) & IPV6_OFFSET_MASK) {
    return next | STEP_FRAGMENT;
  }
  return next;
}

/* Steps over what follows the EtherType of a VLAN tag. */
VERIFIED_ALONE weir_u64 step_over_tag(struct __sk_buff* skb, weir_u64 offset) {
  struct vlan_header copy;
  const struct vlan_header* const vlan = header_at(skb, offset, &copy, sizeof(copy));
  if (!vlan) return STEP_CUT_OFF;
  const weir_u64 id = __builtin_bswap16(vlan->tag) & VLAN_ID_MASK;
  return step_to(__builtin_bswap16(vlan->protocol), offset + sizeof(*vlan)) | id << STEP_VLAN_SHIFT;
}

/* What stands behind the fixed header of IPv6: `step` is of the first. */
static __always_inline weir_u64 parse_ipv6_payload(struct __sk_buff* skb, weir_u64 step,
                                                   struct packet* packet) {
  for (int i = 0; i < MAX_EXTENSION_HEADERS; ++i) {
    if (extension_length(step_type(step), 0) == 0) break;
    step = step_over_extension(skb, step_offset(step), step_type(step));
    if (step & (STEP_CUT_OFF | STEP_FRAGMENT)) break;
  }
  if (step & STEP_CUT_OFF) {
    packet->notes |= PACKET_TRUNCATED;
  } else if (step & STEP_FRAGMENT) {
    packet->notes |= PACKET_FRAGMENT;
    packet->transport_protocol = step_type(step);
  } else if (extension_length(step_type(step), 0) != 0) {
    packet->notes |= PACKET_TRUNCATED; /* too many to look behind */
  } else {
    packet->transport_protocol = step_type(step);
    return parse_transport(skb, step_offset(step), packet);
  }
  return 0;
}

static __always_inline weir_u64 parse_ipv6(struct __sk_buff* skb, weir_u64 offset,
                                           struct packet* packet) {
  struct ipv6_header copy;
  const struct ipv6_header* const ip = header_at(skb, offset, &copy, sizeof(copy));
  if (!ip || ip->version_class >> 4 != 6) {
    packet->notes |= PACKET_TRUNCATED;
    return 0;
  }
  packet->src_ip[0] = ip->src[0];
  packet->src_ip[1] = ip->src[1];
  packet->dst_ip[0] = ip->dst[0];
  packet->dst_ip[1] = ip->dst[1];
  packet->dscp = (ip->version_class & 0xf) << 2 | ip->class_label >> 6;
  packet->flags |= WEIR_FLOW_HAS_DSCP;
  return parse_ipv6_payload(skb, step_to(ip->next_header, offset + sizeof(*ip)), packet);
}

static __always_inline weir_u64 parse_network(struct __sk_buff* skb, weir_u64 offset,
                                              struct packet* packet) {
  if (packet->eth_protocol == ETHERTYPE_IPV4) return parse_ipv4(skb, offset, packet);
  if (packet->eth_protocol == ETHERTYPE_IPV6) return parse_ipv6(skb, offset, packet);
  return 0;
}

static __always_inline int is_tag(weir_u16 eth_protocol) {
  return eth_protocol == ETHERTYPE_VLAN || eth_protocol == ETHERTYPE_QINQ;
}

/* What begins with an Ethernet header at `offset`. */
static __always_inline weir_u64 parse_frame(struct __sk_buff* skb, weir_u64 offset,
                                            struct packet* packet) {
  struct ethernet_header copy;
  const struct ethernet_header* const ethernet = header_at(skb, offset, &copy, sizeof(copy));
  if (!ethernet) {
    packet->notes |= PACKET_TRUNCATED;
    return 0;
  }
  packet->dst_mac = mac_word(ethernet->dst_mac);
  packet->src_mac = mac_word(ethernet->src_mac);
  weir_u64 step = step_to(__builtin_bswap16(ethernet->protocol), offset + sizeof(*ethernet));
  for (int i = 0; i < MAX_VLAN_TAGS && is_tag(step_type(step)); ++i) {
    const weir_u64 next = step_over_tag(skb, step_offset(step));
    if (next & STEP_CUT_OFF) break;
    step = next;
    if (packet->vlan == 0) packet->vlan = WEIR_VLAN_PRESENT | step_vlan(step);
  }
  packet->eth_protocol = step_type(step);
  if (is_tag(step_type(step))) {
    packet->notes |= PACKET_TRUNCATED; /* cut off, or too many to look behind */
    return 0;
  }
  return parse_network(skb, step_offset(step), packet);
}

/* A packet that begins with an Ethernet header. The outermost tag may have been taken
 * out by the card or the kernel, which leave it beside the packet. */
static __always_inline weir_u64 parse_ethernet(struct __sk_buff* skb, struct packet* packet) {
  if (skb->vlan_present) packet->vlan = WEIR_VLAN_PRESENT | (skb->vlan_tci & VLAN_ID_MASK);
  return parse_frame(skb, 0, packet);
}

/* A packet of a link without a link-layer header. */
static __always_inline weir_u64 parse_no_link_layer(struct __sk_buff* skb, struct packet* packet) {
  packet->eth_protocol = __builtin_bswap16(skb->protocol);
  return parse_network(skb, 0, packet);
}

#endif /* WEIR_BPF_PARSE_H_ */
