// SPDX-License-Identifier: Apache-2.0
// Reports the programs' counters to the host: metrics, and warnings of loss.
#ifndef WEIR_SOURCES_EBPF_COUNTERS_REPORT_H_
#define WEIR_SOURCES_EBPF_COUNTERS_REPORT_H_

#include <array>
#include <cstdint>

#include "bpf/flow.h"
#include "plugins/sdk/stage.h"
#include "sources/ebpf/clocks/rate_limit.h"
#include "sources/ebpf/flow_kernel/flow_kernel.h"

namespace weir::ebpf {

// For one thread. `stage` must outlive it.
class CountersReport {
 public:
  // `max_flows` is used in the advice of the warnings.
  CountersReport(const sdk::Stage* stage, uint32_t max_flows);

  // Reports the present counters. They count from the loading of the programs.
  void Update(const DatapathCounters& counters);
  // Reports the counters for the last time, and logs what became of all packets.
  void Finish(const DatapathCounters& counters);

 private:
  void Export(const DatapathCounters& counters);
  void WarnOfDrops(const DatapathCounters& counters);

  const sdk::Stage* const stage_;
  const uint32_t max_flows_;
  sdk::Metric packets_, bytes_, table_packets_, ringbuf_packets_, dropped_packets_, dropped_bytes_,
      sampled_out_packets_, filter_accepted_, filter_rejected_, filter_unmatched_, fragments_,
      truncated_;
  std::array<sdk::Metric, WEIR_TABLE_FAILURES> table_failures_;
  flow_counters_t warned_{};  // as of the last warning
  RateLimit warnings_;
};

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_COUNTERS_REPORT_H_
