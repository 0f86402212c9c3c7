/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a packet is counted: in the flow table, else in the ring buffer, else as
 * dropped. Exactly one of the three, so that they add up to all packets.
 */
#ifndef WEIR_BPF_ACCOUNT_H_
#define WEIR_BPF_ACCOUNT_H_

#include "bpf/flow.h"
#include "bpf/kernel_types.h"

#include <bpf/bpf_helpers.h>

/* Set before the programs are loaded; the verifier removes what is off. */

/* A packet is looked at if a random 32-bit number is below; 0: look at all. */
const volatile weir_u32 sampling_threshold = 0;
/* Whether user space reads the ring buffer. */
const volatile weir_u32 overflow_to_ring = 0;

/*
 * The numbers of entries here only make the types complete: user space says how
 * many. Sizes instead of types, because clang describes a type that stands only
 * behind a pointer of an inner map by its name alone.
 */
struct flow_table {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(struct flow_id_t));
  __uint(value_size, sizeof(struct flow_value_t));
};

/*
 * The table that packets are counted in now. User space puts the other one in its
 * place and, since that call of the kernel returns only when no program runs any
 * more that could have seen the former, then has the former to itself.
 */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __array(values, struct flow_table);
} active_table SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} overflow_ring SEC(".maps");

/*
 * Plain additions are exact here: TC programs run with bottom halves disabled, so
 * that none interrupts another on the same CPU.
 */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __type(value, struct flow_counters_t);
} counters_map SEC(".maps");

/*
 * The two comparisons are not one atomic step with their stores: where two CPUs
 * count packets of a flow within the same nanoseconds, the later one may be noted
 * those nanoseconds too early. Packets and bytes are exact.
 */
static __always_inline void add_to_flow(struct flow_value_t* flow, weir_u64 bytes, weir_u64 now) {
  __sync_fetch_and_add(&flow->packets, 1);
  __sync_fetch_and_add(&flow->bytes, bytes);
  if (flow->end_mono_time_ns < now) flow->end_mono_time_ns = now;
  if (flow->start_mono_time_ns > now) flow->start_mono_time_ns = now;
}

static __always_inline weir_u32 failure_of(long error) {
  switch (error) {
    case -WEIR_E2BIG:
      return WEIR_TABLE_FULL;
    case -WEIR_EBUSY:
    case -WEIR_EDEADLK: /* what kernels from 6.15 on say for the same */
    case -WEIR_ETIMEDOUT:
      return WEIR_TABLE_BUSY;
    default:
      return WEIR_TABLE_OTHER;
  }
}

/* True if the table took the packet. The table is looked up once, so that the
 * retry below meets the table that refused the insertion. */
static __always_inline int add_to_table(const struct flow_id_t* id, weir_u64 bytes, weir_u64 now,
                                        struct flow_counters_t* counters) {
  const weir_u32 zero = 0;
  void* const table = bpf_map_lookup_elem(&active_table, &zero);
  if (!table) {
    counters->table_failures[WEIR_TABLE_OTHER] += 1;
    return 0;
  }
  struct flow_value_t* flow = bpf_map_lookup_elem(table, id);
  if (!flow) {
    const struct flow_value_t first = {
        .packets = 1, .bytes = bytes, .start_mono_time_ns = now, .end_mono_time_ns = now};
    const long error = bpf_map_update_elem(table, id, &first, BPF_NOEXIST);
    if (error == 0) return 1;
    /* Another CPU was faster with the same flow. */
    if (error == -WEIR_EEXIST) flow = bpf_map_lookup_elem(table, id);
    if (!flow) {
      const weir_u32 failure = failure_of(error);
      if (failure == WEIR_TABLE_FULL) {
        counters->table_failures[WEIR_TABLE_FULL] += 1;
      } else if (failure == WEIR_TABLE_BUSY) {
        counters->table_failures[WEIR_TABLE_BUSY] += 1;
      } else {
        counters->table_failures[WEIR_TABLE_OTHER] += 1;
      }
      return 0;
    }
  }
  add_to_flow(flow, bytes, now);
  return 1;
}

/* True if the ring buffer took the packet. Nobody is woken: the reader comes by. */
static __always_inline int add_to_ring(const struct flow_id_t* id, weir_u64 bytes, weir_u64 now) {
  if (!overflow_to_ring) return 0;
  struct flow_record_t* const record = bpf_ringbuf_reserve(&overflow_ring, sizeof(*record), 0);
  if (!record) return 0;
  __builtin_memcpy(&record->id, id, sizeof(*id));
  record->metrics.packets = 1;
  record->metrics.bytes = bytes;
  record->metrics.start_mono_time_ns = now;
  record->metrics.end_mono_time_ns = now;
  bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
  return 1;
}

static __always_inline void account(const struct flow_id_t* id, weir_u64 bytes,
                                    struct flow_counters_t* counters) {
  const weir_u64 now = bpf_ktime_get_ns();
  counters->packets += 1;
  counters->bytes += bytes;
  if (add_to_table(id, bytes, now, counters)) {
    counters->table_packets += 1;
  } else if (add_to_ring(id, bytes, now)) {
    counters->ringbuf_packets += 1;
  } else {
    counters->dropped_packets += 1;
    counters->dropped_bytes += bytes;
  }
}

#endif /* WEIR_BPF_ACCOUNT_H_ */
