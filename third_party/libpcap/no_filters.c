/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of libpcap's compiler of filter expressions (gencode.c, grammar.y and
 * scanner.l), of which the reader of save files refers to three functions.
 */
#include <config.h>

#include "pcap-int.h"

static int no_filters(pcap_t* p) {
  pcapint_strlcpy(p->errbuf, "built without filter expressions", sizeof(p->errbuf));
  return PCAP_ERROR;
}

int pcap_compile(pcap_t* p, struct bpf_program* program, const char* expression, int optimize,
                 bpf_u_int32 netmask) {
  (void)program, (void)expression, (void)optimize, (void)netmask;
  return no_filters(p);
}

int pcapint_install_bpf_program(pcap_t* p, struct bpf_program* program) {
  (void)program;
  return no_filters(p);
}

/* There is never one. */
void pcap_freecode(struct bpf_program* program) { (void)program; }
