/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpf/packet_parser.h"

#include <string.h>

#include "bpf/kernel_types.h"

/* BPF helpers are kernel functions, called by number. parse.h calls one of them; this file
 * defines it as an ordinary function. */
#define bpf_skb_load_bytes bpf_skb_load_bytes_of_the_kernel
#include <bpf/bpf_helpers.h>
#undef bpf_skb_load_bytes

/* skb->data and data_end of a packet without a linear part. Not 0, because arithmetic on a null
 * pointer is undefined even if nothing is read. */
enum { NOWHERE = 1 };

/* The context that a BPF program sees, followed by what its helper reads. */
struct packet_context {
  struct __sk_buff skb;
  const struct weir_packet_bytes* packet;
  int in_place; /* nothing is copied; a constant where speed matters */
  weir_u32 copied;
};

static __always_inline int has_bytes(const struct weir_packet_bytes* packet, weir_u64 offset,
                                     weir_u32 size) {
  return offset <= packet->size && size <= packet->size - offset;
}

/* For parse.h. Only user space has this: it can read a packet at any address. */
static __always_inline int reads_in_place(const struct __sk_buff* skb) {
  return ((const struct packet_context*)skb)->in_place;
}

static __always_inline const void* header_in_place(const struct __sk_buff* skb, weir_u64 offset,
                                                   weir_u32 size) {
  const struct weir_packet_bytes* const packet = ((const struct packet_context*)skb)->packet;
  return has_bytes(packet, offset, size) ? (const char*)packet->bytes + offset : 0;
}

/* Like the kernel's helper: copies all bytes or, if they are not there, writes zeros to `to`.
 * Inline, so that a header of a known size is copied without a call. */
static __always_inline long bpf_skb_load_bytes(const struct __sk_buff* skb, weir_u32 offset,
                                               void* to, weir_u32 size) {
  struct packet_context* const context = (struct packet_context*)skb;
  const struct weir_packet_bytes* const packet = context->packet;
  if (!has_bytes(packet, offset, size)) {
    memset(to, 0, size);
    return -1;
  }
  memcpy(to, (const char*)packet->bytes + offset, size);
  context->copied += 1;
  return 0;
}

#include "bpf/flow_key.h"
#include "bpf/packet.h"
#include "bpf/parse.h"
#include "bpf/tunnel.h"

/* Sets only the fields that the parser reads: the rest of a socket buffer is four cache lines. */
static __always_inline void set_context(const struct weir_packet_bytes* packet,
                                        weir_u16 eth_protocol, int in_place,
                                        struct packet_context* context) {
  context->packet = packet;
  context->in_place = in_place;
  context->copied = 0;
  context->skb.len = packet->size;
  context->skb.protocol = __builtin_bswap16(eth_protocol);
  context->skb.vlan_present = 0;
  context->skb.vlan_tci = 0;
  context->skb.data = context->skb.data_end = NOWHERE;
}

static void set_linear_part(const struct weir_packet_bytes* packet,
                            struct packet_context* context) {
  const weir_u64 begin = (unsigned long)packet->linear;
  const weir_u64 end = begin + packet->linear_size;
  if (begin != 0 && end <= (weir_u32)-1) {
    context->skb.data = (weir_u32)begin;
    context->skb.data_end = (weir_u32)end;
  }
}

/* Works on a copy of the context. A variable whose address is passed to a function that is not
 * inlined stays in memory; most packets do not need that. */
static __always_inline void read_tunnel(struct packet_context* context, weir_u64 payload,
                                        struct packet* packet) {
  const struct weir_tunnels tunnels = context->packet->tunnels;
  if (payload == 0 || tunnel_of(packet, &tunnels) == TUNNEL_NONE) return;
  struct packet_context copy = *context;
  parse_tunnel(&copy.skb, payload, &tunnels, packet);
  context->copied = copy.copied;
}

static __always_inline void read_ethernet(struct packet_context* context, struct packet* packet) {
  read_tunnel(context, parse_ethernet(&context->skb, packet), packet);
}

static __always_inline void read_no_link_layer(struct packet_context* context,
                                               struct packet* packet) {
  read_tunnel(context, parse_no_link_layer(&context->skb, packet), packet);
}

static struct weir_parsed_packet packed(const struct packet* packet, weir_u32 copied) {
  union flow_key key;
  make_key(packet, &key);
  struct weir_parsed_packet parsed = {
      .id = key.id,
      .fragment = (packet->notes & PACKET_FRAGMENT) != 0,
      .truncated = (packet->notes & PACKET_TRUNCATED) != 0,
      .copied = copied,
  };
  make_details(packet, 0, 0, &parsed.details);
  return parsed;
}

void weir_read_ethernet(const struct weir_packet_bytes* bytes, struct packet* packet) {
  struct packet_context context;
  set_context(bytes, 0, 1, &context);
  read_ethernet(&context, packet);
}

void weir_read_no_link_layer(const struct weir_packet_bytes* bytes, weir_u16 eth_protocol,
                             struct packet* packet) {
  struct packet_context context;
  set_context(bytes, eth_protocol, 1, &context);
  read_no_link_layer(&context, packet);
}

struct weir_parsed_packet weir_parse_ethernet(const struct weir_packet_bytes* bytes) {
  struct packet packet = {0};
  struct packet_context context;
  set_context(bytes, 0, bytes->in_place, &context);
  set_linear_part(bytes, &context);
  read_ethernet(&context, &packet);
  return packed(&packet, context.copied);
}

struct weir_parsed_packet weir_parse_no_link_layer(const struct weir_packet_bytes* bytes,
                                                   weir_u16 eth_protocol) {
  struct packet packet = {0};
  struct packet_context context;
  set_context(bytes, eth_protocol, bytes->in_place, &context);
  set_linear_part(bytes, &context);
  read_no_link_layer(&context, &packet);
  return packed(&packet, context.copied);
}
