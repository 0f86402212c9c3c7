/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parses a socket buffer into the fields of its flow. Reads the packet in place in its linear part
 * and copies a header elsewhere; never pulls, never writes. A field that cannot be read stays zero:
 * no value is better than a wrong one. Headers that are cut off or malformed, and fragments, are
 * noted.
 */
#ifndef WEIR_BPF_PARSE_H_
#define WEIR_BPF_PARSE_H_

#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"

#include <bpf/bpf_helpers.h>

enum {
  MAX_LINK_HEADERS = 16, /* between the Ethernet header and the network layer */
  MAX_EXTENSION_HEADERS = 8,
  /* A header at a larger offset counts as cut off. The verifier needs a bound, and header_at()
   * uses it as a mask: all bits below its highest one are set. */
  MAX_HEADER_OFFSET = 0x7fff,
};

/*
 * An `end` is the offset in the packet where a payload ends, as a header with a length (802.3,
 * PPPoE, IP) says. The packet may end earlier (a truncated capture) or later (padding).
 */
#define NO_END 0xffffffffull

/*
 * Unless their comment says otherwise, the functions below return a payload: that of UDP, or that
 * of IP if its protocol has no header that is read here. The offset is in the low 32 bits, the end
 * above. 0: the packet has no such payload, or it was not reached.
 */
static __always_inline weir_u64 payload_at(weir_u64 offset, weir_u64 end) {
  return offset | end << 32;
}
static __always_inline weir_u64 payload_offset(weir_u64 payload) { return payload & 0xffffffff; }
static __always_inline weir_u64 payload_end(weir_u64 payload) { return payload >> 32; }

/*
 * Returns the header of `size` bytes (a constant) at `offset`: a pointer into the packet, or to
 * `copy`. Null if the packet ends before the header does.
 */
static __always_inline const void* header_at(struct __sk_buff* skb, weir_u64 offset, void* copy,
                                             weir_u32 size) {
  if (offset > MAX_HEADER_OFFSET) return 0;
#ifdef __bpf__
  /* Repeats the check on the register that is added below: the compiler may have compared
   * another register with the same value, which verifiers before 6.2 do not see. */
  asm volatile("%0 &= %1" : "+r"(offset) : "i"(MAX_HEADER_OFFSET));
#else
  if (reads_in_place(skb)) return header_in_place(skb, offset, size);
#endif
  const char* const start = (const char*)(long)skb->data + offset;
  if (start + size <= (const char*)(long)skb->data_end) return start;
  if (bpf_skb_load_bytes(skb, offset, copy, size) == 0) return copy;
  return 0;
}

/* The same for a header that must end before `end`. */
static __always_inline const void* header_before(struct __sk_buff* skb, weir_u64 offset,
                                                 weir_u64 end, void* copy, weir_u32 size) {
  return offset + size <= end ? header_at(skb, offset, copy, size) : 0;
}

static __always_inline weir_u64 mac_word(const header_u16* mac) {
  return mac[0] | (weir_u64)mac[1] << 16 | (weir_u64)mac[2] << 32;
}

/* Protocols other than TCP that begin with ports. */
static __always_inline int has_ports(weir_u8 protocol) {
  return protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP || protocol == PROTOCOL_DCCP ||
         protocol == PROTOCOL_UDP_LITE;
}

static __always_inline void set_ports(const struct port_pair* ports, struct packet* packet) {
  packet->src_port = __builtin_bswap16(ports->src);
  packet->dst_port = __builtin_bswap16(ports->dst);
}

static __always_inline weir_u64 parse_ports(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                            struct packet* packet) {
  struct port_pair copy;
  const struct port_pair* const ports = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!ports) {
    packet->notes |= PACKET_TRUNCATED;
    return 0;
  }
  set_ports(ports, packet);
  if (packet->transport_protocol != PROTOCOL_UDP) return 0;
  packet->headers = offset + sizeof(struct udp_header);
  return payload_at(packet->headers, end);
}

static __always_inline void parse_tcp(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                      struct packet* packet) {
  struct tcp_header copy;
  const struct tcp_header* const tcp = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!tcp) {
    packet->notes |= PACKET_TRUNCATED;
    parse_ports(skb, offset, end, packet);
    return;
  }
  set_ports(&tcp->ports, packet);
  const weir_u16 offset_flags = __builtin_bswap16(tcp->offset_flags);
  packet->tcp_flags = offset_flags & TCP_FLAGS_MASK;
  packet->headers = offset + (offset_flags >> TCP_OFFSET_SHIFT) * 4;
  packet->flags |= WEIR_FLOW_HAS_TCP;
}

static __always_inline void parse_icmp(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                       struct packet* packet) {
  struct icmp_header copy;
  const struct icmp_header* const icmp = header_before(skb, offset, end, &copy, sizeof(copy));
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
                                                weir_u64 end, struct packet* packet) {
  if (packet->transport_protocol == PROTOCOL_TCP) {
    parse_tcp(skb, offset, end, packet);
  } else if (has_ports(packet->transport_protocol)) {
    return parse_ports(skb, offset, end, packet);
  } else if (is_icmp(packet)) {
    parse_icmp(skb, offset, end, packet);
  } else {
    return payload_at(offset, end);
  }
  return 0;
}

/*
 * A step describes the next header: its type in the low 16 bits, its offset in the next 16, an end
 * in the next 16 (0: the header says none), the id of a VLAN tag in 12 bits, then flags. 16 bits
 * suffice for an offset: a header begins at most at MAX_HEADER_OFFSET, and no header is longer than
 * the rest of that range.
 *
 * The functions that step over a header are global in a BPF program: the verifier checks each once,
 * for any argument. Inlined, it would follow every combination of tags and extension headers.
 */
#ifdef __bpf__
#define VERIFIED_ALONE __attribute__((noinline))
#else
#define VERIFIED_ALONE static __always_inline
#endif
#define STEP_VLAN_SHIFT 48
/* Flags of the last step. */
#define STEP_CUT_OFF (1ull << 62)  /* the header of this type is cut off or malformed */
#define STEP_FRAGMENT (1ull << 61) /* not the first fragment: no header follows */
#define STEP_LAST (1ull << 60)     /* no header follows that can be read */
/* The step has the id of the first VLAN tag. */
#define STEP_HAS_VLAN (1ull << 63)
#define STEP_VLAN (STEP_HAS_VLAN | (weir_u64)VLAN_ID_MASK << STEP_VLAN_SHIFT)
#define STEP_ENDS (STEP_CUT_OFF | STEP_FRAGMENT | STEP_LAST)

static __always_inline weir_u64 step_to(weir_u64 type, weir_u64 offset) {
  return type | offset << 16;
}
static __always_inline weir_u16 step_type(weir_u64 step) { return step; }
static __always_inline weir_u64 step_offset(weir_u64 step) { return step >> 16 & 0xffff; }

#define STEP_END_SHIFT 32
#define MAX_STEP_END 0xffff
#define STEP_END ((weir_u64)MAX_STEP_END << STEP_END_SHIFT)
/* Returns the smaller of two ends. */
static __always_inline weir_u64 first_end(weir_u64 a, weir_u64 b) { return a < b ? a : b; }
/* Returns the step with that end. All headers that are read end before MAX_STEP_END. */
static __always_inline weir_u64 step_with_end(weir_u64 step, weir_u64 end) {
  return step | first_end(end, MAX_STEP_END) << STEP_END_SHIFT;
}
static __always_inline weir_u64 step_end(weir_u64 step) {
  return step >> STEP_END_SHIFT & MAX_STEP_END;
}
static __always_inline weir_u16 step_vlan(weir_u64 step) {
  return step >> STEP_VLAN_SHIFT & VLAN_ID_MASK;
}

/* Returns the second word of ::ffff:a.b.c.d. */
static __always_inline weir_u64 mapped_word(weir_u32 address) {
  return 0xffff0000u | (weir_u64)address << 32;
}

/*
 * Returns the end of a payload of `length` bytes at `offset`, inside a payload that ends at `end`.
 * A length of 0, or one that reaches beyond `end`, means `end`.
 */
static __always_inline weir_u64 end_of(weir_u64 offset, weir_u64 length, weir_u64 end) {
  return length != 0 && offset + length < end ? offset + length : end;
}

/* Parses the fixed header of IPv4 and skips its options. Moves `end` to the end of the packet.
 * Segmentation offload leaves a total length of 0: such a packet has no end of its own. Returns
 * the step to the payload. */
static __always_inline weir_u64 parse_ipv4(struct __sk_buff* skb, weir_u64 offset, weir_u64* end,
                                           struct packet* packet) {
  struct ipv4_header copy;
  const struct ipv4_header* const ip = header_before(skb, offset, *end, &copy, sizeof(copy));
  if (!ip || ip->version_length >> 4 != 4) return STEP_CUT_OFF;
  packet->src_ip[1] = mapped_word(ip->src);
  packet->dst_ip[1] = mapped_word(ip->dst);
  packet->dscp = ip->service >> 2;
  packet->flags |= WEIR_FLOW_HAS_DSCP;
  const weir_u64 length = (weir_u64)(ip->version_length & 0xf) * 4;
  const weir_u64 total_length = __builtin_bswap16(ip->total_length);
  const weir_u64 step = step_to(ip->protocol, offset + length);
  if (__builtin_bswap16(ip->fragment) & IPV4_OFFSET_MASK) return step | STEP_FRAGMENT;
  if (length < sizeof(*ip)) return step | STEP_CUT_OFF;
  *end = end_of(offset, total_length, *end);
  return step;
}

/*
 * Parses the fixed header of IPv6. Moves `end` to the end of the packet. Two kinds of packets have
 * a payload length of 0 but a payload: a jumbogram (RFC 2675), which has a hop-by-hop header, and a
 * packet that segmentation offload has made longer than the field can say. These have no end of
 * their own. Any other packet with length 0 has no payload. Returns the step to the payload.
 */
static __always_inline weir_u64 parse_ipv6(struct __sk_buff* skb, weir_u64 offset, weir_u64* end,
                                           struct packet* packet) {
  struct ipv6_header copy;
  const struct ipv6_header* const ip = header_before(skb, offset, *end, &copy, sizeof(copy));
  if (!ip || ip->version_class >> 4 != 6) return STEP_CUT_OFF;
  packet->src_ip[0] = ip->src[0];
  packet->src_ip[1] = ip->src[1];
  packet->dst_ip[0] = ip->dst[0];
  packet->dst_ip[1] = ip->dst[1];
  packet->dscp = (ip->version_class & 0xf) << 2 | ip->class_label >> 6;
  packet->flags |= WEIR_FLOW_HAS_DSCP;
  const weir_u64 payload_length = __builtin_bswap16(ip->payload_length);
  const int has_end =
      payload_length != 0 || (ip->next_header != PROTOCOL_HOP_BY_HOP && skb->len <= 0xffff);
  if (has_end) *end = end_of(offset, sizeof(*ip) + payload_length, *end);
  return step_to(ip->next_header, offset + sizeof(*ip));
}

/* Returns the bytes of an extension header of IPv6, or 0 if `protocol` is none. */
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

/* IPv4 has only one of the extension headers of IPv6. */
static __always_inline int is_extension(weir_u8 protocol, int is_ipv6) {
  return protocol == PROTOCOL_AUTHENTICATION || (is_ipv6 && extension_length(protocol, 0) != 0);
}

/* Returns true for an extension header that has a protocol of its own. If no other header
 * follows, it is the payload (RFC 6275, RFC 7401, RFC 5533). */
static __always_inline int may_be_payload(weir_u8 protocol) {
  return protocol == PROTOCOL_MOBILITY || protocol == PROTOCOL_HIP || protocol == PROTOCOL_SHIM6;
}

/* Steps over the extension header of type `protocol` at `offset`. */
VERIFIED_ALONE weir_u64 step_over_extension(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                            weir_u64 protocol) {
  const weir_u64 here = step_to(protocol, offset);
  struct extension_header copy;
  const struct extension_header* const extension =
      header_before(skb, offset, end, &copy, sizeof(copy));
  if (!extension) return here | STEP_CUT_OFF;
  /* The mandatory fields of an authentication header need a length above 0 (RFC 4302). */
  if (protocol == PROTOCOL_AUTHENTICATION && extension->length == 0) return here | STEP_CUT_OFF;
  const weir_u8 type = extension->next_header;
  if (type == PROTOCOL_NO_NEXT_HEADER && may_be_payload(protocol)) return here | STEP_LAST;
  const weir_u64 next = step_to(type, offset + extension_length(protocol, extension->length));
  if (protocol == PROTOCOL_FRAGMENT && __builtin_bswap16(extension->fragment) & IPV6_OFFSET_MASK) {
    return next | STEP_FRAGMENT;
  }
  return next;
}

/* Steps over all extension headers. `step` leads to the first one. */
VERIFIED_ALONE weir_u64 step_over_extensions(struct __sk_buff* skb, weir_u64 step, weir_u64 end,
                                             weir_u64 is_ipv6) {
  for (int i = 0; i < MAX_EXTENSION_HEADERS; ++i) {
    step = step_over_extension(skb, step_offset(step), end, step_type(step));
    if (step & STEP_ENDS || !is_extension(step_type(step), is_ipv6 != 0)) return step;
  }
  return step | STEP_CUT_OFF; /* too many */
}

/* Parses the payload of IP. `step` leads to its first header. The flow's protocol is the type of
 * the last known header, even if that header is cut off or too deep. */
static __always_inline weir_u64 parse_ip_payload(struct __sk_buff* skb, weir_u64 step, weir_u64 end,
                                                 struct packet* packet) {
  const int is_ipv6 = packet->eth_protocol == ETHERTYPE_IPV6;
  if (!(step & STEP_ENDS) && is_extension(step_type(step), is_ipv6)) {
    step = step_over_extensions(skb, step, end, is_ipv6);
  }
  packet->transport_protocol = step_type(step);
  if (step & STEP_FRAGMENT) packet->notes |= PACKET_FRAGMENT;
  if (step & STEP_CUT_OFF) packet->notes |= PACKET_TRUNCATED;
  return step & STEP_ENDS ? 0 : parse_transport(skb, step_offset(step), end, packet);
}

static __always_inline weir_u64 parse_network(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                              struct packet* packet) {
  weir_u64 step;
  if (packet->eth_protocol == ETHERTYPE_IPV4) {
    step = parse_ipv4(skb, offset, &end, packet);
  } else if (packet->eth_protocol == ETHERTYPE_IPV6) {
    step = parse_ipv6(skb, offset, &end, packet);
  } else {
    return 0;
  }
  return parse_ip_payload(skb, step, end, packet);
}

static __always_inline int is_tag(weir_u16 type) {
  return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ;
}

/* True if the field of the EtherType holds the length of an 802.3 frame instead. */
static __always_inline int is_length(weir_u16 type) { return type < WEIR_MIN_ETHERTYPE; }

static __always_inline int is_mpls(weir_u16 type) {
  return type == ETHERTYPE_MPLS || type == ETHERTYPE_MPLS_UPSTREAM;
}

/* True if a header of this type comes between Ethernet and the network layer. */
static __always_inline int is_link_header(weir_u16 type) {
  return is_tag(type) || is_length(type) || is_mpls(type) || type == ETHERTYPE_PPPOE_SESSION;
}

/* Steps over the bytes after the EtherType of a VLAN tag. */
static __always_inline weir_u64 step_over_tag(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                              weir_u64 type) {
  struct vlan_header copy;
  const struct vlan_header* const vlan = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!vlan) return step_to(type, offset) | STEP_CUT_OFF;
  const weir_u64 id = __builtin_bswap16(vlan->tag) & VLAN_ID_MASK;
  return step_to(__builtin_bswap16(vlan->protocol), offset + sizeof(*vlan)) |
         id << STEP_VLAN_SHIFT | STEP_HAS_VLAN;
}

/* Steps over LLC in a frame with `length` bytes after the length field; padding may follow. SNAP
 * has an EtherType (IEEE 802, RFC 1042, and the bridge tunnel encapsulation of 802.1H). Other
 * LLC has none, and no header that can be read. */
static __always_inline weir_u64 step_over_llc(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                              weir_u64 length) {
  const weir_u64 without_type = step_to(0, offset);
  end = first_end(offset + length, end);
  struct llc_header llc_copy;
  const struct llc_header* const llc = header_before(skb, offset, end, &llc_copy, sizeof(llc_copy));
  if (!llc) return without_type | STEP_CUT_OFF;
  if (llc->dsap != LLC_SNAP || llc->ssap != LLC_SNAP || llc->control != LLC_UNNUMBERED) {
    return without_type | STEP_LAST;
  }
  struct snap_header copy;
  const struct snap_header* const snap = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!snap) return without_type | STEP_CUT_OFF;
  const weir_u64 type = __builtin_bswap16(snap->protocol);
  const weir_u8 last = snap->organization[2];
  const int has_type = !snap->organization[0] && !snap->organization[1] &&
                       (last == SNAP_RFC_1042 || last == SNAP_BRIDGE_TUNNEL);
  if (!has_type || is_length(type)) return without_type | STEP_LAST;
  return step_with_end(step_to(type, offset + sizeof(*snap)), end);
}

/* Returns the EtherType for a protocol of PPP, or 0 if there is none. */
static __always_inline weir_u16 type_of_ppp(weir_u16 protocol) {
  switch (protocol) {
    case PPP_IPV4:
      return ETHERTYPE_IPV4;
    case PPP_IPV6:
      return ETHERTYPE_IPV6;
    case PPP_MPLS:
      return ETHERTYPE_MPLS;
    case PPP_MPLS_UPSTREAM:
      return ETHERTYPE_MPLS_UPSTREAM;
    default:
      return 0;
  }
}

/* Steps over the header of a PPPoE session (RFC 2516) and the PPP protocol. The protocol may be
 * compressed to one byte (RFC 1661) and is part of the payload. Padding may follow the payload.
 * Other protocols, such as the session's control protocols, keep the EtherType of PPPoE. */
static __always_inline weir_u64 step_over_pppoe(struct __sk_buff* skb, weir_u64 offset,
                                                weir_u64 end) {
  const weir_u64 here = step_to(ETHERTYPE_PPPOE_SESSION, offset);
  struct pppoe_header copy;
  const struct pppoe_header* const pppoe = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!pppoe) return here | STEP_CUT_OFF;
  if (pppoe->version_type != PPPOE_VERSION_1_TYPE_1 || pppoe->code != 0) return here | STEP_LAST;
  const int is_compressed = pppoe->protocol[0] & 1;
  const weir_u64 payload = offset + sizeof(*pppoe) - sizeof(pppoe->protocol);
  const weir_u64 next = payload + sizeof(pppoe->protocol) - is_compressed;
  const weir_u64 payload_ends = payload + __builtin_bswap16(pppoe->length);
  if (payload_ends < next) return here | STEP_CUT_OFF;
  const weir_u16 type = type_of_ppp(is_compressed ? pppoe->protocol[0]
                                                  : pppoe->protocol[0] << 8 | pppoe->protocol[1]);
  if (type == 0) return here | STEP_LAST;
  return step_with_end(step_to(type, next), payload_ends);
}

/* Steps over one entry of an MPLS label stack (RFC 3032). After the last entry, the first 4 bits
 * tell IP by its version (RFC 4928). Other payloads, such as the control word of a pseudowire
 * (RFC 4385), keep the EtherType of MPLS. */
static __always_inline weir_u64 step_over_mpls(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                               weir_u64 type) {
  struct mpls_entry copy;
  const struct mpls_entry* const entry = header_before(skb, offset, end, &copy, sizeof(copy));
  if (!entry) return step_to(type, offset) | STEP_CUT_OFF;
  const weir_u64 payload = offset + sizeof(*entry);
  if (!(entry->traffic_class & MPLS_BOTTOM)) return step_to(type, payload);
  weir_u8 first_copy;
  const weir_u8* const first = header_before(skb, payload, end, &first_copy, sizeof(first_copy));
  if (!first) return step_to(type, payload) | STEP_CUT_OFF;
  if (*first >> 4 == 4) return step_to(ETHERTYPE_IPV4, payload);
  if (*first >> 4 == 6) return step_to(ETHERTYPE_IPV6, payload);
  return step_to(type, payload) | STEP_LAST;
}

/* Steps over the link header of type `type` at `offset`. */
VERIFIED_ALONE weir_u64 step_over_link_header(struct __sk_buff* skb, weir_u64 offset, weir_u64 end,
                                              weir_u64 type) {
  if (is_tag(type)) return step_over_tag(skb, offset, end, type);
  if (is_mpls(type)) return step_over_mpls(skb, offset, end, type);
  if (type == ETHERTYPE_PPPOE_SESSION) return step_over_pppoe(skb, offset, end);
  return step_over_llc(skb, offset, end, type);
}

/* Steps over all link headers. `step` leads to the first one, and has an end. The type of the
 * result is that of the last known header, even if that header is cut off or too deep. Its end
 * is the smallest of the end in `step` and the ends that the headers say. */
VERIFIED_ALONE weir_u64 step_over_link_headers(struct __sk_buff* skb, weir_u64 step) {
  weir_u64 end = step_end(step), vlan = 0;
  for (int i = 0; i < MAX_LINK_HEADERS; ++i) {
    const weir_u16 type = step_type(step);
    step = step_over_link_header(skb, step_offset(step), end, type);
    if (vlan == 0) vlan = step & STEP_VLAN;
    if (step_end(step) != 0) end = first_end(step_end(step), end);
    step &= ~(STEP_VLAN | STEP_END);
    if (step & STEP_ENDS || !is_link_header(step_type(step))) {
      return step_with_end(step | vlan, end);
    }
  }
  const weir_u64 type = is_length(step_type(step)) ? 0 : step_type(step);
  return step_with_end(step_to(type, step_offset(step)) | vlan | STEP_CUT_OFF, end);
}

/* Parses the link headers to which `step` leads, and the network layer after them. The end
 * always goes through the step: the verifier would follow a known end apart from the ends of
 * link headers. */
static __always_inline weir_u64 parse_link(struct __sk_buff* skb, weir_u64 step, weir_u64 end,
                                           struct packet* packet) {
  step = step_with_end(step, end);
  if (!(step & STEP_ENDS) && is_link_header(step_type(step))) {
    step = step_over_link_headers(skb, step);
  }
  end = step_end(step);
  if (step & STEP_HAS_VLAN && packet->vlan == 0) {
    packet->vlan = WEIR_VLAN_PRESENT | step_vlan(step);
  }
  packet->eth_protocol = step_type(step);
  if (step & STEP_CUT_OFF) packet->notes |= PACKET_TRUNCATED;
  return step & STEP_ENDS ? 0 : parse_network(skb, step_offset(step), end, packet);
}

/* Parses the Ethernet header at `offset`. Returns the step over it. */
static __always_inline weir_u64 parse_ethernet_header(struct __sk_buff* skb, weir_u64 offset,
                                                      weir_u64 end, struct packet* packet) {
  struct ethernet_header copy;
  const struct ethernet_header* const ethernet =
      header_before(skb, offset, end, &copy, sizeof(copy));
  if (!ethernet) return STEP_CUT_OFF;
  packet->dst_mac = mac_word(ethernet->dst_mac);
  packet->src_mac = mac_word(ethernet->src_mac);
  return step_to(__builtin_bswap16(ethernet->protocol), offset + sizeof(*ethernet));
}

/* Parses a packet that begins with an Ethernet header. The card or the kernel may have taken out
 * the outermost tag and keep it beside the packet. */
static __always_inline weir_u64 parse_ethernet(struct __sk_buff* skb, struct packet* packet) {
  if (skb->vlan_present) packet->vlan = WEIR_VLAN_PRESENT | (skb->vlan_tci & VLAN_ID_MASK);
  return parse_link(skb, parse_ethernet_header(skb, 0, NO_END, packet), NO_END, packet);
}

/* Parses a packet of a link without a link-layer header. For packets that it cannot identify,
 * the kernel has numbers of its own below the EtherTypes; they do not mean that LLC follows. */
static __always_inline weir_u64 parse_no_link_layer(struct __sk_buff* skb, struct packet* packet) {
  const weir_u16 type = __builtin_bswap16(skb->protocol);
  if (!is_length(type)) return parse_link(skb, step_to(type, 0), NO_END, packet);
  packet->eth_protocol = type;
  return 0;
}

#endif /* WEIR_BPF_PARSE_H_ */
