/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What traffic_generator.bpf.c and user space share. For tests and benchmarks only.
 */
#ifndef WEIR_BPF_TESTING_TRAFFIC_GENERATOR_H_
#define WEIR_BPF_TESTING_TRAFFIC_GENERATOR_H_

#include "bpf/flow.h"

/* Frames without VLAN tags, and IPv4 without options. */
enum weir_frame_family { WEIR_FRAME_IPV4 = 0, WEIR_FRAME_IPV6 = 1, WEIR_FRAME_FAMILIES = 2 };

/* One per CPU. */
struct weir_generator_state {
  weir_u64 packets[WEIR_FRAME_FAMILIES]; /* passed to the interface so far */
  weir_u64 bytes[WEIR_FRAME_FAMILIES];
  weir_u32 next_flow[WEIR_FRAME_FAMILIES];
};

#endif /* WEIR_BPF_TESTING_TRAFFIC_GENERATOR_H_ */
