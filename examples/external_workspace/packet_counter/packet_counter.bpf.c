/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts the packets of each direction, and has no opinion on any of them. */
#include "bpf/flow.h"

/* The names that libbpf's helper declarations expect; no header of the machine's is read. */
typedef weir_u16 __u16;
typedef weir_u32 __u32;
typedef weir_u64 __u64;
typedef __INT64_TYPE__ __s64;
typedef __INT32_TYPE__ __s32;
typedef weir_u8 __u8;
typedef weir_u16 __be16;
typedef weir_u32 __be32;
typedef weir_u32 __wsum;

enum bpf_map_type { BPF_MAP_TYPE_ARRAY = 2 };

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2);
  __type(key, weir_u32);
  __type(value, weir_u64);
} packets SEC(".maps");

static __always_inline int count(weir_u32 direction) {
  weir_u64* const counter = bpf_map_lookup_elem(&packets, &direction);
  if (counter) __sync_fetch_and_add(counter, 1);
  return -1; /* TCX_NEXT, which is TC_ACT_UNSPEC */
}

SEC("tc")
int count_ingress(void* packet) {
  (void)packet;
  return count(WEIR_DIRECTION_INGRESS);
}

SEC("tc")
int count_egress(void* packet) {
  (void)packet;
  return count(WEIR_DIRECTION_EGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
