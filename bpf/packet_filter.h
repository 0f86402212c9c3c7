/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filter rules of the BPF programs (bpf/filter_match.h), compiled for user space.
 *
 * Stateless functions: call them from any thread. For C and C++.
 */
#ifndef WEIR_BPF_PACKET_FILTER_H_
#define WEIR_BPF_PACKET_FILTER_H_

#include "bpf/flow.h"
#include "bpf/packet_parser.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the index of the first of `count` rules that the packet matches, or
 * WEIR_MAX_FILTER_RULES if it matches none. Rules beyond WEIR_MAX_FILTER_RULES are not read. The
 * direction is packet->id.direction. */
weir_u32 weir_first_fitting_rule(const struct weir_parsed_packet* packet,
                                 const struct flow_filter_rule_t* rules, weir_u32 count);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_BPF_PACKET_FILTER_H_ */
