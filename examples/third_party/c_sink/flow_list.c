/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink in plain C that needs only the installed header. For each record it writes a line
 * "PROTOCOL SOURCE DESTINATION PACKETS BYTES" to the file in the environment variable
 * FLOW_LIST. At the end it logs the number of records of TCP, of UDP and of the rest.
 *
 *   sink { name: "list" type: "flow_list" input: "name" }
 */
#define _POSIX_C_SOURCE 200809L /* strdup */

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/abi/weir_plugin.h"

/* One instance. The host makes one call at a time, so it needs no lock. */
typedef struct flow_list {
  const weir_host* host;
  weir_stage* stage;
  char* path;
  FILE* file; /* from start to stop */
  uint64_t tcp, udp, other;
} flow_list;

/* Sets the message of a failed call: what failed, the file, the reason. */
static weir_code fail(const flow_list* list, weir_error* error, weir_code code, const char* what) {
  char text[512];
  snprintf(text, sizeof(text), "%s '%s': %s", what, list->path, strerror(errno));
  list->host->error_set(error, (weir_string){text, strlen(text)});
  return code;
}

/* Opens nothing: `weir validate` calls it too. */
static weir_code create(const weir_create_args* args, void** instance, weir_error* error) {
  const char* const path = getenv("FLOW_LIST");
  if (path == NULL || *path == '\0') {
    static const char why[] = "the environment has no FLOW_LIST: the file to write to";
    args->host->error_set(error, (weir_string){why, sizeof(why) - 1});
    return WEIR_INVALID_ARGUMENT;
  }
  flow_list* const list = calloc(1, sizeof(*list));
  char* const copy = strdup(path);
  if (list == NULL || copy == NULL) {
    static const char why[] = "no memory";
    free(list);
    free(copy);
    args->host->error_set(error, (weir_string){why, sizeof(why) - 1});
    return WEIR_RESOURCE_EXHAUSTED;
  }
  list->host = args->host;
  list->stage = args->stage;
  list->path = copy;
  *instance = list;
  return WEIR_OK;
}

static weir_code start(void* instance, weir_error* error) {
  flow_list* const list = instance;
  list->file = fopen(list->path, "ae");
  return list->file == NULL ? fail(list, error, WEIR_FAILED_PRECONDITION, "open") : WEIR_OK;
}

/* A record has IPv4 as ::ffff:a.b.c.d. Returns it as a.b.c.d. */
static const char* address_text(const uint8_t* address, char text[INET6_ADDRSTRLEN]) {
  static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
  const int is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;
  return inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, text,
                   INET6_ADDRSTRLEN);
}

static int write_record(flow_list* list, const weir_record* record) {
  char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
  return fprintf(list->file, "%u %s:%u %s:%u %" PRIu64 " %" PRIu64 "\n", record->transport_protocol,
                 address_text(record->src_addr, source), record->src_port,
                 address_text(record->dst_addr, destination), record->dst_port, record->packets,
                 record->bytes);
}

/* A delivered record has left this process. */
static weir_code process(void* instance, const weir_batch* batch, weir_error* error) {
  flow_list* const list = instance;
  for (uint32_t i = 0; i < batch->size; ++i) {
    /* By stride: a newer weir may have longer rows than this header. */
    const weir_record* const record =
        (const weir_record*)(const void*)(batch->rows + (size_t)i * batch->stride);
    if (write_record(list, record) < 0) return fail(list, error, WEIR_DATA_LOSS, "write to");
    if (record->transport_protocol == IPPROTO_TCP) {
      ++list->tcp;
    } else if (record->transport_protocol == IPPROTO_UDP) {
      ++list->udp;
    } else {
      ++list->other;
    }
  }
  if (fflush(list->file) != 0) return fail(list, error, WEIR_DATA_LOSS, "write to");
  list->host->count(list->stage, WEIR_COUNT_DELIVERED, NULL, batch->size);
  return WEIR_OK;
}

static weir_code stop(void* instance, weir_error* error) {
  flow_list* const list = instance;
  char text[128];
  snprintf(text, sizeof(text), "records: TCP %" PRIu64 ", UDP %" PRIu64 ", others %" PRIu64,
           list->tcp, list->udp, list->other);
  list->host->log(list->stage, WEIR_LOG_INFO, __FILE__, __LINE__,
                  (weir_string){text, strlen(text)});
  FILE* const file = list->file;
  list->file = NULL;
  return fclose(file) != 0 ? fail(list, error, WEIR_DATA_LOSS, "close") : WEIR_OK;
}

static void destroy(void* instance) {
  flow_list* const list = instance;
  free(list->path);
  free(list);
}

__attribute__((visibility("default"))) const weir_plugin* weir_plugin_main(const weir_host* host) {
  static const uint64_t no_capabilities = 0;
  static const weir_component component = {
      .struct_size = sizeof(component),
      .kind = WEIR_SINK,
      .type = "flow_list",
      .summary = "Writes a line for each record to the file that FLOW_LIST names.",
      .create = create,
      .start = start,
      .stop = stop,
      .destroy = destroy,
      .process = process,
      .capabilities = &no_capabilities,
  };
  static const weir_component* const components[] = {&component};
  static const weir_plugin plugin = {
      .struct_size = sizeof(plugin),
      .abi_major = WEIR_ABI_MAJOR,
      .abi_minor = WEIR_ABI_MINOR,
      .record_version = WEIR_RECORD_VERSION,
      .component_count = 1,
      .name = "weir_sink_flow_list",
      .version = "1.0",
      .components = components,
  };
  (void)host;
  return &plugin;
}
