/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types and constants that the BPF programs use, so that a BPF object is compiled
 * without a header of the build machine.
 *
 * All of them belong to the kernel's stable interface (UAPI), whose layout never changes: none
 * needs CO-RE. If a kernel-internal struct is ever needed, put it at the end with
 * __attribute__((preserve_access_index)) and only the fields used.
 */
#ifndef WEIR_BPF_KERNEL_TYPES_H_
#define WEIR_BPF_KERNEL_TYPES_H_

#include "bpf/flow.h"

/* The names that libbpf's helper declarations expect. */
typedef weir_u8 __u8;
typedef weir_u16 __u16;
typedef weir_u32 __u32;
typedef weir_u64 __u64;
typedef __INT32_TYPE__ __s32;
typedef __INT64_TYPE__ __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

enum bpf_map_type {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
  BPF_MAP_TYPE_RINGBUF = 27,
};

/* A map flag: user space can map the map's values into memory. */
enum { BPF_F_MMAPABLE = 1 << 10 };

/* A flag of bpf_map_update_elem. */
enum { BPF_NOEXIST = 1 };

/*
 * "No opinion", the same number at both hooks: TCX_NEXT and TC_ACT_UNSPEC. The next program gives
 * the verdict.
 */
enum { WEIR_VERDICT_NEXT = -1 };

enum { WEIR_EEXIST = 17, WEIR_E2BIG = 7, WEIR_EBUSY = 16, WEIR_EDEADLK = 35, WEIR_ETIMEDOUT = 110 };

/* The part of the context of a TC program that weir uses. */
struct __sk_buff {
  __u32 len;
  __u32 pkt_type;
  __u32 mark;
  __u32 queue_mapping;
  __u32 protocol; /* EtherType in network order */
  __u32 vlan_present;
  __u32 vlan_tci;
  __u32 vlan_proto;
  __u32 priority;
  __u32 ingress_ifindex;
  __u32 ifindex;
  __u32 tc_index;
  __u32 cb[5];
  __u32 hash;
  __u32 tc_classid;
  __u32 data;
  __u32 data_end;
  __u32 napi_id;
  __u32 family;
  __u32 remote_ip4;
  __u32 local_ip4;
  __u32 remote_ip6[4];
  __u32 local_ip6[4];
  __u32 remote_port;
  __u32 local_port;
  __u32 data_meta;
  __u64 flow_keys __attribute__((aligned(8)));
  __u64 tstamp;
  __u32 wire_len; /* len; at egress plus the headers of all segments, if the kernel knows them */
  __u32 gso_segs; /* 0: unknown, or not to be segmented */
  __u64 sk __attribute__((aligned(8)));
  __u32 gso_size; /* bytes of payload in a segment; 0: not to be segmented */
};
WEIR_STATIC_ASSERT(__builtin_offsetof(struct __sk_buff, ifindex) == 40);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct __sk_buff, data_end) == 80);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct __sk_buff, gso_segs) == 164);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct __sk_buff, gso_size) == 176);

#endif /* WEIR_BPF_KERNEL_TYPES_H_ */
