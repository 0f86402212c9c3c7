/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes packets of many flows from one frame. It runs with BPF_PROG_TEST_RUN and
 * BPF_F_TEST_XDP_LIVE_FRAMES, gives each copy the source address of the next flow and passes it to
 * the interface. For tests and benchmarks only.
 */
#include "bpf/testing/traffic_generator.h"
#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"

#include <bpf/bpf_helpers.h>

/* The context of an XDP program. */
struct xdp_md {
  __u32 data;
  __u32 data_end;
  __u32 data_meta;
  __u32 ingress_ifindex;
  __u32 rx_queue_index;
  __u32 egress_ifindex;
};

enum xdp_action { XDP_DROP = 1, XDP_PASS = 2 };

/* The number of flows of each family, at most 2^24. Each CPU sends all of them. */
const volatile weir_u32 flows = 1;

/* Plain additions are exact: bottom halves are disabled while the program runs. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __type(value, struct weir_generator_state);
} generator_state SEC(".maps");

static __always_inline weir_u32 count(enum weir_frame_family family, weir_u64 bytes,
                                      struct weir_generator_state* state) {
  const weir_u32 flow = state->next_flow[family];
  state->next_flow[family] = flow + 1 < flows ? flow + 1 : 0;
  state->packets[family] += 1;
  state->bytes[family] += bytes;
  return flow;
}

/* Writes the last three bytes of an address. The others stay as in the frame. */
static __always_inline void set_flow(weir_u8* last_bytes, weir_u32 flow) {
  last_bytes[0] = flow >> 16;
  last_bytes[1] = flow >> 8;
  last_bytes[2] = flow;
}

/* A frame contains the values of an earlier packet: every changed field is set each time. */
SEC("xdp")
int generate(struct xdp_md* context) {
  const weir_u32 zero = 0;
  struct weir_generator_state* const state = bpf_map_lookup_elem(&generator_state, &zero);
  weir_u8* const data = (weir_u8*)(long)context->data;
  weir_u8* const end = (weir_u8*)(long)context->data_end;
  const struct ethernet_header* const ethernet = (const struct ethernet_header*)data;
  if (!state || data + sizeof(*ethernet) > end) return XDP_DROP;
  weir_u8* const network = data + sizeof(*ethernet);
  if (ethernet->protocol == __builtin_bswap16(ETHERTYPE_IPV4)) {
    if (network + sizeof(struct ipv4_header) > end) return XDP_DROP;
    weir_u8* const source = network + __builtin_offsetof(struct ipv4_header, src);
    set_flow(source + 1, count(WEIR_FRAME_IPV4, end - data, state));
  } else {
    if (network + sizeof(struct ipv6_header) > end) return XDP_DROP;
    weir_u8* const source = network + __builtin_offsetof(struct ipv6_header, src);
    set_flow(source + WEIR_IP_LENGTH - 3, count(WEIR_FRAME_IPV6, end - data, state));
  }
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
