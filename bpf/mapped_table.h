/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table of tier "mapped": open addressing in an array that user space has mapped into its
 * memory. The programs only add flows. User space changes the epoch, waits until no program that
 * saw the old epoch is running, and then reads and clears the slots of the old epoch without a
 * system call.
 *
 * A new flow takes the first free slot of its probe sequence. A slot cannot be compared while
 * another CPU has claimed but not yet published it: the flow then takes a later slot and is marked
 * there as possibly twice. So no packet waits. User space reads the mark and merges the two entries
 * into one flow.
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
 * If at most two thirds of the slots are in use, one flow of half a million finds all of these
 * taken. User space makes the number of slots a prime, so that a sequence visits all slots of a
 * small table.
 */
enum { MAX_PROBES = 32 };

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 2); /* user space sets the real number: the slots of both epochs */
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

/* The words of a slot that identify its flow. For flows other than IPv4, the second line has the
 * rest of the key. */
struct slot_key {
  weir_u64 ports_interface;
  weir_u64 addresses;
  weir_u64 src_mac_protocol; /* with WEIR_SLOT_READY */
  weir_u64 dst_mac_namespace;
  weir_u64 vlan; /* as flow_key_t.vlan */
};

/* Spreads the bits of `a` and `b` over the whole result (the finaliser of MurmurHash3 applied to
 * their combination). */
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
  /* Only with addresses: an IPv4 packet whose header is cut off has none. */
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
 * Hashes everything that distinguishes flows: flows that differ only in something else would share
 * one probe sequence. The two products do not depend on each other, so a processor computes them at
 * the same time.
 */
static __always_inline weir_u64 hash_of(const struct slot_key* key,
                                        const struct flow_hash_seed_t* seed) {
  const weir_u64 link =
      key->src_mac_protocol * seed->src_factor + key->dst_mac_namespace * seed->dst_factor;
  const weir_u64 vlan = vlan_key ? mix(key->vlan, seed->start) : 0;
  return mix(key->ports_interface ^ seed->start ^ link ^ vlan, key->addresses);
}

/* Requires a slot with the same ports_interface. */
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

/* Answers of a slot in addition to TABLE_TOOK_IT and enum weir_table_failure: the search
 * continues. */
enum slot_answer { SLOT_OF_ANOTHER_FLOW = TABLE_TOOK_IT + 1, SLOT_MAY_BE_OURS };

/* The comparison and its store are not one atomic step: if two CPUs count packets of a flow
 * within the same nanoseconds, the end of the flow may be those nanoseconds too early. Packets,
 * bytes and flags are exact. */
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
 * Shows a filled slot to the other CPUs: a CPU that sees WEIR_SLOT_READY sees everything stored
 * before.
 *
 * On x86 a plain store suffices. The processor makes the stores of a CPU visible in their order,
 * and does not move a load before an earlier load (Intel SDM, volume 3A, "Memory Ordering"; AMD64
 * manual, volume 2, 7.2). The kernel's BPF compiler translates one instruction after the other and
 * does not change their order. Only clang could: the empty assembler statement and the volatile
 * store prevent it. On other architectures an atomic exchange is a full barrier.
 */
static __always_inline void publish_slot(struct flow_slot_t* slot, weir_u64 src_mac_protocol) {
#ifdef __TARGET_ARCH_x86
  asm volatile("" ::: "memory");
  *(volatile weir_u64*)&slot->src_mac_protocol = src_mac_protocol;
#else
  __sync_lock_test_and_set(&slot->src_mac_protocol, src_mac_protocol);
#endif
}

/* Requires a slot that this CPU has claimed and that was all zero. */
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

/* Requires a slot with the same ports_interface. Returns TABLE_TOOK_IT or an enum slot_answer. */
static __always_inline weir_u32 try_slot(struct flow_slot_t* slot, const struct slot_key* key,
                                         const struct packet* packet) {
  if (!is_same_flow(slot, key, packet)) {
    /* An atomic operation is a full barrier: after it, this CPU sees all of a published slot. */
    if (!(__sync_fetch_and_or(&slot->src_mac_protocol, 0) & WEIR_SLOT_READY)) {
      return SLOT_MAY_BE_OURS;
    }
    if (!is_same_flow(slot, key, packet)) return SLOT_OF_ANOTHER_FLOW;
  }
  if (slot->packets & WEIR_SLOT_FULL_COUNTS) return SLOT_MAY_BE_OURS;
  add_to_slot(slot, packet);
  return TABLE_TOOK_IT;
}

/* The slots of an epoch that a flow may use: the first is `place`, each next one is `step`
 * further. */
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

/* Returns the first slot of an epoch. The number of slots is not a constant of the program: the
 * verifier would follow each value of an index. */
static __always_inline weir_u32 first_slot(const struct flow_table_state_t* state, weir_u32 epoch) {
  return epoch ? state->slots : 0;
}

static __always_inline weir_u32 active_epoch(const struct flow_table_state_t* state) {
  return *(const volatile weir_u32*)&state->active & 1;
}

/*
 * Offers the packet to the slot at `index`. Returns TABLE_TOOK_IT, an enum weir_table_failure or an
 * enum slot_answer.
 *
 * A global function, like the search below: the verifier checks it once, for any packet and slot.
 * Inlined, it would be checked in each round of the search and on each path through the parser. A
 * global function has to check its pointers.
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
 * Returns TABLE_TOOK_IT or an enum weir_table_failure. `place` and `step` are the packet's probe
 * sequence. Each round makes the key again, because nested functions together have only 512 bytes
 * of stack.
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
 * Returns TABLE_TOOK_IT or an enum weir_table_failure. Most packets belong to a flow that is in its
 * first slot: for these no function is called and `packet` stays in registers.
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
