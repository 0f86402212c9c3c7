/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Gives the packet that BPF_PROG_TEST_RUN repeats the source address of the next flow, then calls
 * the measured program. For benchmarks only.
 */
#include "bpf/flow.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"

#include <bpf/bpf_helpers.h>

enum { BPF_MAP_TYPE_PROG_ARRAY = 3 };

/* User space changes these between runs. There is one run at a time. */
volatile weir_u32 flows = 1;  /* 2^24 at most */
volatile weir_u32 stride = 1; /* from one flow to the next, at most `flows` */
volatile weir_u32 next_number = 0;

/* The only entry is the program under measurement. */
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __type(value, weir_u32);
} measured_program SEC(".maps");

/* Writes the same words that parsers read: a read across two unfinished writes would wait for
 * them, and the wait would be counted as the program's. */
SEC("tcx/ingress")
int next_flow(struct __sk_buff* skb) {
  const weir_u32 flow = next_number;
  const weir_u32 next = flow + stride;
  next_number = next < flows ? next : next - flows;
  char* const data = (char*)(long)skb->data;
  struct ethernet_header* const ethernet = (struct ethernet_header*)data;
  char* const network = data + sizeof(*ethernet);
  if (network + sizeof(struct ipv6_header) > (char*)(long)skb->data_end) return WEIR_VERDICT_NEXT;
  if (ethernet->protocol == __builtin_bswap16(ETHERTYPE_IPV4)) {
    ((struct ipv4_header*)network)->src = __builtin_bswap32(0x0a000000u | flow);
  } else {
    ((struct ipv6_header*)network)->src[1] = __builtin_bswap64(flow);
  }
  bpf_tail_call(skb, &measured_program, 0);
  return WEIR_VERDICT_NEXT;
}

/* Measures the cost of a program that does nothing. */
SEC("tcx/ingress")
int empty(struct __sk_buff* skb) {
  (void)skb;
  return WEIR_VERDICT_NEXT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
