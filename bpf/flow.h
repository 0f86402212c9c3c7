/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Layouts that the BPF programs and user space share: the flow record as it
 * crosses the ring buffer and as recordings store it, the entry of the flow
 * table, and the per-CPU counters.
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
  weir_u16 eth_protocol; /* EtherType behind all VLAN tags */
  weir_u8 direction;     /* WEIR_DIRECTION_* */
  weir_u8 src_mac[WEIR_MAC_LENGTH];
  weir_u8 dst_mac[WEIR_MAC_LENGTH];
  weir_u8 src_ip[WEIR_IP_LENGTH];
  weir_u8 dst_ip[WEIR_IP_LENGTH];
  weir_u16 src_port;
  weir_u16 dst_port;
  weir_u8 transport_protocol; /* IANA protocol number behind all IPv6 extension headers */
  weir_u32 if_index;
} __attribute__((packed));

/* What is counted of a flow. 28 bytes, packed. A time of 0 is "not yet set". */
struct flow_metrics_t {
  weir_u32 packets;            /* socket buffers, as the interface's own counters count */
  weir_u64 bytes;              /* from the first byte of the Ethernet header */
  weir_u64 start_mono_time_ns; /* CLOCK_MONOTONIC */
  weir_u64 end_mono_time_ns;
} __attribute__((packed));

/* 84 bytes: one event of the ring buffer, one record of a recording. */
struct flow_record_t {
  struct flow_id_t id;
  struct flow_metrics_t metrics;
} __attribute__((packed));

/*
 * Value of the flow table; its key is flow_id_t. Naturally aligned, because the
 * programs add to it atomically and a locked access across two cache lines
 * costs hundreds of times more.
 */
struct flow_value_t {
  weir_u64 packets;
  weir_u64 bytes;
  weir_u64 start_mono_time_ns;
  weir_u64 end_mono_time_ns;
};

/*
 * Why the table did not take a packet's flow. The kernel's -EBUSY (the bucket
 * is locked by the program that was interrupted) is not "full": the two have
 * different cures.
 */
enum weir_table_failure {
  WEIR_TABLE_FULL = 0,  /* -E2BIG */
  WEIR_TABLE_BUSY = 1,  /* -EBUSY */
  WEIR_TABLE_OTHER = 2, /* anything else, -ENOMEM among it */
  WEIR_TABLE_FAILURES = 3,
};

/*
 * One per CPU, added up by user space. The law that tests hold the datapath to:
 * packets = in the table + in the ring buffer + dropped.
 */
struct flow_counters_t {
  weir_u64 packets; /* accounted or dropped: all but those sampled out */
  weir_u64 bytes;
  weir_u64 table_packets;   /* went into the flow table */
  weir_u64 ringbuf_packets; /* went to user space one by one */
  weir_u64 dropped_packets; /* neither took them: the only loss there is */
  weir_u64 dropped_bytes;
  weir_u64 sampled_out_packets; /* left out by `sampling` */
  weir_u64 fragments;           /* non-first IP fragments: they carry no ports */
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
WEIR_STATIC_ASSERT(sizeof(struct flow_value_t) == 32);

#endif /* WEIR_BPF_FLOW_H_ */
