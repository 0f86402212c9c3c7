// SPDX-License-Identifier: Apache-2.0
// Turns the kernel's flows into records and emits them.
#ifndef WEIR_SOURCES_EBPF_FLOW_WRITER_H_
#define WEIR_SOURCES_EBPF_FLOW_WRITER_H_

#include <cstdint>
#include <utility>

#include "core/record/constants.h"
#include "core/record/record.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/clocks/wall_clock.h"
#include "sources/ebpf/namespaces/namespace_registry.h"
#include "sources/ebpf/tables/flow.h"

namespace weir::ebpf {

// Counts every added flow as received. A flow that cannot be emitted because the pipeline is ending
// is counted as dropped, so the caller can always empty its whole table. For one thread. `stage`
// must outlive it.
class FlowWriter {
 public:
  // `namespaces` maps the namespace ids in flows to namespaces and must outlive the writer. If it
  // is null, all flows belong to weir's own namespace and records do not name it.
  FlowWriter(const sdk::Stage* stage, ClockFunctions clocks, const NamespaceRegistry* namespaces)
      : stage_(stage), namespaces_(namespaces), batch_(stage), clock_(std::move(clocks)) {}

  // Starts a series of flows: reads the clocks and sets the end reason of these flows. With
  // kActiveTimeout, a flow whose TCP FIN or RST was seen gets the reason "end of flow".
  void Begin(FlowEndReason reason) {
    clock_.Read();
    reason_ = reason;
  }

  // Call it when the clocks have jumped, as early as possible: the moment of the jump is then known
  // more exactly.
  void ReadClocks() { clock_.Read(); }

  // Adds a flow. No time in its record is later than the moment of this call.
  void Add(const Flow& flow);

  // Emits the remaining records. Returns the first error since the writer was made.
  sdk::Status Flush();

 private:
  void SetTimes(const flow_value_t& value, Record* record);

  const sdk::Stage* const stage_;
  const NamespaceRegistry* const namespaces_;
  sdk::BatchWriter batch_;
  WallClock clock_;
  FlowEndReason reason_ = FlowEndReason::kActiveTimeout;
  uint64_t received_ = 0;  // not yet reported to the host
  sdk::Status status_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_WRITER_H_
