/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Layouts that the BPF programs and user space share: the flow record as recordings store it, the
 * event of the ring buffer, the entries of the flow tables, and the per-CPU counters.
 *
 * Includes nothing, so that a BPF object needs no header of the build machine. Compiles as C11
 * (BPF) and as C++17 (user space). All multi-byte fields, ports included, are in host byte order.
 * IP and MAC addresses are in network order.
 */
#ifndef WEIR_BPF_FLOW_H_
#define WEIR_BPF_FLOW_H_

typedef __UINT8_TYPE__ weir_u8;
typedef __UINT16_TYPE__ weir_u16;
typedef __UINT32_TYPE__ weir_u32;
typedef __UINT64_TYPE__ weir_u64;

#ifdef __cplusplus
#define WEIR_STATIC_ASSERT(condition) static_assert(condition, #condition)
#else
#define WEIR_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#endif

enum {
  WEIR_MAC_LENGTH = 6,
  WEIR_IP_LENGTH = 16,
  /* IPFIX flowDirection, information element 61. */
  WEIR_DIRECTION_INGRESS = 0,
  WEIR_DIRECTION_EGRESS = 1,
};

/*
 * The key of a flow: packets with the same key are one flow. 56 bytes, packed: byte for byte the
 * key of the reference agent, so that its recordings can be read. IPv4 addresses are stored as
 * ::ffff:a.b.c.d. Fields that a protocol does not have are zero.
 */
struct flow_id_t {
  weir_u16 eth_protocol; /* EtherType after VLAN tags, PPPoE and MPLS; 0: none (LLC) */
  weir_u8 direction;     /* WEIR_DIRECTION_* */
  weir_u8 src_mac[WEIR_MAC_LENGTH];
  weir_u8 dst_mac[WEIR_MAC_LENGTH];
  weir_u8 src_ip[WEIR_IP_LENGTH];
  weir_u8 dst_ip[WEIR_IP_LENGTH];
  weir_u16 src_port;
  weir_u16 dst_port;
  weir_u8 transport_protocol; /* IANA protocol number after all extension headers */
  weir_u32 if_index;
} __attribute__((packed));

/* The counts and times of a flow. 28 bytes, packed. A time of 0 means "not yet set". */
struct flow_metrics_t {
  weir_u32 packets;            /* socket buffers, as the interface's own counters count */
  weir_u64 bytes;              /* with the Ethernet header and VLAN tags */
  weir_u64 start_mono_time_ns; /* CLOCK_MONOTONIC */
  weir_u64 end_mono_time_ns;
} __attribute__((packed));

/* 84 bytes: one record of a recording. */
struct flow_record_t {
  struct flow_id_t id;
  struct flow_metrics_t metrics;
} __attribute__((packed));

/*
 * Details of a flow in addition to its counts. TCP flags come from all packets of the flow,
 * everything else from its first packet. 16 bytes, packed, as in an event of the ring buffer.
 */
struct flow_details_t {
  weir_u16 tcp_flags; /* enum weir_seen_tcp_flags */
  weir_u16 vlan;      /* id of the outermost tag | WEIR_VLAN_PRESENT; 0: no tag */
  weir_u8 dscp;       /* IPFIX ipDiffServCodePoint, 6 bits */
  weir_u8 icmp_type;  /* of ICMP and ICMPv6 */
  weir_u8 icmp_code;
  weir_u8 flags;              /* enum weir_flow_flag */
  weir_u32 namespace_id;      /* id that user space gave to the network namespace */
  weir_u32 sampling_interval; /* N: one of N packets was measured; 0: all were */
} __attribute__((packed));

enum { WEIR_VLAN_PRESENT = 0x1000 };

/*
 * flow_details_t.tcp_flags. The low 12 bits are the union of IPFIX tcpControlBits over the packets
 * (RFC 9565). The bits above them are pairs: one packet had ACK together with FIN, SYN or RST. The
 * bit of a pair is the bit of its other flag, shifted left by WEIR_TCP_PAIR_SHIFT.
 */
enum weir_seen_tcp_flags {
  WEIR_TCP_FLAGS = 0x0fff,
  WEIR_TCP_PAIR_SHIFT = 12,
  WEIR_TCP_PAIR_FIN_ACK = 1 << 12,
  WEIR_TCP_PAIR_SYN_ACK = 1 << 13,
  WEIR_TCP_PAIR_RST_ACK = 1 << 14,
};

/* flow_details_t.flags */
enum weir_flow_flag {
  WEIR_FLOW_HAS_DSCP = 1 << 0, /* an IP header could be read */
  WEIR_FLOW_HAS_ICMP = 1 << 1, /* icmp_type and icmp_code could be read */
  WEIR_FLOW_HAS_TCP = 1 << 2,  /* tcp_flags could be read */
  /* Only of a flow: `vlan` is part of its key, so all its packets have that VLAN. */
  WEIR_FLOW_VLAN_KEY = 1 << 3,
  /* Only of an entry of the mapped table: another entry of the same flow may exist. */
  WEIR_FLOW_MAY_BE_TWICE = 1 << 7,
};

/* One event of the ring buffer: one packet. */
struct flow_event_t {
  struct flow_record_t record;
  struct flow_details_t details;
  weir_u32 wire_packets;
  weir_u64 more_wire_bytes;
} __attribute__((packed));

/*
 * The version of all layouts from here to the end of this file. Tables can outlive the process that
 * made them; another process reads them only if it has the same version. Raise it when you change
 * one of these structs or the hash of the mapped table.
 */
enum { WEIR_LAYOUT_VERSION = 5 };

/* ---- The flow tables ---------------------------------------------------- */

/*
 * Tier "hash": key and value of a hash map. The value is naturally aligned: the programs add to it
 * atomically, and a locked access across two cache lines costs hundreds of times more.
 */
struct flow_key_t {
  struct flow_id_t id;
  weir_u16 namespace_id;
  weir_u16 vlan; /* as in flow_details_t if it is part of the key, else 0 */
} __attribute__((packed));

struct flow_value_t {
  weir_u64 packets;      /* socket buffers, as the interface's own counters count */
  weir_u64 wire_packets; /* packets after segmentation (GSO) */
  weir_u64 bytes;
  weir_u64 more_wire_bytes; /* headers that segmentation adds: bytes on the wire - bytes */
  weir_u64 start_mono_time_ns;
  weir_u64 end_time; /* in the unit of enum weir_clock */
  struct flow_details_t details;
};

/*
 * Tier "mapped": a slot of the table that programs and user space share, an array map mapped into
 * memory. A slot has two cache lines. A packet of a known IPv4 flow touches only the first.
 *
 * A slot is empty while ports_interface is 0 (no interface has the index 0). A CPU claims it with a
 * compare-and-swap of that word, fills it, and publishes it with the bit WEIR_SLOT_READY. It stays
 * until user space clears it while no program uses it.
 */
struct flow_slot_t {
  weir_u64 ports_interface; /* source port, destination port, interface index << 32 */
  weir_u64 addresses;       /* IPv4: source, destination << 32; else a hash of both and EtherType */
  weir_u64 src_mac_protocol;  /* MAC, first byte lowest; protocol << 48; WEIR_SLOT_* */
  weir_u64 dst_mac_namespace; /* MAC; id of the network namespace << 48 */
  weir_u64 packets;           /* socket buffers; wire packets << 32 */
  weir_u64 bytes;
  weir_u64 end_time;  /* in the unit of enum weir_clock */
  weir_u32 tcp_flags; /* enum weir_seen_tcp_flags, so far */
  weir_u32 vlan_key;  /* as flow_key_t.vlan */
  /* The second line: written once, by the CPU that claimed the slot, except the first word. */
  weir_u64 more_wire_bytes; /* as in flow_value_t; only segmented buffers change it */
  weir_u64 src_ip[2];       /* in network order; not set for IPv4 */
  weir_u64 dst_ip[2];
  weir_u64 start_mono_time_ns;
  /* Of the first packet, as in flow_details_t. */
  weir_u32 sampling_interval;
  weir_u16 vlan;
  weir_u8 dscp;
  weir_u8 icmp_type;
  weir_u8 icmp_code;
  weir_u8 flags; /* enum weir_flow_flag */
  weir_u16 eth_protocol;
  weir_u32 reserved1;
};

/* Bits of flow_slot_t.src_mac_protocol, above MAC and protocol. */
#define WEIR_SLOT_EGRESS (1ull << 56)
#define WEIR_SLOT_IPV4 (1ull << 57)
#define WEIR_SLOT_READY (1ull << 58)

/*
 * A slot whose number of packets or wire packets has reached this bit takes no more: the flow
 * continues in another slot. So a count of 32 bits never overflows, even with 2^31 packets in
 * progress at the same time.
 */
#define WEIR_SLOT_FULL_COUNTS 0x8000000080000000ull

/* The secret part of the hash. It is random, so that a sender cannot choose flows that share a
 * probe sequence. */
struct flow_hash_seed_t {
  weir_u64 start;
  weir_u64 src_factor; /* odd */
  weir_u64 dst_factor; /* odd */
};

/* The state of the mapped table that programs and user space share. */
struct flow_table_state_t {
  /* User space sets these before the programs run. */
  weir_u32 slots;     /* of an epoch */
  weir_u32 max_flows; /* slots of an epoch that can be claimed */
  struct flow_hash_seed_t seed;
  /* The epoch whose slots are filled, 0 or 1. User space changes it. */
  weir_u32 active;
  /* Not 0: packets are no longer counted. User space sets it when a run ends, because the kernel
   * needs milliseconds to detach each program. */
  weir_u32 ended;
  weir_u8 line0[24];
  struct {
    /* User space sets both to 0 when it clears the slots. */
    weir_u64 used;  /* slots claimed */
    weir_u64 twice; /* claimed slots with WEIR_FLOW_MAY_BE_TWICE */
    weir_u8 line[48];
  } epochs[2];
};

/* The clock of end_time. */
enum weir_clock {
  WEIR_CLOCK_PRECISE = 0, /* CLOCK_MONOTONIC in ns */
  WEIR_CLOCK_COARSE = 1,  /* the kernel's jiffies */
};

/* ---- Sampling and filter rules ------------------------------------------ */

/* One of `interval` packets is measured: a packet is taken if a random number of 32 bits is
 * below `threshold`. Both 0: all packets are measured. */
struct flow_sampling_t {
  weir_u32 interval;
  weir_u32 threshold;
};

/* Selects the packets that are measured. */
enum weir_selection {
  WEIR_SELECT_ALL = 0,
  WEIR_SELECT_SAMPLE = 1, /* some, before any of their bytes is read */
  WEIR_SELECT_BY_RULES = 2,
};

enum {
  /* 64 rules of a configuration, and one that it may imply. */
  WEIR_MAX_FILTER_RULES = 65,
  /* For each of the two ports. */
  WEIR_MAX_PORT_RANGES = 8,
};

/* Includes both ends. A range whose `last` is less than its `first` contains no port. */
struct flow_port_range_t {
  weir_u16 first;
  weir_u16 last;
};

/* The lowest bit of each packet field in the word that a rule compares at once. */
enum weir_filter_field {
  WEIR_FILTER_ETH_PROTOCOL = 0, /* 16 bits */
  WEIR_FILTER_PROTOCOL = 16,    /* 8 */
  WEIR_FILTER_ICMP_TYPE = 24,   /* 8 */
  WEIR_FILTER_ICMP_CODE = 32,   /* 8 */
  WEIR_FILTER_TCP_FLAGS = 40,   /* 12 */
  WEIR_FILTER_FLAGS = 52,       /* 8: enum weir_flow_flag, of the packet */
  WEIR_FILTER_DIRECTION = 60,   /* 1 */
};

/* flow_filter_rule_t.ports */
enum weir_filter_ports {
  WEIR_FILTER_PORTS_ANY = 0,    /* any ports match */
  WEIR_FILTER_PORTS_BOTH = 1,   /* source in src_ports and destination in dst_ports */
  WEIR_FILTER_PORTS_EITHER = 2, /* one of the two suffices */
};

/* flow_filter_rule_t.action */
enum weir_filter_action { WEIR_FILTER_ACCEPT = 0, WEIR_FILTER_REJECT = 1 };

/*
 * A filter rule as the programs read it. A packet matches if its fields and ports match, and one of
 * its addresses is in the range `ip` and the other one in the range `peer`. Bits outside a mask are
 * zero in the value to compare with.
 */
struct flow_filter_rule_t {
  weir_u64 fields; /* enum weir_filter_field */
  weir_u64 fields_mask;
  weir_u64 ip[2]; /* in network order, IPv4 as ::ffff:a.b.c.d */
  weir_u64 ip_mask[2];
  weir_u64 peer[2];
  weir_u64 peer_mask[2];
  struct flow_port_range_t src_ports[WEIR_MAX_PORT_RANGES];
  struct flow_port_range_t dst_ports[WEIR_MAX_PORT_RANGES];
  weir_u8 ports;  /* enum weir_filter_ports */
  weir_u8 action; /* enum weir_filter_action */
  weir_u16 reserved0;
  weir_u32 reserved1;
  struct flow_sampling_t sampling; /* of packets that the rule accepts */
};

/* ---- Tunnels ------------------------------------------------------------ */

/* The tunnels that are looked into: a packet of such a tunnel is counted under the flow of the
 * packet that it carries. All zero: no tunnel is looked into. */
struct weir_tunnels {
  weir_u16 vxlan_port;  /* of UDP; 0: VXLAN is not looked into */
  weir_u16 geneve_port; /* the same for Geneve; another port */
  weir_u8 gre;          /* 1: GRE is looked into */
  weir_u8 ip_in_ip;     /* 1: IPv4 and IPv6, each in IPv4 or IPv6, are looked into */
};

/* ---- Counters ----------------------------------------------------------- */

/*
 * Why the table did not take a packet. The kernel's -EBUSY (the interrupted program holds the lock
 * of the bucket) is not "full": the two have different cures.
 */
enum weir_table_failure {
  WEIR_TABLE_FULL = 0,    /* it holds its maximum of flows; -E2BIG of a hash map */
  WEIR_TABLE_BUSY = 1,    /* -EBUSY */
  WEIR_TABLE_CROWDED = 2, /* mapped: none of the slots that this flow may use is free */
  WEIR_TABLE_OTHER = 3,   /* anything else, such as -ENOMEM */
  WEIR_TABLE_FAILURES = 4,
};

/*
 * One per CPU, added up by user space. Packets that the table took are not in these counters: the
 * table counts them, by flow. Tests hold the datapath to this balance:
 *     packets of the interface = in the table + in the ring buffer + dropped
 *                                + sampled out + rejected + unmatched.
 */
struct flow_counters_t {
  weir_u64 ringbuf_packets; /* went to user space one by one */
  weir_u64 ringbuf_bytes;
  weir_u64 dropped_packets; /* neither took them: the only loss */
  weir_u64 dropped_bytes;
  weir_u64 sampled_out_packets; /* left out by sampling, also by a rule's sampling */
  /* The decision of the filter rules, if there are any. */
  weir_u64 filter_accepted;  /* a rule accepts it; sampling may still leave it out */
  weir_u64 filter_rejected;  /* a rule rejects it: left out */
  weir_u64 filter_unmatched; /* it matches no rule: left out */
  weir_u64 fragments;        /* IP fragments other than the first: they carry no ports */
  weir_u64 truncated; /* a header was cut off, malformed or too deep: flow without its fields */
  weir_u64 table_failures[WEIR_TABLE_FAILURES]; /* by enum weir_table_failure */
};

WEIR_STATIC_ASSERT(sizeof(struct flow_id_t) == 56);
WEIR_STATIC_ASSERT(sizeof(struct flow_metrics_t) == 28);
WEIR_STATIC_ASSERT(sizeof(struct flow_record_t) == 84);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_id_t, direction) == 2);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_id_t, src_ip) == 15);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_id_t, src_port) == 47);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_id_t, transport_protocol) == 51);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_id_t, if_index) == 52);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_record_t, metrics) == 56);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_metrics_t, bytes) == 4);
WEIR_STATIC_ASSERT(sizeof(struct flow_details_t) == 16);
WEIR_STATIC_ASSERT(sizeof(struct flow_event_t) == 112);
WEIR_STATIC_ASSERT(sizeof(struct flow_key_t) == 60);
WEIR_STATIC_ASSERT(sizeof(struct flow_value_t) == 64);
WEIR_STATIC_ASSERT(sizeof(struct flow_slot_t) == 128);
WEIR_STATIC_ASSERT(__builtin_offsetof(struct flow_slot_t, more_wire_bytes) == 64);
WEIR_STATIC_ASSERT(sizeof(struct flow_table_state_t) == 192);
WEIR_STATIC_ASSERT(sizeof(struct flow_filter_rule_t) == 160);

#endif /* WEIR_BPF_FLOW_H_ */
