// SPDX-License-Identifier: Apache-2.0
// The interface of the two tiers: a pair of flow tables in the kernel, of which the programs fill
// one.
#ifndef WEIR_SOURCES_EBPF_TABLES_FLOW_TABLE_H_
#define WEIR_SOURCES_EBPF_TABLES_FLOW_TABLE_H_

#include <vector>

#include "plugins/sdk/status.h"
#include "sources/ebpf/kernel/program_map.h"
#include "sources/ebpf/tables/flow.h"

namespace weir::ebpf {

// For one thread at a time. Flows have end_time as the programs wrote it.
class FlowTable {
 public:
  virtual ~FlowTable() = default;

  // Returns the maps for loading the programs that fill the table. Valid as long as this object.
  virtual std::vector<ProgramMap> ProgramMaps() const = 0;

  // Makes the programs fill the other table, which must be drained. Returns when no program that
  // began before is running.
  virtual sdk::Status Flip() = 0;

  // Makes the programs fill neither table. Returns when no program that began before is running.
  // After that, Flip and Drain hand over the flows of both tables.
  virtual sdk::Status EndFilling() = 0;

  // Hands over all flows of the table that is not being filled, each once, and empties it.
  virtual sdk::Status Drain(const OnFlow& on_flow) = 0;
  // The two steps of Drain.
  virtual sdk::Status Read(const OnFlow& on_flow) = 0;
  virtual sdk::Status Clear() = 0;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TABLES_FLOW_TABLE_H_
