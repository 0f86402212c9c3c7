// SPDX-License-Identifier: Apache-2.0
// Turns what the kernel counted into records and emits them.
#ifndef WEIR_SOURCES_EBPF_FLOW_WRITER_H_
#define WEIR_SOURCES_EBPF_FLOW_WRITER_H_

#include <cstdint>

#include "core/record/constants.h"
#include "core/record/record.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "sources/ebpf/flow_kernel.h"

namespace weir::ebpf {

// Every flow that is added is counted as received. One that cannot be emitted, since
// the pipeline is ending, is counted as dropped: whoever empties a table need not
// stop halfway. One thread; `stage` must outlive it.
class FlowWriter {
 public:
  FlowWriter(const sdk::Stage* stage, uint32_t sampling)
      : stage_(stage), sampling_(sampling), batch_(stage) {}

  // What the flows that follow have in common: the instant, and why they ended. With
  // kActiveTimeout, those whose end was seen (TCP FIN or RST) are said to have ended.
  void Begin(FlowEndReason reason) {
    clocks_ = stage_->Clocks();
    reason_ = reason;
  }

  void Add(const Flow& flow);

  // Emits what is left. The first error there ever was.
  sdk::Status Flush();

 private:
  const sdk::Stage* const stage_;
  const uint32_t sampling_;
  sdk::BatchWriter batch_;
  ClockPair clocks_;
  FlowEndReason reason_ = FlowEndReason::kActiveTimeout;
  uint64_t received_ = 0;  // and not yet told to the host
  sdk::Status status_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_FLOW_WRITER_H_
