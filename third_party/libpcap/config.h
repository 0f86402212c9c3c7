/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libpcap's configure would find out, for reading save files on Linux with
 * glibc, and a bound on what a save file can make it allocate.
 */
#ifndef WEIR_THIRD_PARTY_LIBPCAP_CONFIG_H_
#define WEIR_THIRD_PARTY_LIBPCAP_CONFIG_H_

#include <stddef.h>
#include <stdlib.h>

#define PACKAGE_NAME "pcap"
#define PACKAGE_VERSION "1.10.5"

#define HAVE_ASPRINTF 1
#define HAVE_GNU_STRERROR_R 1
#define HAVE_SOCKLEN_T 1
#define HAVE_STRTOK_R 1
#define HAVE_VASPRINTF 1
#define INET6 1

/*
 * Blocks, packets and the table of interfaces grow by realloc, by what the file says:
 * blocks and packets up to 128 MiB, the table without an end. The largest packet that
 * libpcap itself writes is 256 KiB. "out of memory" is what libpcap makes of it.
 */
enum { WEIR_PCAP_MAX_ALLOCATION = 32 * 1024 * 1024 };

static inline void* weir_pcap_realloc(void* old, size_t size) {
  return size <= WEIR_PCAP_MAX_ALLOCATION ? realloc(old, size) : NULL;
}
#define realloc weir_pcap_realloc

#endif /* WEIR_THIRD_PARTY_LIBPCAP_CONFIG_H_ */
