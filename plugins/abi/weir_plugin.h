/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boundary between weir and its plugins: everything a shared object must
 * know, and all it may use, to be a source, a transform or a sink of weir.
 *
 * Plain C; needs only <stdint.h> and <stddef.h>. A plugin exports one symbol,
 * weir_plugin_main, and needs no symbol of the host: host functions come in a
 * table. Most C++ authors will prefer plugins/sdk, which stands on this file.
 *
 * Versions. The major versions of host and plugin must be equal, and the
 * plugin's minor must not exceed the host's. Within a major, structs only grow
 * at their end, and each begins with struct_size as its writer knows it: read a
 * field only if struct_size reaches it (WEIR_HAS_FIELD). The layout of a record
 * has a version of its own, and rows are walked by stride, so a newer host can
 * append fields to rows that an older plugin still reads.
 *
 * Loading. The host opens a plugin with RTLD_NOW | RTLD_LOCAL and never closes
 * it. A plugin must not define gflags, and must keep a protobuf or logging
 * library of its own to itself: link it statically and export nothing but
 * weir_plugin_main.
 *
 * Threads. For one instance, create, tick_interval_ns, diagnose, prepare, start,
 * stop and destroy are called on one control thread; run on a thread the host made
 * for it; process, tick, reopen and flush on other host threads, but never two of them
 * at the same time. interrupt may come from any thread while these are going on. Host
 * functions may be called from any thread. A plugin makes threads of its own in
 * start or later, not before: a thread keeps the privileges of its beginning.
 *
 * Order. create, prepare, start, { run | process, tick, reopen, flush }, stop, destroy.
 * Every stage of a pipeline has been prepared before the first is started. A
 * source's run has returned before its stop is called; all process, tick
 * and reopen calls have, before the last flush; stop follows that flush. destroy follows a
 * create that succeeded, prepared and started or not. stop follows a start that
 * succeeded. Each of create, prepare, start, stop and destroy comes once at most for an
 * instance: what was stopped is not started or stopped again, but another instance may be
 * made, of the same configuration, before or after. diagnose stands between create and destroy,
 * with none of the others.
 *
 * Errors. A function that can fail returns a weir_code and, if it is not
 * WEIR_OK, says why through host->error_set. No exception may leave a plugin.
 *
 * Strings are UTF-8. `const char*` is NUL-terminated, weir_string is not.
 */
#ifndef WEIR_PLUGINS_ABI_WEIR_PLUGIN_H_
#define WEIR_PLUGINS_ABI_WEIR_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_ABI_MAJOR 1
#define WEIR_ABI_MINOR 4
#define WEIR_RECORD_VERSION 2

/* True if `object` was written by someone who knows `field`. */
#define WEIR_HAS_FIELD(type, object, field) \
  ((object)->struct_size >= offsetof(type, field) + sizeof((object)->field))

/* Bytes that the giver owns; valid only during the call unless it says more. */
typedef struct weir_string {
  const char* data;
  size_t size;
} weir_string;

/* Error codes: the numbers of absl::StatusCode (and of gRPC). */
typedef int32_t weir_code;
enum {
  WEIR_OK = 0,
  WEIR_CANCELLED = 1,
  WEIR_UNKNOWN = 2,
  WEIR_INVALID_ARGUMENT = 3,
  WEIR_DEADLINE_EXCEEDED = 4,
  WEIR_NOT_FOUND = 5,
  WEIR_ALREADY_EXISTS = 6,
  /* A privilege is missing: `weir run` ends with exit code 3. */
  WEIR_PERMISSION_DENIED = 7,
  WEIR_RESOURCE_EXHAUSTED = 8,
  WEIR_FAILED_PRECONDITION = 9,
  WEIR_ABORTED = 10,
  WEIR_OUT_OF_RANGE = 11,
  /* A kernel feature is missing: `weir run` ends with exit code 3. */
  WEIR_UNIMPLEMENTED = 12,
  WEIR_INTERNAL = 13,
  WEIR_UNAVAILABLE = 14,
  WEIR_DATA_LOSS = 15,
  WEIR_UNAUTHENTICATED = 16
};

/* ---- Records and batches ------------------------------------------------ */

/* Bits of weir_record.present: the optional fields that were measured. */
enum {
  WEIR_HAS_TCP_FLAGS = 1u << 0,
  WEIR_HAS_DSCP = 1u << 1,
  WEIR_HAS_ICMP = 1u << 2, /* icmp_type and icmp_code */
  WEIR_HAS_VLAN = 1u << 3,
  WEIR_HAS_SAMPLING = 1u << 4,
  WEIR_HAS_FLOW_END_REASON = 1u << 5,
  WEIR_HAS_WIRE_PACKETS = 1u << 6,
  WEIR_HAS_NETWORK_NAMESPACE = 1u << 7,
  /* No field: a record of the same flow, from another interface, counts in its place. */
  WEIR_IS_DUPLICATE = 1u << 8,
  /* Since record version 2. */
  WEIR_HAS_WIRE_BYTES = 1u << 9,
  WEIR_HAS_AGENT_IP = 1u << 10,
  WEIR_HAS_TCP_FLAG_PAIRS = 1u << 11,
  WEIR_HAS_MONO_TIME = 1u << 12, /* start_mono_time_ns and end_mono_time_ns are measured */
  WEIR_HAS_WALL_TIME = 1u << 13, /* start_wall_time_ns and end_wall_time_ns are measured */
  /* No field: the VLAN is part of the flow's identity. Records with another vlan_id, or without
   * one, are of other flows. */
  WEIR_VLAN_IS_KEY = 1u << 14
};

/* Bits of weir_record.tcp_flag_pairs: a packet had both flags. */
enum { WEIR_TCP_SYN_ACK = 1u << 0, WEIR_TCP_FIN_ACK = 1u << 1, WEIR_TCP_RST_ACK = 1u << 2 };

/*
 * One flow record: a row of a batch. Integers in host byte order, addresses and
 * MACs in network order. A field without a bit in `present` is always valid; one
 * with a bit is zero while its bit is clear. Rows are 8-byte aligned.
 *
 * Each pair of times has a bit. A record that has neither bit is of record version 1, or a raw
 * record of which a time was not set: there a monotonic start of 0 means "not set", and any other
 * value is valid. With a bit, 0 is a time like any other.
 */
typedef struct weir_record {
  /* What makes packets one flow. */
  uint8_t src_addr[16]; /* IPv4 as ::ffff:a.b.c.d; all zero: not an IP flow */
  uint8_t dst_addr[16];
  uint8_t src_mac[6];
  uint8_t dst_mac[6];
  uint16_t eth_protocol; /* EtherType behind VLAN tags, PPPoE and MPLS; 0: none (LLC) */
  uint16_t src_port;
  uint16_t dst_port;
  uint8_t transport_protocol; /* IANA protocol number */
  uint8_t direction;          /* IPFIX flowDirection: 0 ingress, 1 egress */
  uint32_t if_index;
  /* What was counted. */
  uint64_t packets;
  uint64_t bytes;
  uint64_t start_mono_time_ns; /* CLOCK_MONOTONIC */
  uint64_t end_mono_time_ns;
  int64_t start_wall_time_ns; /* since 1970-01-01T00:00:00Z, leap seconds aside */
  int64_t end_wall_time_ns;
  /* What else may be known; `present` says which. */
  uint64_t present;           /* WEIR_HAS_* */
  uint64_t network_namespace; /* inode number of the namespace; part of the flow's identity */
  uint64_t wire_packets;      /* packets on the wire where `packets` counts GSO buffers */
  uint32_t sampling_interval; /* 1 of N packets was looked at */
  uint16_t tcp_flags;         /* union, IPFIX tcpControlBits */
  uint16_t vlan_id;           /* of the first packet's outermost tag, 12 bits */
  uint8_t dscp;
  uint8_t icmp_type; /* ICMP or ICMPv6 */
  uint8_t icmp_code;
  uint8_t flow_end_reason; /* IPFIX flowEndReason, information element 136 */
  /* Name of if_index: NUL-padded, at most 27 bytes and a NUL. Empty: not named yet. */
  char interface_name[28];
  /* Since record version 2. */
  uint64_t wire_bytes;    /* bytes on the wire: each segment of a GSO buffer with its headers */
  uint8_t agent_ip[16];   /* of the agent that measured the record; IPv4 as ::ffff:a.b.c.d */
  uint8_t tcp_flag_pairs; /* WEIR_TCP_*_ACK, of all packets */
  uint8_t reserved[7];    /* zero */
} weir_record;

/*
 * Optional feature blocks follow the record in each row of a batch whose source
 * measures them; where a block is off it takes no room. block_offset[id] is the
 * distance from the start of the row, 0 where the block is absent. The blocks'
 * own layouts come with the features that fill them.
 */
enum {
  WEIR_BLOCK_RTT = 0,
  WEIR_BLOCK_DROPS = 1,
  WEIR_BLOCK_DNS = 2,
  WEIR_BLOCK_NAT = 3,
  WEIR_BLOCK_PROCESS = 4,
  WEIR_BLOCK_INTERFACES = 5, /* weir_interfaces.h */
  WEIR_BLOCK_IDS = 8
};

/*
 * A slab of `size` rows. Allocated by the host and reference-counted. Whoever
 * allocated a batch may write it until he emits it; from then on nobody may.
 */
typedef struct weir_batch {
  uint32_t struct_size;
  uint32_t record_version; /* WEIR_RECORD_VERSION of the host */
  uint32_t stride;         /* bytes from one row to the next, a multiple of 8 */
  uint32_t capacity;       /* rows there is room for */
  uint32_t size;           /* rows in use, from the first */
  uint32_t reserved;
  uint8_t* rows;
  uint16_t block_offset[WEIR_BLOCK_IDS];
} weir_batch;

/* ---- The host's side ---------------------------------------------------- */

/* The host's handle of one stage (an instance in a pipeline). */
typedef struct weir_stage weir_stage;
/* Where a failing call puts its message; valid during that call only. */
typedef struct weir_error weir_error;
/* A counter or gauge; valid until the stage's destroy returns. */
typedef struct weir_metric weir_metric;

typedef enum weir_severity {
  WEIR_LOG_DEBUG = 0,
  WEIR_LOG_INFO = 1,
  WEIR_LOG_WARNING = 2,
  WEIR_LOG_ERROR = 3
} weir_severity;

/*
 * What a stage tells of its records, so that for every stage
 *   received = emitted + merged + filtered + dropped + held.
 * The host itself counts what goes in through process and out through emit.
 */
typedef enum weir_count {
  /* Sources only: read from outside. Every record read is counted here, also
   * one that is then dropped instead of emitted. */
  WEIR_COUNT_RECEIVED = 0,
  /* Sinks only: delivered to where they go. */
  WEIR_COUNT_DELIVERED = 1,
  /* Absorbed into a record that the stage holds already. */
  WEIR_COUNT_MERGED = 2,
  /* Left out because the configuration says so. */
  WEIR_COUNT_FILTERED = 3,
  /* Lost. `reason` is a snake_case word, such as "queue_full". */
  WEIR_COUNT_DROPPED = 4,
  /* Held now: sets, where the others add. */
  WEIR_COUNT_HELD = 5
} weir_count;

/* What a stage has found out about one thing that it needs of this machine. */
typedef enum weir_finding_severity {
  WEIR_FINDING_OK = 0,
  /* The stage works, with a loss that the text names. */
  WEIR_FINDING_DEGRADED = 1,
  /* The stage cannot start: `weir doctor` ends with exit code 3. */
  WEIR_FINDING_MISSING = 2
} weir_finding_severity;

typedef struct weir_finding {
  uint32_t struct_size;
  weir_finding_severity severity;
  weir_string subject; /* what was looked at, in a few words, such as "ring buffer" */
  weir_string text;    /* how it is, and what it costs or how to cure it: a sentence */
} weir_finding;

/* Where diagnose puts what it finds; valid during that call only. */
typedef struct weir_findings weir_findings;

typedef enum weir_metric_kind { WEIR_METRIC_COUNTER = 0, WEIR_METRIC_GAUGE = 1 } weir_metric_kind;

/*
 * The host's functions. One table for the process, valid for its whole life; all of
 * its pointers are set, as far as struct_size reaches. `stage` is the one given to
 * create, except where NULL is allowed, and may be used until destroy returns. Any
 * thread may call them, but where less is said. What is handed to them stays the
 * caller's and is copied where it is kept, but for the batch of emit. None of them
 * throws, and those that return nothing cannot fail.
 */
typedef struct weir_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t record_version;
  uint32_t reserved;
  const char* program_version; /* of the host, for messages */

  /* Writes one log line; `stage` may be NULL. file:line is where it comes from. */
  void (*log)(weir_stage* stage, weir_severity severity, const char* file, int line,
              weir_string message);

  /* Says why the call that was given `error` is about to fail, on the thread of that
   * call. The host copies the message; the last call counts. */
  void (*error_set)(weir_error* error, weir_string message);

  /* A new batch with room for `rows` (1 to 65536) rows, zeroed, size 0, owned by
   * the caller with one reference; NULL when memory is short. Its rows are laid out
   * as those of `like`, with all that follows the record in them; `like` NULL: a
   * row is a weir_record. Of `like` only stride and block_offset are read. */
  weir_batch* (*batch_allocate)(weir_stage* stage, uint32_t rows, const weir_batch* like);
  /* One reference more, one reference fewer; the last frees. Nobody may release what he
   * has not allocated or retained, or use what he has released. */
  void (*batch_retain)(const weir_batch* batch);
  void (*batch_release)(const weir_batch* batch);

  /* Hands a batch of one or more rows to all consumers of the stage and takes the
   * caller's reference, whatever the result. Blocks while a consumer holds back.
   * From inside run, process, tick and flush only, on the calling thread. An
   * error: the pipeline is ending and these records were counted as dropped; a
   * source should return. */
  weir_code (*emit)(weir_stage* stage, weir_batch* batch);

  /* See weir_count. From create to destroy. `reason` is read for WEIR_COUNT_DROPPED only, else
   * NULL. */
  void (*count)(weir_stage* stage, weir_count what, const char* reason, uint64_t records);

  /* Asks for an orderly end of the program with exit code 0, as SIGTERM does:
   * for a sink whose reader has gone on purpose. Returns at once. */
  void (*request_stop)(weir_stage* stage, weir_string why);

  /* The metric of that name (weir_<what>_total for counters, in snake_case) with the
   * label `stage`, and `reason` if not NULL; the same one for the same arguments,
   * never NULL. It is the host's; the host copies all strings. */
  weir_metric* (*metric)(weir_stage* stage, weir_metric_kind kind, const char* name,
                         const char* reason, const char* help);
  void (*metric_add)(weir_metric* metric, int64_t delta); /* counters only grow */
  void (*metric_set)(weir_metric* metric, int64_t value); /* also for a counter read elsewhere */

  /* CLOCK_MONOTONIC and CLOCK_REALTIME in ns, or what a test put in their place. */
  uint64_t (*clock_monotonic_ns)(weir_stage* stage);
  int64_t (*clock_wall_ns)(weir_stage* stage);

  /* The object that stages of this pipeline made by the same plugin share under
   * `name`: the first caller makes it by `make` (NULL from it is returned and
   * nothing is kept). It is given to `dispose` once every stage that asked for it
   * has been destroyed. Control thread only. */
  void* (*shared)(weir_stage* stage, const char* name, void* (*make)(void), void (*dispose)(void*));

  /* Since 1.1. Adds one finding; the host copies it. From inside diagnose, on its
   * thread. */
  void (*finding_add)(weir_findings* findings, const weir_finding* finding);

  /* Since 1.2, for a source, from inside run and on its thread: blocks until no stage has
   * a batch any more that this one emitted, or one that a stage emitted while it processed
   * one of these: then every sink that they reached has had them. What a stage keeps of
   * the records themselves, as an accounter does, is not waited for. WEIR_CANCELLED: some
   * were dropped by the host or with a stage that failed since the last call. */
  weir_code (*settle)(weir_stage* stage);
} weir_host;

/* ---- The plugin's side -------------------------------------------------- */

typedef enum weir_kind { WEIR_SOURCE = 1, WEIR_TRANSFORM = 2, WEIR_SINK = 3 } weir_kind;

/* Valid during create; what is needed later must be copied (host and stage are
 * pointers that stay valid until destroy returns). */
typedef struct weir_create_args {
  uint32_t struct_size;
  uint32_t reserved;
  const weir_host* host;
  weir_stage* stage;
  weir_string stage_name;
  /* The configuration: config_message in protobuf wire format, already checked
   * against config_descriptors and their field rules. Empty where all has been left
   * out. All the same a plugin stays within `size`, whatever the bytes. */
  weir_string config;
} weir_create_args;

/*
 * One kind of stage that a plugin can make. The plugin owns it and all it points to,
 * constant, for the life of the process. Every function pointer is required unless it
 * says optional (then NULL). Those of a kind that a component is not of are not read.
 *
 * `instance` is what create returned: the plugin's, and opaque to the host, which passes
 * it to every other function until destroy. Several instances may be there at once, and
 * share nothing but what they ask weir_host.shared for. `error` is the host's, for
 * error_set, and valid during the call only; what a function takes besides is so too. A
 * function that has failed has done nothing that would have to be undone, but for what
 * its comment says. `weir plugin-test` tries all of this.
 */
typedef struct weir_component {
  uint32_t struct_size;
  weir_kind kind;
  const char* type;    /* what the configuration calls it: snake_case */
  const char* summary; /* one sentence for people; not empty */

  /* Full name of the message that configures it, and a serialized
   * google.protobuf.FileDescriptorSet that holds it and all it imports, each file
   * after its imports. All three zero: it takes no configuration. */
  const char* config_message;
  const uint8_t* config_descriptors;
  size_t config_descriptors_size;

  /* Required. Control thread. Makes an instance and puts it into *instance, not NULL.
   * Looks at its configuration and says what is wrong with it, but opens nothing, makes
   * no thread and changes nothing outside: `weir validate` calls it too. `args` is the
   * host's and valid during the call. An error: there is no instance, and no destroy;
   * WEIR_INVALID_ARGUMENT is a configuration that will not do. */
  weir_code (*create)(const weir_create_args* args, void** instance, weir_error* error);

  /* Required. Control thread. Opens what the instance needs. Consumers have been
   * started before. An error: nothing stays open, and neither stop nor a data call comes,
   * only destroy. WEIR_PERMISSION_DENIED and WEIR_UNIMPLEMENTED: this machine or its user
   * lacks something, which the message names. */
  weir_code (*start)(void* instance, weir_error* error);

  /* Required. Control thread. Closes it. Returns only when all threads of the plugin's
   * own are gone, and what start and prepare opened is closed, also with an error, which
   * tells of what could not be delivered. No data call comes any more. */
  weir_code (*stop)(void* instance, weir_error* error);

  /* Required. Control thread. Frees the instance. By its return the plugin has released
   * every batch that the instance retained or allocated, and uses neither `stage` nor a
   * metric of it any more. Cannot fail. */
  void (*destroy)(void* instance);

  /* Required of sources, and theirs only. On a thread of the host's that this call has
   * to itself. Produces batches until the input ends or interrupt is called, then hands
   * over what is left and returns: once for an instance. An error ends the pipeline. */
  weir_code (*run)(void* instance, weir_error* error);

  /* Required of sources. Makes run return soon; returns at once and cannot fail. Any
   * thread. Between start and stop; before run, during it or after it, and more than once.
   * Since 1.3 transforms and sinks may have it too: the pipeline gives up, because it did
   * not drain in time. A process, tick or flush that waits returns soon, with
   * WEIR_CANCELLED, and later ones do not wait. What the stage then holds counts as
   * dropped. May come at the same time as stop. */
  void (*interrupt)(void* instance);

  /* Required of transforms and sinks, and theirs only. On a thread of the host's, not
   * always the same. Takes a batch. It is the host's, and nobody may write it; retain it
   * to keep it beyond the call. Its rows are `stride` apart, which may be more than
   * sizeof(weir_record); a batch without rows changes nothing. An error ends the
   * pipeline, and these records count as dropped unless the stage has told what became
   * of them. */
  weir_code (*process)(void* instance, const weir_batch* batch, weir_error* error);

  /* Transforms and sinks, optional: how often tick is due, in ns; 0: never. Control
   * thread; asked once, after create; cannot fail. A stage with ticks gets a queue and a
   * thread of its own, but for transforms behind sources that have input_waits; any other
   * transform runs on the threads of its producers. */
  uint64_t (*tick_interval_ns)(void* instance);

  /* Optional, required with tick_interval_ns. On a thread as of process: `now_ns` is the
   * monotonic clock. May emit. An error ends the pipeline. */
  weir_code (*tick)(void* instance, uint64_t now_ns, weir_error* error);

  /* Transforms and sinks, optional: emits or delivers all that is held, so that
   * WEIR_COUNT_HELD is 0, or drops and counts it. On a thread as of process, which gets no
   * batch afterwards; never after a call that failed. An error ends the pipeline. */
  weir_code (*flush)(void* instance, weir_error* error);

  /* Since 1.1, optional. Control thread. Reports through host->finding_add how this machine suits
   * this configuration. May try things out, but leaves nothing behind. An error: the
   * configuration is bad, or it could not be found out. */
  weir_code (*diagnose)(void* instance, weir_findings* findings, weir_error* error);

  /* Since 1.1, optional. Control thread. Opens what takes a privilege that the instance
   * does not need later on. An error as of start. Undone by stop, or by destroy if start was never
   * called or has failed. */
  weir_code (*prepare)(void* instance, weir_error* error);

  /* Since 1.1: Linux capabilities (bit 1 << CAP_x) that prepare needs. Once every
   * stage has been prepared the host gives up those of them that no stage needs. */
  uint64_t prepare_capabilities;

  /* Since 1.1: those that the instance needs from start to stop. NULL: it does not
   * tell, and the host gives up none. */
  const uint64_t* capabilities;

  /* Since 1.3. Sinks, and transforms with ticks, optional: lets go of what is open by a
   * name and opens that name anew, because somebody has moved it away (SIGUSR1, as
   * logrotate has it sent). On a thread as of process, also while no batch comes. An error
   * ends the pipeline. */
  weir_code (*reopen)(void* instance, weir_error* error);

  /* Since 1.4, for sources: not zero if what an instance reads waits for it, as a file
   * does, so that nothing is lost while emit does not return. Transforms behind it then run
   * on its thread, those with ticks too: to wake up another for each few batches costs
   * about as much as what is done with them. Zero, as for one that reads what a kernel or
   * a network sends: with ticks they have a queue in front. */
  uint32_t input_waits;
} weir_component;

/* What a plugin is. Owned by the plugin, constant, for the life of the process. */
typedef struct weir_plugin {
  uint32_t struct_size;
  uint16_t abi_major; /* WEIR_ABI_MAJOR and _MINOR that it was compiled with */
  uint16_t abi_minor;
  uint32_t record_version; /* WEIR_RECORD_VERSION that it was compiled with */
  uint32_t component_count;
  const char* name;    /* of the plugin */
  const char* version; /* its own */
  const weir_component* const* components;
} weir_plugin;

/*
 * The one symbol. Called once, on the control thread, before anything else.
 * `host` is valid for the life of the process. Returns NULL if the plugin cannot
 * work here (it has logged why). Must not assume that host's version fits: the
 * host compares after this returns, so call nothing but host->log in it.
 */
const weir_plugin* weir_plugin_main(const weir_host* host);
typedef const weir_plugin* (*weir_plugin_main_function)(const weir_host* host);
#define WEIR_PLUGIN_MAIN_SYMBOL "weir_plugin_main"

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WEIR_PLUGINS_ABI_WEIR_PLUGIN_H_ */
