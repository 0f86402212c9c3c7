/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface between weir (the host) and its plugins: all that a shared object needs to be a
 * source, a transform or a sink.
 *
 * Plain C; needs only <stdint.h> and <stddef.h>. A plugin exports one symbol, weir_plugin_main,
 * and uses no symbol of the host: the functions of the host come in a table. In C++, plugins/sdk
 * wraps this file.
 *
 * Versions. The major versions of host and plugin must be equal, and the plugin's minor must not
 * exceed the host's. Within a major version, structs only grow at their end. Each struct begins
 * with struct_size, the size that its writer knows: read a field only if struct_size reaches it
 * (WEIR_HAS_FIELD). The record layout has its own version. Rows are `stride` bytes apart, so a
 * newer host can append fields, and an older plugin still reads the rows.
 *
 * Loading. The host opens a plugin with RTLD_NOW | RTLD_LOCAL and never closes it. A plugin must
 * not define gflags. It must link its own protobuf or logging library statically, and export
 * nothing but weir_plugin_main.
 *
 * Threads. For one instance, the host calls create, tick_interval_ns, diagnose, prepare, start,
 * stop and destroy on one control thread. It calls run on a thread that it makes for this call.
 * It calls process, tick, reopen and flush on other host threads, one call at a time. interrupt
 * may come from any thread, also during these calls. Any thread may call the functions of the
 * host, except where their comments say otherwise. A plugin makes its own threads in start or
 * later, not before: a thread keeps the privileges that the process has when the thread begins.
 *
 * Order. create, prepare, start, { run | process, tick, reopen, flush }, stop, destroy. The host
 * prepares all stages of a pipeline before it starts the first. It calls a source's stop after
 * run has returned. It calls the last flush after all process, tick and reopen calls have
 * returned, and then stop. stop follows every start that succeeded; destroy follows every create
 * that succeeded, whether or not the instance was prepared or started. For one instance, each of
 * create, prepare, start, stop and destroy is called at most once: a stopped instance is never
 * started again. The host may make another instance of the same configuration, before or after.
 * diagnose comes between create and destroy; then no other function is called.
 *
 * Errors. A function that can fail returns a weir_code. If that is not WEIR_OK, the function
 * first gives the reason to host->error_set. No exception may leave a plugin.
 *
 * Units. Times are in nanoseconds, sizes in bytes.
 *
 * Strings are UTF-8. A `const char*` ends with NUL; a weir_string does not.
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

/* True if the writer of `object` knows `field`. */
#define WEIR_HAS_FIELD(type, object, field) \
  ((object)->struct_size >= offsetof(type, field) + sizeof((object)->field))

/* Bytes that the caller owns. Valid only during the call, unless the function says otherwise. */
typedef struct weir_string {
  const char* data;
  size_t size;
} weir_string;

/* Error codes, with the numbers of absl::StatusCode and of gRPC. */
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

/* Bits of weir_record.present: which optional fields were measured. */
enum {
  WEIR_HAS_TCP_FLAGS = 1u << 0,
  WEIR_HAS_DSCP = 1u << 1,
  WEIR_HAS_ICMP = 1u << 2, /* icmp_type and icmp_code */
  WEIR_HAS_VLAN = 1u << 3,
  WEIR_HAS_SAMPLING = 1u << 4,
  WEIR_HAS_FLOW_END_REASON = 1u << 5,
  WEIR_HAS_WIRE_PACKETS = 1u << 6,
  WEIR_HAS_NETWORK_NAMESPACE = 1u << 7,
  /* No field: this record repeats packets that a record from another interface already counts. */
  WEIR_IS_DUPLICATE = 1u << 8,
  /* Since record version 2. */
  WEIR_HAS_WIRE_BYTES = 1u << 9,
  WEIR_HAS_AGENT_IP = 1u << 10,
  WEIR_HAS_TCP_FLAG_PAIRS = 1u << 11,
  WEIR_HAS_MONO_TIME = 1u << 12, /* start_mono_time_ns and end_mono_time_ns */
  WEIR_HAS_WALL_TIME = 1u << 13, /* start_wall_time_ns and end_wall_time_ns */
  /* No field: the VLAN is part of the flow's identity. Records with another vlan_id, or without
   * one, belong to other flows. */
  WEIR_VLAN_IS_KEY = 1u << 14
};

/* Bits of weir_record.tcp_flag_pairs: at least one packet had both flags. */
enum { WEIR_TCP_SYN_ACK = 1u << 0, WEIR_TCP_FIN_ACK = 1u << 1, WEIR_TCP_RST_ACK = 1u << 2 };

/*
 * One flow record: a row of a batch. Integers are in host byte order; IP and MAC addresses are in
 * network byte order. Rows are 8-byte aligned. A field that has a bit in `present` is zero while
 * that bit is clear; the other fields are always valid.
 *
 * Times have two bits. If both are clear, the record is of version 1, or a raw record with an
 * unset time. Then a monotonic start of 0 means "not set", and any other time is valid. If a bit
 * is set, a time of 0 is a measured time.
 */
typedef struct weir_record {
  /* The key: packets with the same key belong to one flow. */
  uint8_t src_addr[16]; /* IPv4 as ::ffff:a.b.c.d; both addresses zero: not an IP flow */
  uint8_t dst_addr[16];
  uint8_t src_mac[6];
  uint8_t dst_mac[6];
  uint16_t eth_protocol; /* EtherType behind VLAN tags, PPPoE and MPLS; 0: none (LLC) */
  uint16_t src_port;
  uint16_t dst_port;
  uint8_t transport_protocol; /* IANA protocol number */
  uint8_t direction;          /* IPFIX flowDirection (element 61): 0 ingress, 1 egress */
  uint32_t if_index;
  /* The counts and times. */
  uint64_t packets; /* from the kernel: socket buffers, which may hold several packets each */
  uint64_t bytes;   /* from the first byte of the Ethernet header */
  uint64_t start_mono_time_ns; /* CLOCK_MONOTONIC */
  uint64_t end_mono_time_ns;
  int64_t start_wall_time_ns; /* since 1970-01-01T00:00:00Z, without leap seconds */
  int64_t end_wall_time_ns;
  /* Optional fields; `present` says which are measured. */
  uint64_t present;           /* WEIR_HAS_* */
  uint64_t network_namespace; /* inode number of the network namespace; part of the key */
  uint64_t wire_packets;      /* packets on the wire, while `packets` counts buffers */
  uint32_t sampling_interval; /* N: one of N packets was looked at */
  uint16_t tcp_flags;         /* of all packets, IPFIX tcpControlBits (element 6) */
  uint16_t vlan_id;           /* outermost tag of the first packet, 12 bits */
  uint8_t dscp;
  uint8_t icmp_type; /* ICMP or ICMPv6 */
  uint8_t icmp_code;
  uint8_t flow_end_reason; /* IPFIX flowEndReason (element 136) */
  /* Name of if_index: at most 27 bytes, padded with NUL. Empty: not named yet. */
  char interface_name[28];
  /* Since record version 2. */
  uint64_t wire_bytes;    /* bytes on the wire: each segment of a buffer with its own headers */
  uint8_t agent_ip[16];   /* agent that measured the record; IPv4 as ::ffff:a.b.c.d */
  uint8_t tcp_flag_pairs; /* WEIR_TCP_*_ACK */
  uint8_t reserved[7];    /* zero */
} weir_record;

/*
 * Feature blocks: optional data behind the record in each row of a batch. A batch has only the
 * blocks that its source fills; a missing block takes no room. block_offset[id] is the distance
 * in bytes from the start of a row to the block, or 0 if the batch has no such block. Each block
 * has its own header.
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
 * A batch: rows that travel together. The host allocates it and counts references to it. The
 * allocator may write to a batch until it emits it. After that the batch is immutable.
 */
typedef struct weir_batch {
  uint32_t struct_size;
  uint32_t record_version; /* WEIR_RECORD_VERSION of the host */
  uint32_t stride;         /* bytes from one row to the next, a multiple of 8 */
  uint32_t capacity;       /* the number of rows that fit */
  uint32_t size;           /* the number of rows in use, from the first */
  uint32_t reserved;
  uint8_t* rows;
  uint16_t block_offset[WEIR_BLOCK_IDS];
} weir_batch;

/* ---- The host's side ---------------------------------------------------- */

/* The host's handle of one stage: a configured instance in a pipeline. */
typedef struct weir_stage weir_stage;
/* Takes the message of a failing call. Valid during that call only. */
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
 * What became of a stage's records. For every stage
 *   received = emitted + merged + filtered + dropped + held.
 * The host counts the records that enter through process and leave through emit. The stage counts
 * the others. For a sink, delivered takes the place of emitted.
 */
typedef enum weir_count {
  /* Sources only: records read from outside, including those that are then dropped. */
  WEIR_COUNT_RECEIVED = 0,
  /* Sinks only: records that reached their destination. */
  WEIR_COUNT_DELIVERED = 1,
  /* Records added to a record that the stage already holds. */
  WEIR_COUNT_MERGED = 2,
  /* Records left out because the configuration asks for it. */
  WEIR_COUNT_FILTERED = 3,
  /* Records lost. `reason` is a snake_case word, such as "queue_full". */
  WEIR_COUNT_DROPPED = 4,
  /* Records held now. This count is set; the others are added to. */
  WEIR_COUNT_HELD = 5
} weir_count;

/* How one requirement of a stage is met on this machine. */
typedef enum weir_finding_severity {
  WEIR_FINDING_OK = 0,
  /* The stage works, with a loss that the text describes. */
  WEIR_FINDING_DEGRADED = 1,
  /* The stage cannot start: `weir doctor` ends with exit code 3. */
  WEIR_FINDING_MISSING = 2
} weir_finding_severity;

typedef struct weir_finding {
  uint32_t struct_size;
  weir_finding_severity severity;
  weir_string subject; /* the requirement in a few words, such as "ring buffer" */
  weir_string text;    /* a sentence: the state, and its cost or its cure */
} weir_finding;

/* Takes the findings of diagnose. Valid during that call only. */
typedef struct weir_findings weir_findings;

typedef enum weir_metric_kind { WEIR_METRIC_COUNTER = 0, WEIR_METRIC_GAUGE = 1 } weir_metric_kind;

/*
 * The functions of the host. One table for the process, valid for the life of the process. All
 * pointers within struct_size are set. `stage` is the one that create received (or NULL where a
 * comment allows it); it may be used until destroy returns. Any thread may call these functions,
 * except where a comment says otherwise. Arguments stay the caller's, and the host copies what it
 * keeps; the exception is the batch of emit. No function throws. Functions that return nothing
 * cannot fail.
 */
typedef struct weir_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  uint32_t record_version;
  uint32_t reserved;
  const char* program_version; /* version of the host, for messages */

  /* Writes one log line from the source position file:line. `stage` may be NULL. */
  void (*log)(weir_stage* stage, weir_severity severity, const char* file, int line,
              weir_string message);

  /* Sets the message of the call that received `error` and is about to fail. On the thread of
   * that call. The last message counts. */
  void (*error_set)(weir_error* error, weir_string message);

  /* Returns a new batch with room for `rows` (1 to 65536) zeroed rows and size 0. The caller owns
   * its one reference. Returns NULL if memory is short. The rows have the layout of `like`, with
   * all its feature blocks; if `like` is NULL, a row is a weir_record. Only stride and
   * block_offset of `like` are read. */
  weir_batch* (*batch_allocate)(weir_stage* stage, uint32_t rows, const weir_batch* like);
  /* Adds a reference; removes one. Removing the last frees the batch. Release only references that
   * you own, and do not use a batch after that. */
  void (*batch_retain)(const weir_batch* batch);
  void (*batch_release)(const weir_batch* batch);

  /* Hands a batch of one or more rows to all consumers of the stage. Takes the caller's reference,
   * also if it fails. Blocks while a consumer's queue is full. Only inside run, process, tick and
   * flush, on their thread. An error means that the pipeline is ending: the records are counted
   * as dropped, and a source should return. */
  weir_code (*emit)(weir_stage* stage, weir_batch* batch);

  /* Counts records; see weir_count. From create to destroy. `reason` belongs to WEIR_COUNT_DROPPED
   * and is NULL otherwise. */
  void (*count)(weir_stage* stage, weir_count what, const char* reason, uint64_t records);

  /* Asks for an orderly end of the program with exit code 0, like SIGTERM. For example, the reader
   * of a sink's output has gone on purpose. Returns at once. */
  void (*request_stop)(weir_stage* stage, weir_string why);

  /* Returns the metric `name` (snake_case, weir_<what>_total for a counter) with the label `stage`
   * and, if not NULL, the label `reason`. The same arguments give the same metric. Never NULL; the
   * host owns it. */
  weir_metric* (*metric)(weir_stage* stage, weir_metric_kind kind, const char* name,
                         const char* reason, const char* help);
  void (*metric_add)(weir_metric* metric, int64_t delta); /* counters only grow */
  void (*metric_set)(weir_metric* metric,
                     int64_t value); /* a counter too, if its value is read elsewhere */

  /* CLOCK_MONOTONIC and CLOCK_REALTIME in ns, or the clocks of a test. */
  uint64_t (*clock_monotonic_ns)(weir_stage* stage);
  int64_t (*clock_wall_ns)(weir_stage* stage);

  /* Returns the object that all stages of this plugin in this pipeline share under `name`. The
   * first call makes it with `make`; if `make` returns NULL, NULL is returned and nothing is kept.
   * The host passes the object to `dispose` when all stages that asked for it have been destroyed.
   * Control thread only. */
  void* (*shared)(weir_stage* stage, const char* name, void* (*make)(void), void (*dispose)(void*));

  /* Since 1.1. Adds one finding. Only inside diagnose, on its thread. */
  void (*finding_add)(weir_findings* findings, const weir_finding* finding);

  /* Since 1.2, for sources. Waits for delivery: blocks until no stage references a batch that this
   * source emitted, or a batch that a stage emitted while it processed one of these. Every sink
   * that they reached has then processed them. Records that a stage holds itself (an accounter's
   * flows) are not waited for. Only inside run, on its thread. WEIR_CANCELLED: since the last call,
   * the host dropped some of these records, or a stage failed with them. */
  weir_code (*settle)(weir_stage* stage);
} weir_host;

/* ---- The plugin's side -------------------------------------------------- */

typedef enum weir_kind { WEIR_SOURCE = 1, WEIR_TRANSFORM = 2, WEIR_SINK = 3 } weir_kind;

/* Valid during create: copy what is needed later. The pointers `host` and `stage` themselves stay
 * valid until destroy returns. */
typedef struct weir_create_args {
  uint32_t struct_size;
  uint32_t reserved;
  const weir_host* host;
  weir_stage* stage;
  weir_string stage_name;
  /* The configuration: config_message in protobuf wire format. The host has checked it against
   * config_descriptors and the rules of their fields. Empty if no field is set. A plugin must not
   * read beyond `size`, whatever the bytes are. */
  weir_string config;
} weir_create_args;

/*
 * A component: a type of stage that a plugin offers. The plugin owns it and all it points to, and
 * keeps them unchanged for the life of the process. Every function pointer is required unless it
 * is called optional (then it may be NULL). The host does not read the functions of other kinds.
 *
 * `instance` is what create returned. The plugin owns it; the host passes it to the other
 * functions until destroy. Several instances may exist at once; they share only what
 * weir_host.shared gives them. `error` is for error_set. `error` and all other arguments are
 * valid during the call only. A function that fails leaves nothing to undo, except where its
 * comment says otherwise. `weir plugin-test` checks all of this.
 */
typedef struct weir_component {
  uint32_t struct_size;
  weir_kind kind;
  const char* type;    /* its name in a pipeline file: snake_case */
  const char* summary; /* one sentence for users; not empty */

  /* The full name of the configuration message, and a serialized
   * google.protobuf.FileDescriptorSet with its file and all imports, each file after its imports.
   * All three are zero if the component takes no configuration. */
  const char* config_message;
  const uint8_t* config_descriptors;
  size_t config_descriptors_size;

  /* Required. Control thread. Makes an instance and stores it in *instance, not NULL. Checks the
   * configuration, but opens nothing, makes no thread and changes nothing outside: `weir validate`
   * calls it too. If it fails, there is no instance, and destroy is not called.
   * WEIR_INVALID_ARGUMENT: the configuration is wrong. */
  weir_code (*create)(const weir_create_args* args, void** instance, weir_error* error);

  /* Required. Control thread. Opens what the instance needs. All consumers are already started. If
   * it fails, nothing stays open, and the host calls only destroy. WEIR_PERMISSION_DENIED and
   * WEIR_UNIMPLEMENTED: the machine or the user lacks something, which the message names. */
  weir_code (*start)(void* instance, weir_error* error);

  /* Required. Control thread. Closes what start and prepare opened, and returns when all threads
   * of the plugin have ended; also if it fails. An error says what was not delivered. No data call
   * follows. */
  weir_code (*stop)(void* instance, weir_error* error);

  /* Required. Control thread. Frees the instance. When it returns, the plugin has released every
   * batch that the instance allocated or retained, and no longer uses `stage` or its metrics.
   * Cannot fail. */
  void (*destroy)(void* instance);

  /* Sources only, required. Called once, on a host thread of its own. Emits batches until the
   * input ends or interrupt is called, then emits the rest and returns. An error ends the
   * pipeline. */
  weir_code (*run)(void* instance, weir_error* error);

  /* Required for sources. Makes run return soon; returns at once and cannot fail. Any thread.
   * Between start and stop: before, during or after run, and more than once. Not after stop was
   * called: the host waits for an interrupt that runs.
   * Since 1.3, optional for transforms and sinks: the pipeline did not drain in time and gives up.
   * A process, tick or flush that waits returns soon with WEIR_CANCELLED, and later calls do not
   * wait. The records that the stage then holds count as dropped. */
  void (*interrupt)(void* instance);

  /* Transforms and sinks only, required. On a host thread, not always the same one. Takes a batch,
   * which is shared and immutable; retain it to keep it beyond the call. Its rows are `stride`
   * bytes apart, which may be more than sizeof(weir_record). A batch without rows changes nothing.
   * An error ends the pipeline; records that the stage has not counted by then count as
   * dropped. */
  weir_code (*process)(void* instance, const weir_batch* batch, weir_error* error);

  /* Transforms and sinks, optional. Returns the time between two ticks in ns; 0: no ticks; more
   * than a year (365 days) counts as a year. Control thread; called once, after create; cannot
   * fail. A stage with ticks gets its own queue and thread, except a transform behind sources with
   * input_waits. A transform without ticks runs on the threads of its producers. */
  uint64_t (*tick_interval_ns)(void* instance);

  /* Optional; required with tick_interval_ns. Same threads as process. `now_ns` is the time of the
   * monotonic clock. May emit. An error ends the pipeline. */
  weir_code (*tick)(void* instance, uint64_t now_ns, weir_error* error);

  /* Transforms and sinks, optional. Emits or delivers all held records, or drops and counts them:
   * afterwards WEIR_COUNT_HELD is 0. Same threads as process; no batch follows, and flush does not
   * follow a call that failed. An error ends the pipeline. */
  weir_code (*flush)(void* instance, weir_error* error);

  /* Since 1.1, optional. Control thread. Reports through host->finding_add how this machine meets
   * the needs of this configuration. May try things out, but leaves nothing behind. An error: the
   * configuration is wrong, or the state could not be found out. */
  weir_code (*diagnose)(void* instance, weir_findings* findings, weir_error* error);

  /* Since 1.1, optional. Control thread. Opens what needs a privilege that the instance does not
   * need later. Fails like start. stop undoes it, or destroy if start was not called or failed. */
  weir_code (*prepare)(void* instance, weir_error* error);

  /* Since 1.1. Linux capabilities that prepare needs (bits 1 << CAP_x of linux/capability.h). When
   * all stages are prepared, the host gives up those that no stage needs later. */
  uint64_t prepare_capabilities;

  /* Since 1.1. Linux capabilities that the instance needs from start to stop. NULL: not known; the
   * host then gives up none. */
  const uint64_t* capabilities;

  /* Since 1.3, optional, for sinks and for transforms with ticks. Closes what is open by a name and
   * opens the name again, because another program has moved the old file away (SIGUSR1, which
   * logrotate can send). Same threads as process, also while no batch comes. An error ends the
   * pipeline. */
  weir_code (*reopen)(void* instance, weir_error* error);

  /* Since 1.4, for sources. Not zero if the input waits for the source, like a file: nothing is
   * lost while emit blocks. Transforms behind it then run on its thread, also those with ticks; to
   * wake another thread for a few batches costs about as much as the work on them. Zero if the
   * input comes from a kernel or a network: a transform with ticks then has a queue in front. */
  uint32_t input_waits;
} weir_component;

/* A plugin. It owns this struct and keeps it unchanged for the life of the process. */
typedef struct weir_plugin {
  uint32_t struct_size;
  uint16_t abi_major; /* WEIR_ABI_MAJOR and WEIR_ABI_MINOR at its compilation */
  uint16_t abi_minor;
  uint32_t record_version; /* WEIR_RECORD_VERSION at its compilation */
  uint32_t component_count;
  const char* name;    /* name of the plugin, for messages */
  const char* version; /* version of the plugin, for messages */
  const weir_component* const* components;
} weir_plugin;

/*
 * The one symbol that a plugin exports. Called once, on the control thread, before any other
 * function. `host` is valid for the life of the process. Returns NULL, after a log line with the
 * reason, if the plugin cannot work here. The host compares the versions after this call, so call
 * no function of the host but log in it.
 */
const weir_plugin* weir_plugin_main(const weir_host* host);
typedef const weir_plugin* (*weir_plugin_main_function)(const weir_host* host);
#define WEIR_PLUGIN_MAIN_SYMBOL "weir_plugin_main"

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WEIR_PLUGINS_ABI_WEIR_PLUGIN_H_ */
