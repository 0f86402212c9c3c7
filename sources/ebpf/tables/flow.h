// SPDX-License-Identifier: Apache-2.0
// A flow as user space reads it from the kernel.
#ifndef WEIR_SOURCES_EBPF_TABLES_FLOW_H_
#define WEIR_SOURCES_EBPF_TABLES_FLOW_H_

#include <functional>

#include "bpf/flow.h"

namespace weir::ebpf {

// A flow as it comes out of a table or, with a packet each, out of the overflow ring.
// All times are CLOCK_MONOTONIC in ns, end_time too.
struct Flow {
  flow_id_t id;
  flow_value_t value;
};

// The flow is valid during the call only.
using OnFlow = std::function<void(const Flow& flow)>;

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_FLOW_H_
