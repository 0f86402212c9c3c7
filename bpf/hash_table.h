/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table of tier "hash": two hash maps of the kernel, of which one is being filled. For
 * kernels whose programs have no compare-and-swap.
 */
#ifndef WEIR_BPF_HASH_TABLE_H_
#define WEIR_BPF_HASH_TABLE_H_

#include "bpf/datapath_config.h"
#include "bpf/flow.h"
#include "bpf/flow_key.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"

#include <bpf/bpf_helpers.h>

/*
 * The numbers of entries here only complete the types: user space sets the real ones. The map has
 * sizes instead of types, because clang describes a type that is used only behind a pointer of an
 * inner map by its name alone.
 */
struct flow_table {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(struct flow_key_t));
  __uint(value_size, sizeof(struct flow_value_t));
};

/*
 * The table that packets are counted in now. User space replaces it with the other one. That call
 * returns only when no program that could have seen the first table is still running; so user space
 * then owns the first table. When a run ends, user space removes the table: from then on no packet
 * is counted. Both tiers have this map: the mapped tier uses it only to wait in that call.
 */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __array(values, struct flow_table);
} active_table SEC(".maps");

/*
 * The comparison and its store are not one atomic step: if two CPUs count packets of a flow within
 * the same nanoseconds, the end of the flow may be those nanoseconds too early. Packets and bytes
 * are exact.
 */
static __always_inline void add_to_value(const struct packet* packet, struct flow_value_t* flow) {
  __sync_fetch_and_add(&flow->packets, 1);
  __sync_fetch_and_add(&flow->wire_packets, packet->wire_packets);
  __sync_fetch_and_add(&flow->bytes, packet->bytes);
  if (packet->more_wire_bytes != 0) {
    __sync_fetch_and_add(&flow->more_wire_bytes, packet->more_wire_bytes);
  }
  if (flow->end_time < packet->time) flow->end_time = packet->time;
  /* There is no atomic "or" before 5.12: if two CPUs see new flags of a flow within the same
   * nanoseconds, the flags of one may be lost. */
  const weir_u16 before = flow->details.tcp_flags;
  const weir_u16 tcp_flags = seen_tcp_flags(packet);
  if (tcp_flags & ~before) flow->details.tcp_flags = before | tcp_flags;
}

static __always_inline weir_u32 failure_of(int error) {
  switch (error) {
    case -WEIR_E2BIG:
      return WEIR_TABLE_FULL;
    case -WEIR_EBUSY:
    case -WEIR_EDEADLK: /* kernels from 6.15 on return these instead */
    case -WEIR_ETIMEDOUT:
      return WEIR_TABLE_BUSY;
    default:
      return WEIR_TABLE_OTHER;
  }
}

static __always_inline void make_value(const struct packet* packet, struct flow_value_t* value) {
  value->packets = 1;
  value->wire_packets = packet->wire_packets;
  value->bytes = packet->bytes;
  value->more_wire_bytes = packet->more_wire_bytes;
  value->start_mono_time_ns = start_time(packet->time);
  value->end_time = packet->time;
  make_details(packet, namespace_id, vlan_key, &value->details);
}

/* Returns TABLE_TOOK_IT or an enum weir_table_failure. The table is looked up once, so that the
 * retry below uses the table that refused the insertion. */
static __always_inline weir_u32 add_to_hash_table(const struct packet* packet) {
  const weir_u32 zero = 0;
  void* const table = bpf_map_lookup_elem(&active_table, &zero);
  if (!table) return TABLE_TOOK_IT; /* the run has ended */
  union flow_key key;
  make_key(packet, &key);
  key.whole.namespace_id = namespace_id;
  key.whole.vlan = vlan_key ? packet->vlan : 0;
  struct flow_value_t* flow = bpf_map_lookup_elem(table, &key);
  if (!flow) {
    struct flow_value_t first;
    make_value(packet, &first);
    /* An int: before 6.4 the helper returns an int, and the upper half of the register is not
     * set. */
    const int error = bpf_map_update_elem(table, &key, &first, BPF_NOEXIST);
    if (error == 0) return TABLE_TOOK_IT;
    /* Another CPU inserted the same flow first. */
    if (error == -WEIR_EEXIST) flow = bpf_map_lookup_elem(table, &key);
    if (!flow) return failure_of(error);
  }
  add_to_value(packet, flow);
  return TABLE_TOOK_IT;
}

#endif /* WEIR_BPF_HASH_TABLE_H_ */
