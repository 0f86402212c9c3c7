/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpf/packet_parser.h"

#include <string.h>

#include "bpf/kernel_types.h"

/* Helpers are the kernel's functions, by number. The one that parse.h calls is a
 * function of this file instead. */
#define bpf_skb_load_bytes bpf_skb_load_bytes_of_the_kernel
#include <bpf/bpf_helpers.h>
#undef bpf_skb_load_bytes

/* skb->data and data_end of a packet without a linear part. Not 0, because to count
 * from a null pointer is undefined even where nothing is read. */
enum { NOWHERE = 1 };

/* What a BPF program sees of the packet, and behind it what its helper reads. */
struct packet_context {
  struct __sk_buff skb;
  const struct weir_packet_bytes* packet;
  weir_u32 copied;
};

/* As the kernel's: all of it or, with zeros in `to`, nothing. Inline, so that a header of a
 * known size is copied without a call. */
static __always_inline long bpf_skb_load_bytes(const struct __sk_buff* skb, weir_u32 offset,
                                               void* to, weir_u32 size) {
  struct packet_context* const context = (struct packet_context*)skb;
  const struct weir_packet_bytes* const packet = context->packet;
  if (offset > packet->size || size > packet->size - offset) {
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
#include "bpf/vxlan.h"

/* What the parser reads of a socket buffer, and no more: the rest is four cache lines. */
static void set_context(const struct weir_packet_bytes* packet, weir_u16 eth_protocol,
                        struct packet_context* context) {
  context->packet = packet;
  context->copied = 0;
  context->skb.len = packet->size;
  context->skb.protocol = __builtin_bswap16(eth_protocol);
  context->skb.vlan_present = 0;
  context->skb.vlan_tci = 0;
  context->skb.data = context->skb.data_end = NOWHERE;
  const weir_u64 begin = (unsigned long)packet->linear;
  const weir_u64 end = begin + packet->linear_size;
  if (begin != 0 && end <= (weir_u32)-1) {
    context->skb.data = (weir_u32)begin;
    context->skb.data_end = (weir_u32)end;
  }
}

/* Both return how many headers were copied. */
static __always_inline weir_u32 read_ethernet(const struct weir_packet_bytes* bytes,
                                              struct packet* packet) {
  struct packet_context context;
  set_context(bytes, 0, &context);
  const weir_u64 payload = parse_ethernet(&context.skb, packet);
  if (bytes->vxlan_port != 0) parse_vxlan(&context.skb, payload, bytes->vxlan_port, packet);
  return context.copied;
}

static __always_inline weir_u32 read_no_link_layer(const struct weir_packet_bytes* bytes,
                                                   weir_u16 eth_protocol, struct packet* packet) {
  struct packet_context context;
  set_context(bytes, eth_protocol, &context);
  const weir_u64 payload = parse_no_link_layer(&context.skb, packet);
  if (bytes->vxlan_port != 0) parse_vxlan(&context.skb, payload, bytes->vxlan_port, packet);
  return context.copied;
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
  make_details(packet, 0, &parsed.details);
  return parsed;
}

void weir_read_ethernet(const struct weir_packet_bytes* bytes, struct packet* packet) {
  read_ethernet(bytes, packet);
}

void weir_read_no_link_layer(const struct weir_packet_bytes* bytes, weir_u16 eth_protocol,
                             struct packet* packet) {
  read_no_link_layer(bytes, eth_protocol, packet);
}

struct weir_parsed_packet weir_parse_ethernet(const struct weir_packet_bytes* bytes) {
  struct packet packet = {0};
  const weir_u32 copied = read_ethernet(bytes, &packet);
  return packed(&packet, copied);
}

struct weir_parsed_packet weir_parse_no_link_layer(const struct weir_packet_bytes* bytes,
                                                   weir_u16 eth_protocol) {
  struct packet packet = {0};
  const weir_u32 copied = read_no_link_layer(bytes, eth_protocol, &packet);
  return packed(&packet, copied);
}
