/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow tables of peers, to measure them next to weir's tables. Written from their design, with
 * weir's own parser and key, so that only the table differs. That makes both of them cheaper than
 * they really are. For benchmarks only.
 */
#include "bpf/flow.h"
#include "bpf/flow_key.h"
#include "bpf/kernel_types.h"
#include "bpf/packet.h"
#include "bpf/parse.h"

#include <bpf/bpf_helpers.h>

enum { BPF_MAP_TYPE_PERCPU_HASH = 5 };
enum { BPF_ANY = 0 };

static __always_inline void parse_ingress(struct __sk_buff* skb, struct packet* packet) {
  packet->bytes = skb->len;
  packet->if_index = skb->ifindex;
  packet->direction = WEIR_DIRECTION_INGRESS;
  parse_ethernet(skb, packet);
}

/*
 * netobserv-ebpf-agent 0.2.0: a preallocated hash of per-CPU values. The key is the packed key of
 * 56 bytes. The value is written back to the map after each packet.
 */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
  __uint(max_entries, 1); /* user space says how many */
  __type(key, struct flow_id_t);
  __type(value, struct flow_metrics_t);
} per_cpu_flows SEC(".maps");

SEC("tcx/ingress")
int per_cpu_hash(struct __sk_buff* skb) {
  struct packet packet = {};
  parse_ingress(skb, &packet);
  union flow_key key;
  make_key(&packet, &key);
  const weir_u64 now = bpf_ktime_get_ns();
  struct flow_metrics_t* const flow = bpf_map_lookup_elem(&per_cpu_flows, &key);
  if (flow) {
    flow->packets += 1;
    flow->bytes += packet.bytes;
    flow->end_mono_time_ns = now;
    bpf_map_update_elem(&per_cpu_flows, &key, flow, BPF_ANY);
    return WEIR_VERDICT_NEXT;
  }
  struct flow_metrics_t first = {
      .packets = 1,
      .bytes = packet.bytes,
      .start_mono_time_ns = now,
      .end_mono_time_ns = now,
  };
  bpf_map_update_elem(&per_cpu_flows, &key, &first, BPF_NOEXIST);
  return WEIR_VERDICT_NEXT;
}

/*
 * Recent netobserv-ebpf-agent: one hash for all CPUs, keyed by addresses, ports and protocol. The
 * value has a spin lock and, after the counts, the interfaces that the flow was seen on. Everything
 * optional is off.
 */
enum { MAX_INTERFACES = 6 };

struct shared_key_t {
  weir_u64 src_ip[2];
  weir_u64 dst_ip[2];
  weir_u16 src_port;
  weir_u16 dst_port;
  weir_u8 protocol;
  weir_u8 icmp_type;
  weir_u8 icmp_code;
  weir_u8 reserved;
};

/* The kernel recognises this struct by its name. */
struct bpf_spin_lock {
  __u32 val;
};

struct shared_value_t {
  weir_u64 start_mono_time_ns;
  weir_u64 end_mono_time_ns;
  weir_u64 bytes;
  weir_u32 packets;
  weir_u16 eth_protocol;
  weir_u16 flags;
  weir_u64 src_mac_direction;
  weir_u64 dst_mac_dscp;
  weir_u32 if_index;
  struct bpf_spin_lock lock;
  weir_u32 sampling;
  weir_u32 interfaces;
  weir_u32 interface[MAX_INTERFACES];
  weir_u8 interface_direction[8];
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1); /* user space says how many */
  __type(key, struct shared_key_t);
  __type(value, struct shared_value_t);
} shared_flows SEC(".maps");

static __always_inline void add_interface(const struct packet* packet,
                                          struct shared_value_t* flow) {
  for (weir_u32 i = 0; i < MAX_INTERFACES; ++i) {
    if (i >= flow->interfaces) {
      flow->interface[i] = packet->if_index;
      flow->interface_direction[i] = packet->direction;
      flow->interfaces = i + 1;
      return;
    }
    if (flow->interface[i] == packet->if_index) return;
  }
}

static __always_inline void add_to_shared(const struct packet* packet, weir_u64 now,
                                          struct shared_value_t* flow) {
  bpf_spin_lock(&flow->lock);
  if (flow->if_index == packet->if_index) {
    flow->packets += 1;
    flow->bytes += packet->bytes;
    flow->end_mono_time_ns = now;
    flow->flags |= packet->tcp_flags;
  } else {
    flow->end_mono_time_ns = now;
    add_interface(packet, flow);
  }
  bpf_spin_unlock(&flow->lock);
}

SEC("tcx/ingress")
int spin_lock_hash(struct __sk_buff* skb) {
  struct packet packet = {};
  parse_ingress(skb, &packet);
  struct shared_key_t key = {
      .src_ip = {packet.src_ip[0], packet.src_ip[1]},
      .dst_ip = {packet.dst_ip[0], packet.dst_ip[1]},
      .src_port = packet.src_port,
      .dst_port = packet.dst_port,
      .protocol = packet.transport_protocol,
      .icmp_type = packet.icmp_type,
      .icmp_code = packet.icmp_code,
  };
  const weir_u64 now = bpf_ktime_get_ns();
  struct shared_value_t* flow = bpf_map_lookup_elem(&shared_flows, &key);
  if (!flow) {
    struct shared_value_t first = {
        .start_mono_time_ns = now,
        .end_mono_time_ns = now,
        .bytes = packet.bytes,
        .packets = 1,
        .eth_protocol = packet.eth_protocol,
        .flags = packet.tcp_flags,
        .src_mac_direction = packet.src_mac | (weir_u64)packet.direction << 48,
        .dst_mac_dscp = packet.dst_mac | (weir_u64)packet.dscp << 48,
        .if_index = packet.if_index,
    };
    if (bpf_map_update_elem(&shared_flows, &key, &first, BPF_NOEXIST) == 0) {
      return WEIR_VERDICT_NEXT;
    }
    flow = bpf_map_lookup_elem(&shared_flows, &key); /* another CPU inserted it first */
    if (!flow) return WEIR_VERDICT_NEXT;
  }
  add_to_shared(&packet, now, flow);
  return WEIR_VERDICT_NEXT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
