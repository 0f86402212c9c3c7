// SPDX-License-Identifier: Apache-2.0
// Turns what the kernel counted into records and emits them.
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

// Every flow that is added is counted as received. One that cannot be emitted, since
// the pipeline is ending, is counted as dropped: whoever empties a table need not
// stop halfway. One thread; `stage` must outlive it.
class FlowWriter {
 public:
  // `namespaces`, which must outlive it too, says what the numbers of namespaces in flows
  // mean; null: they are all of weir's own, and records do not say so.
  FlowWriter(const sdk::Stage* stage, ClockFunctions clocks, const NamespaceRegistry* namespaces)
      : stage_(stage), namespaces_(namespaces), batch_(stage), clock_(std::move(clocks)) {}

  // What the flows that follow have in common: the clocks as they are now, and why they
  // ended. With kActiveTimeout, those whose end was seen (TCP FIN or RST) are said to have
  // ended.
  void Begin(FlowEndReason reason) {
    clock_.Read();
    reason_ = reason;
  }

  // To be called when the clocks have jumped: the sooner, the better is known when.
  void ReadClocks() { clock_.Read(); }

  // No time of a record is after the moment at which it is made.
  void Add(const Flow& flow);

  // Emits what is left. The first error there ever was.
  sdk::Status Flush();

 private:
  void SetTimes(const flow_value_t& value, Record* record);

  const sdk::Stage* const stage_;
  const NamespaceRegistry* const namespaces_;
  sdk::BatchWriter batch_;
  WallClock clock_;
  FlowEndReason reason_ = FlowEndReason::kActiveTimeout;
  uint64_t received_ = 0;  // and not yet told to the host
  sdk::Status status_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_WRITER_H_
