// SPDX-License-Identifier: Apache-2.0
// The metrics of an accounter.
#ifndef WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_METRICS_H_
#define WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_METRICS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "plugins/sdk/stage.h"

namespace weir::transforms {

// Why a flow leaves the table.
enum class EvictionCause : uint8_t { kTableFull, kEvictTimeout, kActive, kIdle, kFlush };

// One thread at a time.
class AccounterMetrics {
 public:
  AccounterMetrics(const sdk::Stage& stage, size_t max_entries)
      : flows_(stage.Gauge("weir_accounter_flows", "Flows held.")),
        most_flows_(stage.Gauge("weir_accounter_most_flows", "Most flows held at one time.")),
        bytes_(stage.Gauge("weir_accounter_bytes", "Memory of flows.")) {
    stage.Gauge("weir_accounter_max_flows", "Flows that can be held: max_entries.")
        .Set(static_cast<int64_t>(max_entries));
    for (size_t cause = 0; cause < evicted_.size(); ++cause) {
      evicted_[cause] = stage.Counter("weir_accounter_evicted_flows_total",
                                      "Flows that left the table, by why.", kReasons[cause]);
    }
  }

  void CountEvicted(EvictionCause cause, size_t flows) {
    evicted_[static_cast<size_t>(cause)].Add(static_cast<int64_t>(flows));
  }
  // Call it before flows leave, when their number is greatest.
  void NoteFlows(size_t flows) { most_ = std::max(most_, flows); }
  void Set(size_t flows, size_t bytes) {
    NoteFlows(flows);
    flows_.Set(static_cast<int64_t>(flows));
    most_flows_.Set(static_cast<int64_t>(most_));
    bytes_.Set(static_cast<int64_t>(bytes));
  }

 private:
  // By EvictionCause.
  static constexpr std::array<const char*, 5> kReasons = {
      "table_full", "evict_timeout", "active_timeout", "idle_timeout", "flush"};

  sdk::Metric flows_;
  sdk::Metric most_flows_;
  sdk::Metric bytes_;
  std::array<sdk::Metric, kReasons.size()> evicted_;
  size_t most_ = 0;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_ACCOUNTER_ACCOUNTER_METRICS_H_
