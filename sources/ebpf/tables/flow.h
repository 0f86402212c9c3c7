// SPDX-License-Identifier: Apache-2.0
// A flow as user space reads it from the kernel.
#ifndef WEIR_SOURCES_EBPF_TABLES_FLOW_H_
#define WEIR_SOURCES_EBPF_TABLES_FLOW_H_

#include <functional>

#include "bpf/flow.h"

namespace weir::ebpf {

// A flow from a table or, with one packet, from the overflow ring. All times, including end_time,
// are CLOCK_MONOTONIC in ns.
struct Flow {
  flow_id_t id;
  flow_value_t value;
};

// The flow is valid only during the call.
using OnFlow = std::function<void(const Flow& flow)>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_FLOW_H_
