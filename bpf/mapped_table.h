/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table of tier "mapped": open addressing in an array that user space has
 * mapped into its memory. Flows are only ever added; user space changes the epoch,
 * waits until no program runs that saw the former, and then reads and clears that
 * one's slots without a system call.
 *
 * A flow stands in the first slot of its probe sequence that was free when it came.
 * Where a slot cannot be compared, because another CPU has claimed and not yet
 * published it, the flow goes on to the next and is marked as possibly twice there.
 * So no packet waits, and user space, which reads the mark, makes one flow of both.
 */
#ifndef WEIR_BPF_MAPPED_TABLE_H_
#define WEIR_BPF_MAPPED_TABLE_H_

#include "bpf/datapath_config.h"
#include "bpf/flow.h"
#include "bpf/flow_key.h"
#include "bpf/headers.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"

#include <bpf/bpf_helpers.h>

/*
 * With two thirds of the slots in use at most, one flow of half a million finds all of
 * these taken. User space makes their number a prime, so that a sequence comes by all
 * slots of a small table.
 */
enum { MAX_PROBES = 32 };

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 2); /* user space says how many: the slots of both epochs */
  __type(key, weir_u32);
  __type(value, struct flow_slot_t);
} flow_slots SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, weir_u32);
  __type(value, struct flow_table_state_t);
} table_state SEC(".maps");

/* The words of a slot that say whose it is; the second line has the rest of it for all
 * that is not IPv4. */
struct slot_key {
  weir_u64 ports_interface;
  weir_u64 addresses;
  weir_u64 src_mac_protocol; /* with WEIR_SLOT_READY */
  weir_u64 dst_mac_namespace;
  weir_u64 vlan; /* as flow_key_t.vlan */
};

/* Spreads the bits of `a` and `b` over all of the result (the finaliser of MurmurHash3
 * over their combination). */
static __always_inline weir_u64 mix(weir_u64 a, weir_u64 b) {
  weir_u64 hash = (a ^ b >> 32 ^ b << 32) * 0xff51afd7ed558ccdull;
  hash = (hash ^ hash >> 33 ^ b) * 0xc4ceb9fe1a85ec53ull;
  return hash ^ hash >> 33;
}

static __always_inline void make_slot_key(const struct packet* packet,
                                          const struct flow_hash_seed_t* seed,
                                          struct slot_key* key) {
  key->ports_interface =
      packet->src_port | (weir_u64)packet->dst_port << 16 | (weir_u64)packet->if_index << 32;
  key->src_mac_protocol = packet->src_mac | (weir_u64)packet->transport_protocol << 48 |
                          (packet->direction ? WEIR_SLOT_EGRESS : 0) | WEIR_SLOT_READY;
  key->dst_mac_namespace = packet->dst_mac | (weir_u64)namespace_id << 48;
  key->vlan = vlan_key ? packet->vlan : 0;
  /* With its addresses: of an IPv4 packet whose header is cut off there are none. */
  if (packet->eth_protocol == ETHERTYPE_IPV4 && packet->flags & WEIR_FLOW_HAS_DSCP) {
    key->addresses = packet->src_ip[1] >> 32 | (packet->dst_ip[1] >> 32 << 32);
    key->src_mac_protocol |= WEIR_SLOT_IPV4;
  } else {
    const weir_u64 src = mix(packet->src_ip[0] ^ seed->src_factor, packet->src_ip[1]);
    const weir_u64 dst = mix(packet->dst_ip[0] ^ seed->dst_factor, packet->dst_ip[1]);
    key->addresses = mix(src, dst ^ packet->eth_protocol);
  }
}

/*
 * All that distinguishes flows is in it: otherwise flows that differ only in the rest would
 * share one probe sequence. The two products do not depend on each other, so that a
 * processor computes them at the same time.
 */
static __always_inline weir_u64 hash_of(const struct slot_key* key,
                                        const struct flow_hash_seed_t* seed) {
  const weir_u64 link =
      key->src_mac_protocol * seed->src_factor + key->dst_mac_namespace * seed->dst_factor;
  const weir_u64 vlan = vlan_key ? mix(key->vlan, seed->start) : 0;
  return mix(key->ports_interface ^ seed->start ^ link ^ vlan, key->addresses);
}

/* Of a slot with the same ports_interface. */
static __always_inline int is_same_flow(const struct flow_slot_t* slot, const struct slot_key* key,
                                        const struct packet* packet) {
  if (slot->src_mac_protocol != key->src_mac_protocol || slot->addresses != key->addresses ||
      slot->dst_mac_namespace != key->dst_mac_namespace) {
    return 0;
  }
  if (vlan_key && slot->vlan_key != key->vlan) return 0;
  if (key->src_mac_protocol & WEIR_SLOT_IPV4) return 1;
  return slot->eth_protocol == packet->eth_protocol && slot->src_ip[0] == packet->src_ip[0] &&
         slot->src_ip[1] == packet->src_ip[1] && slot->dst_ip[0] == packet->dst_ip[0] &&
         slot->dst_ip[1] == packet->dst_ip[1];
}

/* Answers of a slot beside TABLE_TOOK_IT and enum weir_table_failure: the search goes on. */
enum slot_answer { SLOT_OF_ANOTHER_FLOW = TABLE_TOOK_IT + 1, SLOT_MAY_BE_OURS };

/* The comparison is not one atomic step with its store: where two CPUs count packets
 * of a flow within the same nanoseconds, the flow may end those nanoseconds too early.
 * Packets, bytes and flags are exact. */
static __always_inline void add_to_slot(struct flow_slot_t* slot, const struct packet* packet) {
  __sync_fetch_and_add(&slot->packets, 1 | (weir_u64)packet->wire_packets << 32);
  __sync_fetch_and_add(&slot->bytes, packet->bytes);
  if (packet->more_wire_bytes != 0) {
    __sync_fetch_and_add(&slot->more_wire_bytes, packet->more_wire_bytes);
  }
  if (slot->end_time < packet->time) slot->end_time = packet->time;
  const weir_u32 tcp_flags = seen_tcp_flags(packet);
  if (tcp_flags & ~slot->tcp_flags) __sync_fetch_and_or(&slot->tcp_flags, tcp_flags);
}

/*
 * Shows a filled slot to the other CPUs: all that was stored before is visible to a CPU that
 * sees WEIR_SLOT_READY.
 *
 * On x86 a plain store suffices. The processor makes the stores of a CPU visible in their
 * order, and does not move a load before an earlier load (Intel SDM, volume 3A, "Memory
 * Ordering"; AMD64 manual, volume 2, 7.2). The kernel's compiler for BPF translates one
 * instruction after the other and does not change their order. That leaves clang, which the
 * empty assembler statement and the volatile store hold to it. On other architectures an
 * atomic exchange is a full barrier.
 */
static __always_inline void publish_slot(struct flow_slot_t* slot, weir_u64 src_mac_protocol) {
#ifdef __TARGET_ARCH_x86
  asm volatile("" ::: "memory");
  *(volatile weir_u64*)&slot->src_mac_protocol = src_mac_protocol;
#else
  __sync_lock_test_and_set(&slot->src_mac_protocol, src_mac_protocol);
#endif
}

/* Of a slot that this CPU has claimed; all of it was zero. */
static __always_inline void fill_slot(struct flow_slot_t* slot, const struct slot_key* key,
                                      const struct packet* packet, int may_be_twice) {
  slot->addresses = key->addresses;
  slot->dst_mac_namespace = key->dst_mac_namespace;
  slot->packets = 1 | (weir_u64)packet->wire_packets << 32;
  slot->bytes = packet->bytes;
  slot->more_wire_bytes = packet->more_wire_bytes;
  slot->end_time = packet->time;
  slot->tcp_flags = seen_tcp_flags(packet);
  slot->start_mono_time_ns = start_time(packet->time);
  slot->sampling_interval = packet->sampling_interval;
  slot->vlan = packet->vlan;
  slot->dscp = packet->dscp;
  slot->icmp_type = packet->icmp_type;
  slot->icmp_code = packet->icmp_code;
  slot->vlan_key = key->vlan;
  slot->flags = flags_of_flow(packet, vlan_key) | (may_be_twice ? WEIR_FLOW_MAY_BE_TWICE : 0);
  slot->eth_protocol = packet->eth_protocol;
  if (!(key->src_mac_protocol & WEIR_SLOT_IPV4)) {
    slot->src_ip[0] = packet->src_ip[0];
    slot->src_ip[1] = packet->src_ip[1];
    slot->dst_ip[0] = packet->dst_ip[0];
    slot->dst_ip[1] = packet->dst_ip[1];
  }
  publish_slot(slot, key->src_mac_protocol);
}

/* Of a slot with the same ports_interface: TABLE_TOOK_IT or an enum slot_answer. */
static __always_inline weir_u32 try_slot(struct flow_slot_t* slot, const struct slot_key* key,
                                         const struct packet* packet) {
  if (!is_same_flow(slot, key, packet)) {
    /* An atomic operation is a full barrier, behind which a slot that has been published
     * is seen whole. */
    if (!(__sync_fetch_and_or(&slot->src_mac_protocol, 0) & WEIR_SLOT_READY)) {
      return SLOT_MAY_BE_OURS;
    }
    if (!is_same_flow(slot, key, packet)) return SLOT_OF_ANOTHER_FLOW;
  }
  if (slot->packets & WEIR_SLOT_FULL_COUNTS) return SLOT_MAY_BE_OURS;
  add_to_slot(slot, packet);
  return TABLE_TOOK_IT;
}

/* Where a flow may stand in an epoch: at `place`, and then each `step` further. */
struct probe_sequence {
  weir_u32 place;
  weir_u32 step;
};

static __always_inline struct probe_sequence probes_of(const struct slot_key* key,
                                                       const struct flow_table_state_t* state) {
  const weir_u64 hash = hash_of(key, &state->seed);
  const weir_u32 slots = state->slots;
  const struct probe_sequence probes = {
      .place = (hash >> 32) * slots >> 32,
      .step = 1 + ((hash & 0xffffffff) * (slots - 1) >> 32),
  };
  return probes;
}

/* Where an epoch begins. The number of slots is not a constant of the program: the verifier
 * would follow each value of an index. */
static __always_inline weir_u32 first_slot(const struct flow_table_state_t* state, weir_u32 epoch) {
  return epoch ? state->slots : 0;
}

static __always_inline weir_u32 active_epoch(const struct flow_table_state_t* state) {
  return *(const volatile weir_u32*)&state->active & 1;
}

/*
 * Offers the packet to the slot at `index`: TABLE_TOOK_IT, an enum weir_table_failure or an
 * enum slot_answer.
 *
 * Global, as the search below is, so that the verifier looks at it once and for any packet and
 * slot: inlined, it would look at it in each round of the search and on each way through the
 * parser. Such a function has to check its pointers.
 */
__attribute__((noinline)) weir_u32 offer_to_slot(const struct packet* packet, weir_u32 index,
                                                 weir_u32 epoch, weir_u32 may_be_twice) {
  if (!packet) return WEIR_TABLE_OTHER;
  const weir_u32 zero = 0;
  struct flow_table_state_t* const state = bpf_map_lookup_elem(&table_state, &zero);
  struct flow_slot_t* const slot = bpf_map_lookup_elem(&flow_slots, &index);
  if (!state || !slot) return WEIR_TABLE_OTHER;
  struct slot_key key;
  make_slot_key(packet, &state->seed, &key);
  weir_u64 owner = *(const volatile weir_u64*)&slot->ports_interface;
  if (owner == 0) {
    if (state->epochs[epoch & 1].used >= state->max_flows) return WEIR_TABLE_FULL;
    owner = __sync_val_compare_and_swap(&slot->ports_interface, 0, key.ports_interface);
    if (owner == 0) {
      __sync_fetch_and_add(&state->epochs[epoch & 1].used, 1);
      if (may_be_twice) __sync_fetch_and_add(&state->epochs[epoch & 1].twice, 1);
      fill_slot(slot, &key, packet, may_be_twice);
      return TABLE_TOOK_IT;
    }
  }
  if (owner != key.ports_interface) return SLOT_OF_ANOTHER_FLOW;
  return try_slot(slot, &key, packet);
}

/*
 * TABLE_TOOK_IT or an enum weir_table_failure. The numbers are of the packet's probe sequence;
 * its key is made again in each slot, because the stacks of nested functions have 512 bytes
 * together.
 */
__attribute__((noinline)) weir_u32 search_mapped_table(const struct packet* packet, weir_u32 place,
                                                       weir_u32 step, weir_u32 epoch) {
  if (!packet) return WEIR_TABLE_OTHER;
  const weir_u32 zero = 0;
  const struct flow_table_state_t* const state = bpf_map_lookup_elem(&table_state, &zero);
  if (!state) return WEIR_TABLE_OTHER;
  const weir_u32 slots = state->slots;
  const weir_u32 first = first_slot(state, epoch);
  weir_u32 may_be_twice = 0;
#pragma clang loop unroll(disable)
  for (int i = 0; i < MAX_PROBES; ++i) {
    const weir_u32 answer = offer_to_slot(packet, first + place, epoch, may_be_twice);
    if (answer <= TABLE_TOOK_IT) return answer;
    if (answer == SLOT_MAY_BE_OURS) may_be_twice = 1;
    place += step;
    if (place >= slots) place -= slots;
  }
  return WEIR_TABLE_CROWDED;
}

/*
 * TABLE_TOOK_IT or an enum weir_table_failure. Most packets are of a flow that stands where
 * it is looked for first: for these nothing is called, and what is known of them needs no
 * place in memory.
 */
static __always_inline weir_u32 add_to_mapped_table(const struct packet* packet) {
  const weir_u32 zero = 0;
  struct flow_table_state_t* const state = bpf_map_lookup_elem(&table_state, &zero);
  if (!state) return WEIR_TABLE_OTHER;
  if (*(const volatile weir_u32*)&state->ended) return TABLE_TOOK_IT;
  struct slot_key key;
  make_slot_key(packet, &state->seed, &key);
  const weir_u32 epoch = active_epoch(state);
  const struct probe_sequence probes = probes_of(&key, state);
  const weir_u32 index = first_slot(state, epoch) + probes.place;
  struct flow_slot_t* const slot = bpf_map_lookup_elem(&flow_slots, &index);
  if (slot && *(const volatile weir_u64*)&slot->ports_interface == key.ports_interface &&
      is_same_flow(slot, &key, packet) && !(slot->packets & WEIR_SLOT_FULL_COUNTS)) {
    add_to_slot(slot, packet);
    return TABLE_TOOK_IT;
  }
  const struct packet copy = *packet;
  return search_mapped_table(&copy, probes.place, probes.step, epoch);
}

#endif /* WEIR_BPF_MAPPED_TABLE_H_ */
