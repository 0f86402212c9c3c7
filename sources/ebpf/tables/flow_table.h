// SPDX-License-Identifier: Apache-2.0
// A pair of flow tables in the kernel, of which the programs fill one: what its two
// tiers have in common.
#ifndef WEIR_SOURCES_EBPF_TABLES_FLOW_TABLE_H_
#define WEIR_SOURCES_EBPF_TABLES_FLOW_TABLE_H_

#include <vector>

#include "plugins/sdk/status.h"
#include "sources/ebpf/kernel/program_map.h"
#include "sources/ebpf/tables/flow.h"

namespace weir::ebpf {

// One thread at a time. Flows come with end_time as the programs have written it.
class FlowTable {
 public:
  virtual ~FlowTable() = default;

  // What programs that are to fill it must be loaded with; valid as long as this.
  virtual std::vector<ProgramMap> ProgramMaps() const = 0;

  // Has the programs fill the other one, which must be drained. Returns when no
  // program runs any more that began before.
  virtual sdk::Status Flip() = 0;

  // Has the programs fill neither any more. Returns when no program runs any more that began
  // before. Then Flip and Drain hand over what is in both.
  virtual sdk::Status EndFilling() = 0;

  // Hands over all flows of the one that is not being filled, each once, and empties it.
  virtual sdk::Status Drain(const OnFlow& on_flow) = 0;
  // The two steps of it apart.
  virtual sdk::Status Read(const OnFlow& on_flow) = 0;
  virtual sdk::Status Clear() = 0;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_FLOW_TABLE_H_
