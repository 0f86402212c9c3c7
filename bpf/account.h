/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts each packet in exactly one place: the flow table, else the ring buffer, else as dropped.
 * The three add up to all packets.
 */
#ifndef WEIR_BPF_ACCOUNT_H_
#define WEIR_BPF_ACCOUNT_H_

#include "bpf/counters.h"
#include "bpf/datapath_config.h"
#include "bpf/flow.h"
#include "bpf/flow_key.h"
#include "bpf/hash_table.h"
#include "bpf/kernel_types.h"
#include "bpf/mapped_table.h"
#include "bpf/packet.h"

#include <bpf/bpf_helpers.h>

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} overflow_ring SEC(".maps");

static __always_inline void count_notes(const struct packet* packet) {
  struct flow_counters_t* const counters = counters_of_this_cpu();
  if (!counters) return;
  if (packet->notes & PACKET_FRAGMENT) counters->fragments += 1;
  if (packet->notes & PACKET_TRUNCATED) counters->truncated += 1;
}

/*
 * Returns true if the ring buffer took the packet. The kernel wakes the reader only if the reader
 * has read everything before: while it sleeps between two reads, packets cost no wake-up.
 */
static __always_inline int add_to_ring(const struct packet* packet) {
  if (!overflow_to_ring) return 0;
  struct flow_event_t* const event = bpf_ringbuf_reserve(&overflow_ring, sizeof(*event), 0);
  if (!event) return 0;
  union flow_key key;
  make_key(packet, &key);
  __builtin_memcpy(&event->record.id, &key.id, sizeof(key.id));
  const weir_u64 now = bpf_ktime_get_ns();
  event->record.metrics.packets = 1;
  event->record.metrics.bytes = packet->bytes;
  event->record.metrics.start_mono_time_ns = now;
  event->record.metrics.end_mono_time_ns = now;
  make_details(packet, namespace_id, vlan_key, &event->details);
  event->wire_packets = packet->wire_packets;
  event->more_wire_bytes = packet->more_wire_bytes;
  bpf_ringbuf_submit(event, 0);
  return 1;
}

static __always_inline void account(const struct packet* packet, enum tier tier) {
  if (packet->notes) count_notes(packet);
  const weir_u32 failure =
      tier == TIER_MAPPED ? add_to_mapped_table(packet) : add_to_hash_table(packet);
  if (failure == TABLE_TOOK_IT) return;
  struct flow_counters_t* const counters = counters_of_this_cpu();
  if (!counters) return;
  counters->table_failures[failure % WEIR_TABLE_FAILURES] += 1;
  if (add_to_ring(packet)) {
    counters->ringbuf_packets += 1;
    counters->ringbuf_bytes += packet->bytes;
  } else {
    counters->dropped_packets += 1;
    counters->dropped_bytes += packet->bytes;
  }
}

#endif /* WEIR_BPF_ACCOUNT_H_ */
