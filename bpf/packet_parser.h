/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The parser of the BPF programs (bpf/parse.h, bpf/flow_key.h), compiled for user space: a packet
 * from a capture gets the same flow as in the kernel.
 *
 * Accepts any bytes. Reads only the bytes of the packet, in a bounded number of steps. Stateless
 * functions: call them from any thread. For C and C++.
 */
#ifndef WEIR_BPF_PACKET_PARSER_H_
#define WEIR_BPF_PACKET_PARSER_H_

#include "bpf/flow.h"
#include "bpf/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most headers that are read in one frame: Ethernet, link headers (LLC has two parts, and
 * the last MPLS entry has one byte more), IP, extension headers, ports. If a tunnel is looked
 * into, the tunnel's header and the headers of another frame follow. */
enum { WEIR_MAX_PARSED_HEADERS = 1 + (16 + 2) + 1 + 8 + 1 };

/*
 * A packet in memory, at any address and alignment.
 *
 * The weir_parse_* functions are for tests and read it as the kernel does: each header is copied
 * before it is read, unless it is inside `linear`, another copy of the first `linear_size` bytes.
 * `linear` is read in place, as the kernel reads the linear part of a socket buffer. It must end
 * below 4 GB, otherwise it is not used.
 */
struct weir_packet_bytes {
  const void* bytes; /* may be null if size is 0 */
  weir_u32 size;
  const void* linear;   /* null: none */
  weir_u32 linear_size; /* at most `size` */
  weir_u8 in_place;     /* 1: everything is read in place, as weir_read_* do */
  struct weir_tunnels tunnels;
};

struct weir_parsed_packet {
  struct flow_id_t id;           /* direction and if_index are zero: only the caller knows them */
  struct flow_details_t details; /* namespace_id is zero */
  weir_u8 fragment;              /* 1: not the first fragment, so it has no ports */
  weir_u8 truncated;             /* 1: a header is cut off, malformed or too deep */
  weir_u32 copied;               /* number of headers that were copied before reading */
};

/* Parses a packet that begins with an Ethernet header and contains all its tags. */
struct weir_parsed_packet weir_parse_ethernet(const struct weir_packet_bytes* packet);

/* Parses a packet of a link without a link-layer header. `eth_protocol` is its EtherType, in
 * host order. */
struct weir_parsed_packet weir_parse_no_link_layer(const struct weir_packet_bytes* packet,
                                                   weir_u16 eth_protocol);

/*
 * The same two functions, with the fields as the programs have them before they pack a key.
 * `fields` (bpf/packet.h) must be zero before the call. Fields that only the caller knows, those
 * from the hook and from sampling, stay zero. Everything is read in place; `linear` is not used.
 */
void weir_read_ethernet(const struct weir_packet_bytes* packet, struct packet* fields);
void weir_read_no_link_layer(const struct weir_packet_bytes* packet, weir_u16 eth_protocol,
                             struct packet* fields);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_BPF_PACKET_PARSER_H_ */
