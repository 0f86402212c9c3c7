/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet as the parser (bpf/parse.h) leaves it to whoever counts or filters it.
 */
#ifndef WEIR_BPF_PACKET_H_
#define WEIR_BPF_PACKET_H_

#include "bpf/flow.h"

/* packet.notes */
enum packet_note {
  PACKET_FRAGMENT = 1 << 0,  /* not the first one: it carries no ports */
  PACKET_TRUNCATED = 1 << 1, /* a header is cut off, makes no sense, or lies too deep */
};

/* What is known of a packet. MACs stand in the low 48 bits, first byte lowest; addresses as two
 * words in memory order; ports and EtherType in host order. */
struct packet {
  /* What the hook says. */
  weir_u64 time;            /* when it came, in the unit of enum weir_clock */
  weir_u64 bytes;           /* with a VLAN tag that stands beside the packet */
  weir_u64 more_wire_bytes; /* headers that segmentation adds: bytes on the wire - bytes */
  weir_u32 wire_packets;    /* what segmentation will make of it, 1 at least */
  weir_u32 if_index;
  weir_u8 direction; /* WEIR_DIRECTION_* */
  /* What its headers say. */
  weir_u8 notes; /* enum packet_note */
  weir_u16 eth_protocol;
  weir_u16 src_port;
  weir_u16 dst_port;
  weir_u8 transport_protocol;
  /* As in flow_details_t. */
  weir_u8 flags;
  weir_u16 tcp_flags;
  weir_u16 vlan;
  weir_u8 dscp;
  weir_u8 icmp_type;
  weir_u8 icmp_code;
  weir_u8 reserved; /* no padding: all of it is passed to a function by its address */
  weir_u16 headers; /* bytes in front of the payload of TCP or UDP; 0: not known */
  /* What sampling says. */
  weir_u32 sampling_interval;
  weir_u64 src_mac;
  weir_u64 dst_mac;
  weir_u64 src_ip[2];
  weir_u64 dst_ip[2];
};

#endif /* WEIR_BPF_PACKET_H_ */
