/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The parser of the BPF programs (bpf/parse.h, bpf/flow_key.h), compiled for user
 * space: a packet from a capture gets the flow that the kernel would have given it.
 *
 * Any bytes are taken; none but those of the packet are read, in a number of steps
 * that is bounded. Stateless functions: any thread. For C and C++.
 */
#ifndef WEIR_BPF_PACKET_PARSER_H_
#define WEIR_BPF_PACKET_PARSER_H_

#include "bpf/flow.h"
#include "bpf/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Most headers of one frame that are read: Ethernet, those of the link layer (of LLC and behind
 * MPLS a part more), IP, extension headers, ports. Where a tunnel is looked into, the
 * tunnel's header and those of another frame follow. */
enum { WEIR_MAX_PARSED_HEADERS = 1 + (16 + 2) + 1 + 8 + 1 };

/*
 * A packet in memory, at any address and alignment. What the weir_parse_* do with it is for
 * tests: as in the kernel each header is copied before it is read, unless it lies within
 * `linear`, another copy of the first `linear_size` bytes, which is read in place as the
 * kernel reads the linear part of a socket buffer. That has to end below 4 GB, or it is not
 * used.
 */
struct weir_packet_bytes {
  const void* bytes; /* may be null if size is 0 */
  weir_u32 size;
  const void* linear;   /* null: none */
  weir_u32 linear_size; /* size at most */
  weir_u8 in_place;     /* 1: all is read where it stands, as the weir_read_* do */
  struct weir_tunnels tunnels;
};

struct weir_parsed_packet {
  struct flow_id_t id;           /* direction and if_index are zero: the caller knows them */
  struct flow_details_t details; /* namespace_id is zero */
  weir_u8 fragment;              /* 1: not the first fragment, so it has no ports */
  weir_u8 truncated;             /* 1: a header is cut off, makes no sense, or lies too deep */
  weir_u32 copied;               /* headers that were copied; those read in place are not counted */
};

/* A packet that begins with an Ethernet header, with all its tags in it. */
struct weir_parsed_packet weir_parse_ethernet(const struct weir_packet_bytes* packet);

/* A packet of a link without a link-layer header; `eth_protocol`, in host order, says
 * what it is. */
struct weir_parsed_packet weir_parse_no_link_layer(const struct weir_packet_bytes* packet,
                                                   weir_u16 eth_protocol);

/*
 * The same two, as the programs have it before they pack a key: for whoever wants the
 * fields. `fields` (bpf/packet.h) is zero before, and so are afterwards what the caller
 * knows: those of the hook and of sampling. All is read in place, and `linear` not at all.
 */
void weir_read_ethernet(const struct weir_packet_bytes* packet, struct packet* fields);
void weir_read_no_link_layer(const struct weir_packet_bytes* packet, weir_u16 eth_protocol,
                             struct packet* fields);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_BPF_PACKET_PARSER_H_ */
