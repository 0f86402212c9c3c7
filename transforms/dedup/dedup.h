// SPDX-License-Identifier: Apache-2.0
// The transform `dedup`: counts a flow once that is seen at several places.
#ifndef WEIR_TRANSFORMS_DEDUP_DEDUP_H_
#define WEIR_TRANSFORMS_DEDUP_DEDUP_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/record/batch.h"
#include "plugins/sdk/component.h"
#include "transforms/dedup/dedup.pb.h"
#include "transforms/dedup/flow_places.h"

namespace weir::transforms {

// Holds no record, only which place each flow is counted at. Time is that at which records
// come, not theirs.
//
// Called by one thread at a time, as the host does.
class DedupTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<DedupTransform>> Create(const Dedup& config, sdk::Stage stage);

  sdk::Status Process(const BatchView& batch) override;

 private:
  DedupTransform(size_t max_flows, uint64_t expiry_ns, bool just_mark, sdk::Stage stage);

  // Hands on the batch with all rows but passing_ marked as duplicates.
  sdk::Status EmitMarked(const BatchView& batch);
  void UpdateMetrics();

  const bool just_mark_;
  const sdk::Stage stage_;
  FlowPlaces places_;
  std::vector<uint32_t> passing_;  // rows of the batch; kept for its memory
  sdk::Metric flows_metric_;
  sdk::Metric evicted_metric_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_DEDUP_DEDUP_H_
