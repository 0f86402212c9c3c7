// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
typedef __UINT8_TYPE__ __u8;
typedef __UINT16_TYPE__ __u16;
typedef __UINT32_TYPE__ __u32;
typedef __UINT64_TYPE__ __u64;
typedef __INT32_TYPE__ __s32;
typedef __INT64_TYPE__ __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

enum bpf_map_type { BPF_MAP_TYPE_ARRAY = 2 };

#include <bpf/bpf_helpers.h>

const volatile __u32 step = 1;

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} packets SEC(".maps");

static __always_inline int count(void) {
  __u32 key = 0;
  __u64* value = bpf_map_lookup_elem(&packets, &key);
  if (value) {
    // An atomic that only instruction set v3 has.
    __sync_val_compare_and_swap(value, 0, step);
  }
  return -1;
}

SEC("tcx/ingress")
int ingress(void* context) {
  (void)context;
  return count();
}

SEC("tc")
int classifier(void* context) {
  (void)context;
  return count();
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
