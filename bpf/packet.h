/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet as the parser (bpf/parse.h) leaves it for counting and filtering.
 */
#ifndef WEIR_BPF_PACKET_H_
#define WEIR_BPF_PACKET_H_

#include "bpf/flow.h"

/* The smallest EtherType. A smaller number in its field is the length of an IEEE 802.3 frame. */
enum { WEIR_MIN_ETHERTYPE = 0x0600 };

/* packet.notes */
enum packet_note {
  PACKET_FRAGMENT = 1 << 0,  /* not the first fragment: it carries no ports */
  PACKET_TRUNCATED = 1 << 1, /* a header is cut off, malformed or too deep */
};

/* The fields of a packet. MACs are in the low 48 bits, first byte lowest. IP addresses are two
 * words in memory order. Ports and EtherType are in host order. */
struct packet {
  /* From the hook. */
  weir_u64 time;            /* arrival, in the unit of enum weir_clock */
  weir_u64 bytes;           /* with the VLAN tag that the kernel keeps beside the packet */
  weir_u64 more_wire_bytes; /* headers that segmentation adds: bytes on the wire - bytes */
  weir_u32 wire_packets;    /* packets after segmentation; at least 1 */
  weir_u32 if_index;
  weir_u8 direction; /* WEIR_DIRECTION_* */
  /* From its headers. */
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
  weir_u8 reserved; /* no padding: functions get the struct by its address */
  weir_u16 headers; /* bytes before the payload of TCP or UDP; 0: unknown */
  /* From sampling. */
  weir_u32 sampling_interval;
  weir_u64 src_mac;
  weir_u64 dst_mac;
  weir_u64 src_ip[2];
  weir_u64 dst_ip[2];
};

#endif /* WEIR_BPF_PACKET_H_ */
