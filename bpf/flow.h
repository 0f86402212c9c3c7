/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Layouts that the BPF programs and user space share: the flow record as
 * recordings store it, the event of the ring buffer, the entries of the flow
 * tables, and the per-CPU counters.
 *
 * Includes nothing, so that a BPF object needs no header of the build host;
 * compiles as C11 (BPF) and as C++17 (user space). All multi-byte fields are in
 * host byte order, ports included; addresses and MACs are in network order.
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
 * What makes packets one flow. 56 bytes, packed: byte for byte the key of the
 * reference agent, so that its recordings can be read. IPv4 addresses stand as
 * ::ffff:a.b.c.d; fields that a protocol does not have are zero.
 */
struct flow_id_t {
  weir_u16 eth_protocol; /* EtherType behind VLAN tags, PPPoE and MPLS; 0: none (LLC) */
  weir_u8 direction;     /* WEIR_DIRECTION_* */
  weir_u8 src_mac[WEIR_MAC_LENGTH];
  weir_u8 dst_mac[WEIR_MAC_LENGTH];
  weir_u8 src_ip[WEIR_IP_LENGTH];
  weir_u8 dst_ip[WEIR_IP_LENGTH];
  weir_u16 src_port;
  weir_u16 dst_port;
  weir_u8 transport_protocol; /* IANA protocol number behind all extension headers */
  weir_u32 if_index;
} __attribute__((packed));

/* What is counted of a flow. 28 bytes, packed. A time of 0 is "not yet set". */
struct flow_metrics_t {
  weir_u32 packets;            /* socket buffers, as the interface's own counters count */
  weir_u64 bytes;              /* from the first byte of the Ethernet header, with VLAN tags */
  weir_u64 start_mono_time_ns; /* CLOCK_MONOTONIC */
  weir_u64 end_mono_time_ns;
} __attribute__((packed));

/* 84 bytes: one record of a recording. */
struct flow_record_t {
  struct flow_id_t id;
  struct flow_metrics_t metrics;
} __attribute__((packed));

/*
 * What is noted of a flow beside its counts. All but the TCP flags is what its first
 * packet had. 16 bytes, packed, as they stand in an event of the ring buffer.
 */
struct flow_details_t {
  weir_u16 tcp_flags; /* enum weir_seen_tcp_flags */
  weir_u16 vlan;      /* id of the outermost tag, and WEIR_VLAN_PRESENT; 0: no tag */
  weir_u8 dscp;       /* IPFIX ipDiffServCodePoint, 6 bits */
  weir_u8 icmp_type;  /* of ICMP and ICMPv6 */
  weir_u8 icmp_code;
  weir_u8 flags;              /* enum weir_flow_flag */
  weir_u32 namespace_id;      /* the number that user space gave the network namespace */
  weir_u32 sampling_interval; /* one of so many packets was looked at; 0: all were */
} __attribute__((packed));

enum { WEIR_VLAN_PRESENT = 0x1000 };

/*
 * flow_details_t.tcp_flags: the union over the packets of IPFIX tcpControlBits, 12 bits
 * (RFC 9565), and above these the pairs: ACK came in one packet with FIN, SYN or RST. Each
 * pair has the place of its other flag, WEIR_TCP_PAIR_SHIFT higher.
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
  /* Of a flow: `vlan` is part of its key, so that it is that of all of its packets. */
  WEIR_FLOW_VLAN_KEY = 1 << 3,
  /* Of an entry of the mapped table: there may be another one of the same flow. */
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
 * Of all layouts from here to the end of this file. Where tables outlive the process
 * that made them, another one reads them only if it has the same number: whoever changes
 * one of these structs, or the hash of the mapped table, raises it.
 */
enum { WEIR_LAYOUT_VERSION = 5 };

/* ---- The flow tables ---------------------------------------------------- */

/*
 * Tier "hash": key and value of a hash map. The value is naturally aligned, because
 * the programs add to it atomically and a locked access across two cache lines costs
 * hundreds of times more.
 */
struct flow_key_t {
  struct flow_id_t id;
  weir_u16 namespace_id;
  weir_u16 vlan; /* as in flow_details_t where it is part of the key, else 0 */
} __attribute__((packed));

struct flow_value_t {
  weir_u64 packets;      /* socket buffers, as the interface's own counters count */
  weir_u64 wire_packets; /* what segmentation makes of them (GSO) */
  weir_u64 bytes;
  weir_u64 more_wire_bytes; /* headers that segmentation adds: bytes on the wire - bytes */
  weir_u64 start_mono_time_ns;
  weir_u64 end_time; /* in the unit of enum weir_clock */
  struct flow_details_t details;
};

/*
 * Tier "mapped": a slot of the table that programs and user space have in common, an
 * array map mapped into memory. Two cache lines, of which a packet of an IPv4 flow
 * that is known touches the first.
 *
 * A slot is empty while ports_interface is 0 (no interface has the index 0). It is
 * claimed by a compare-and-swap of that word, filled, and then published by the bit
 * WEIR_SLOT_READY. It stays until user space clears it, with no program about.
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
  /* The second line: written once, by the CPU that claimed the slot, but for the first word. */
  weir_u64 more_wire_bytes; /* as in flow_value_t; only buffers that are segmented change it */
  weir_u64 src_ip[2];       /* in network order; all that is not IPv4 */
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
 * A slot whose number of packets or wire packets has reached this bit takes no more:
 * the flow goes on in another one. So a count of 32 bits never overflows, with 2^31
 * packets under way at the same time.
 */
#define WEIR_SLOT_FULL_COUNTS 0x8000000080000000ull

/* The secret part of the hash: random, so that a sender cannot choose flows that share a
 * probe sequence. */
struct flow_hash_seed_t {
  weir_u64 start;
  weir_u64 src_factor; /* odd */
  weir_u64 dst_factor; /* odd */
};

/* What programs and user space say to each other about the mapped table. */
struct flow_table_state_t {
  /* User space sets these before the programs run. */
  weir_u32 slots;     /* of an epoch */
  weir_u32 max_flows; /* slots of an epoch that may be claimed */
  struct flow_hash_seed_t seed;
  /* The epoch whose slots are filled, 0 or 1. User space changes it. */
  weir_u32 active;
  /* Not 0: no packet is counted any more. User space sets it when a run ends, because to detach
   * programs takes the kernel milliseconds for each. */
  weir_u32 ended;
  weir_u8 line0[24];
  struct {
    /* User space sets both to 0 when it clears the slots. */
    weir_u64 used;  /* slots claimed */
    weir_u64 twice; /* those of them with WEIR_FLOW_MAY_BE_TWICE */
    weir_u8 line[48];
  } epochs[2];
};

/* What end_time is. */
enum weir_clock {
  WEIR_CLOCK_PRECISE = 0, /* CLOCK_MONOTONIC in ns */
  WEIR_CLOCK_COARSE = 1,  /* the kernel's jiffies */
};

/* ---- Sampling and filter rules ------------------------------------------ */

/* One of `interval` packets is looked at: those for which a random number of 32 bits is
 * below `threshold`. Both 0: all are. */
struct flow_sampling_t {
  weir_u32 interval;
  weir_u32 threshold;
};

/* Which packets are looked at. */
enum weir_selection {
  WEIR_SELECT_ALL = 0,
  WEIR_SELECT_SAMPLE = 1, /* some, before anything is read of them */
  WEIR_SELECT_BY_RULES = 2,
};

enum {
  /* 64 of a configuration, and one that it may imply. */
  WEIR_MAX_FILTER_RULES = 65,
  /* Of each of the two ports. */
  WEIR_MAX_PORT_RANGES = 8,
};

/* Both ends are in it. A range whose end comes before its beginning has no port. */
struct flow_port_range_t {
  weir_u16 first;
  weir_u16 last;
};

/* Where the fields of a packet stand in the word that a rule compares as one. */
enum weir_filter_field {
  WEIR_FILTER_ETH_PROTOCOL = 0, /* lowest bit; 16 bits */
  WEIR_FILTER_PROTOCOL = 16,    /* 8 */
  WEIR_FILTER_ICMP_TYPE = 24,   /* 8 */
  WEIR_FILTER_ICMP_CODE = 32,   /* 8 */
  WEIR_FILTER_TCP_FLAGS = 40,   /* 12 */
  WEIR_FILTER_FLAGS = 52,       /* 8: enum weir_flow_flag, of the packet */
  WEIR_FILTER_DIRECTION = 60,   /* 1 */
};

/* flow_filter_rule_t.ports */
enum weir_filter_ports {
  WEIR_FILTER_PORTS_ANY = 0,    /* they are not looked at */
  WEIR_FILTER_PORTS_BOTH = 1,   /* source in src_ports and destination in dst_ports */
  WEIR_FILTER_PORTS_EITHER = 2, /* one of the two suffices */
};

/* flow_filter_rule_t.action */
enum weir_filter_action { WEIR_FILTER_ACCEPT = 0, WEIR_FILTER_REJECT = 1 };

/*
 * A filter rule as the programs read it. A packet fits if its fields and ports do, and
 * one of its addresses is in the range `ip` and the other one in the range `peer`. Bits
 * that are not in a mask are zero in what is compared with.
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
  struct flow_sampling_t sampling; /* of packets that it accepts */
};

/* ---- Tunnels ------------------------------------------------------------ */

/* The tunnels that are looked into: their packets are counted under the flow of the packet
 * that they carry. All zero: none is. */
struct weir_tunnels {
  weir_u16 vxlan_port;  /* of UDP; 0: VXLAN is not looked into */
  weir_u16 geneve_port; /* the same for Geneve; another port */
  weir_u8 gre;          /* 1: GRE is looked into */
  weir_u8 ip_in_ip;     /* 1: IPv4 and IPv6 in either of both are looked into */
};

/* ---- Counters ----------------------------------------------------------- */

/*
 * Why the table did not take a packet's flow. The kernel's -EBUSY (the bucket
 * is locked by the program that was interrupted) is not "full": the two have
 * different cures.
 */
enum weir_table_failure {
  WEIR_TABLE_FULL = 0,    /* as many flows as it is to hold; a hash's -E2BIG */
  WEIR_TABLE_BUSY = 1,    /* -EBUSY */
  WEIR_TABLE_CROWDED = 2, /* mapped: no free slot where this flow may stand */
  WEIR_TABLE_OTHER = 3,   /* anything else, -ENOMEM among it */
  WEIR_TABLE_FAILURES = 4,
};

/*
 * One per CPU, added up by user space. Packets that the table took are not among it:
 * they are counted there, by flow. The law that tests hold the datapath to:
 * packets of the interface = in the table + in the ring buffer + dropped
 *                            + sampled out + rejected + unmatched.
 */
struct flow_counters_t {
  weir_u64 ringbuf_packets; /* went to user space one by one */
  weir_u64 ringbuf_bytes;
  weir_u64 dropped_packets; /* neither took them: the only loss there is */
  weir_u64 dropped_bytes;
  weir_u64 sampled_out_packets; /* left out by sampling, that of a rule too */
  /* What the filter rules, where there are any, said of a packet. */
  weir_u64 filter_accepted;  /* a rule accepts it; it may be sampled out then */
  weir_u64 filter_rejected;  /* a rule rejects it: left out */
  weir_u64 filter_unmatched; /* it fits no rule: left out */
  weir_u64 fragments;        /* non-first IP fragments: they carry no ports */
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
