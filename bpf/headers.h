/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Protocol headers as they are in a packet. Fields are in network order. Each field is at its
 * natural alignment, counted from the start of the header: the same code reads a header from the
 * packet and from an aligned copy on the stack. In user space a packet may be at any address.
 */
#ifndef WEIR_BPF_HEADERS_H_
#define WEIR_BPF_HEADERS_H_

#include "bpf/flow.h"

enum {
  ETHERTYPE_IPV4 = 0x0800,
  ETHERTYPE_BRIDGING = 0x6558, /* in tunnels: an Ethernet frame */
  ETHERTYPE_VLAN = 0x8100,     /* IEEE 802.1Q */
  ETHERTYPE_QINQ = 0x88a8,     /* IEEE 802.1ad */
  ETHERTYPE_IPV6 = 0x86dd,
  ETHERTYPE_MPLS = 0x8847,
  ETHERTYPE_MPLS_UPSTREAM = 0x8848, /* RFC 5332; once multicast */
  ETHERTYPE_PPPOE_SESSION = 0x8864,
};

enum {
  PROTOCOL_HOP_BY_HOP = 0,
  PROTOCOL_ICMP = 1,
  PROTOCOL_IPV4 = 4,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_DCCP = 33,
  PROTOCOL_IPV6 = 41,
  PROTOCOL_ROUTING = 43,
  PROTOCOL_FRAGMENT = 44,
  PROTOCOL_GRE = 47,
  PROTOCOL_AUTHENTICATION = 51,
  PROTOCOL_ICMPV6 = 58,
  PROTOCOL_NO_NEXT_HEADER = 59,
  PROTOCOL_DESTINATION_OPTIONS = 60,
  PROTOCOL_SCTP = 132,
  PROTOCOL_MOBILITY = 135,
  PROTOCOL_UDP_LITE = 136,
  PROTOCOL_HIP = 139,
  PROTOCOL_SHIM6 = 140,
};

#ifdef __bpf__
typedef weir_u16 header_u16;
typedef weir_u32 header_u32;
typedef weir_u64 header_u64;
#else
typedef weir_u16 header_u16 __attribute__((aligned(1)));
typedef weir_u32 header_u32 __attribute__((aligned(1)));
typedef weir_u64 header_u64 __attribute__((aligned(1)));
#endif

struct ethernet_header {
  header_u16 dst_mac[3];
  header_u16 src_mac[3];
  header_u16 protocol;
};
WEIR_STATIC_ASSERT(sizeof(struct ethernet_header) == 14);

enum { VLAN_ID_MASK = 0x0fff };

/* The bytes after an EtherType of 802.1Q or 802.1ad. As many bytes as a whole tag. */
struct vlan_header {
  header_u16 tag; /* VLAN_ID_MASK and priority */
  header_u16 protocol;
};

enum { LLC_SNAP = 0xaa, LLC_UNNUMBERED = 0x03 };

/* The bytes after the length of an 802.3 frame (IEEE 802.2). */
struct llc_header {
  weir_u8 dsap;
  weir_u8 ssap;
  weir_u8 control; /* its first byte */
};

/* The last byte of an organization code that starts with two zeros: its protocols are
 * EtherTypes. */
enum { SNAP_RFC_1042 = 0x00, SNAP_BRIDGE_TUNNEL = 0xf8 };

/* LLC with LLC_SNAP and LLC_UNNUMBERED. */
struct snap_header {
  struct llc_header llc;
  weir_u8 organization[3];
  header_u16 protocol;
};
WEIR_STATIC_ASSERT(sizeof(struct snap_header) == 8);

enum { PPPOE_VERSION_1_TYPE_1 = 0x11 };

/* IANA's numbers of the network layers in PPP. */
enum {
  PPP_IPV4 = 0x0021,
  PPP_IPV6 = 0x0057,
  PPP_MPLS = 0x0281,
  PPP_MPLS_UPSTREAM = 0x0283,
};

/* PPPoE (RFC 2516), and the PPP protocol after it. */
struct pppoe_header {
  weir_u8 version_type;
  weir_u8 code; /* 0: data of the session */
  header_u16 session;
  header_u16 length;
  weir_u8 protocol[2]; /* one byte only if the first is odd */
};
WEIR_STATIC_ASSERT(sizeof(struct pppoe_header) == 8);

enum { MPLS_BOTTOM = 0x01 };

/* An entry of a label stack (RFC 3032). */
struct mpls_entry {
  weir_u8 label[2];      /* the high 16 of its 20 bits */
  weir_u8 traffic_class; /* the low 4 bits of the label, 3 of the class, MPLS_BOTTOM */
  weir_u8 hops;
};

enum { IPV4_OFFSET_MASK = 0x1fff };

struct ipv4_header {
  weir_u8 version_length; /* high half: 4; low half: words of the header */
  weir_u8 service;        /* DSCP above two bits of ECN (RFC 3168) */
  header_u16 total_length;
  header_u16 id;
  header_u16 fragment; /* flags and IPV4_OFFSET_MASK */
  weir_u8 hops;
  weir_u8 protocol;
  header_u16 checksum;
  header_u32 src;
  header_u32 dst;
};
WEIR_STATIC_ASSERT(sizeof(struct ipv4_header) == 20);

struct ipv6_header {
  weir_u8 version_class; /* high half: 6; low half: high half of the traffic class */
  weir_u8 class_label;   /* its low half, and the flow label */
  header_u16 label;
  header_u16 payload_length;
  weir_u8 next_header;
  weir_u8 hops;
  header_u64 src[2];
  header_u64 dst[2];
};
WEIR_STATIC_ASSERT(sizeof(struct ipv6_header) == 40);

enum { IPV6_OFFSET_MASK = 0xfff8 };

/* The first four bytes, which all IPv6 extension headers have in common. */
struct extension_header {
  weir_u8 next_header;
  weir_u8 length;      /* its unit and where it starts depend on the header */
  header_u16 fragment; /* only in a fragment header: IPV6_OFFSET_MASK and flags */
};

/* The first four bytes of TCP, UDP, SCTP, DCCP and UDP-Lite. */
struct port_pair {
  header_u16 src;
  header_u16 dst;
};

struct udp_header {
  struct port_pair ports;
  header_u16 length;
  header_u16 checksum;
};

enum { VXLAN_HAS_ID = 0x08 };

/* The header between UDP and the carried frame (RFC 7348). */
struct vxlan_header {
  weir_u8 flags; /* VXLAN_HAS_ID, and reserved bits, which are ignored */
  weir_u8 reserved[3];
  header_u32 id; /* 24 bits, then 8 reserved bits */
};

enum { GENEVE_CONTROL = 0x80 };

/* The header between UDP and the carried packet (RFC 8926). Options follow. */
struct geneve_header {
  weir_u8 version_length; /* 2 bits of version, 6 bits of options in units of 4 bytes */
  weir_u8 flags;          /* GENEVE_CONTROL, and others, which are ignored */
  header_u16 protocol;    /* an EtherType */
  header_u32 id;          /* 24 bits, then 8 reserved bits */
};
WEIR_STATIC_ASSERT(sizeof(struct geneve_header) == 8);

/* gre_header.flags_version */
enum {
  GRE_CHECKSUM = 0x8000,
  GRE_ROUTING = 0x4000,
  GRE_KEY = 0x2000,
  GRE_SEQUENCE = 0x1000,
  GRE_VERSION_MASK = 0x0007,
};

/* GRE (RFC 2784). Checksum, key and sequence number follow if present, 4 bytes each (RFC 2890). */
struct gre_header {
  header_u16 flags_version;
  header_u16 protocol; /* an EtherType */
};

enum {
  TCP_FLAGS_MASK = 0x0fff,
  TCP_OFFSET_SHIFT = 12, /* words of the header, in the bits above the flags */
  TCP_FIN = 0x01,
  TCP_SYN = 0x02,
  TCP_RST = 0x04,
  TCP_ACK = 0x10,
};

/* TCP up to the window. */
struct tcp_header {
  struct port_pair ports;
  header_u32 sequence;
  header_u32 acknowledgement;
  header_u16 offset_flags; /* TCP_FLAGS_MASK, TCP_OFFSET_SHIFT */
  header_u16 window;
};
WEIR_STATIC_ASSERT(sizeof(struct tcp_header) == 16);

/* The first two bytes of ICMP and ICMPv6. */
struct icmp_header {
  weir_u8 type;
  weir_u8 code;
};

#endif /* WEIR_BPF_HEADERS_H_ */
