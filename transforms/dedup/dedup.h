// SPDX-License-Identifier: Apache-2.0
// The transform `dedup`: counts a flow once that is seen at several places.
#ifndef WEIR_TRANSFORMS_DEDUP_DEDUP_H_
#define WEIR_TRANSFORMS_DEDUP_DEDUP_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/record/batch.h"
#include "plugins/sdk/component.h"
#include "transforms/dedup/dedup.pb.h"
#include "transforms/dedup/flow_places.h"
#include "transforms/dedup/held_flows.h"

namespace weir::transforms {

// Remembers which place each flow is counted at; with MERGE it holds records too. Time is that
// at which records come, not theirs.
//
// Called by one thread at a time, as the host does.
class DedupTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<DedupTransform>> Create(const Dedup& config, sdk::Stage stage);

  sdk::Status Process(const BatchView& batch) override;
  // Without MERGE never: then it has no thread of its own.
  uint64_t TickIntervalNs() const override {
    return Merges() ? std::max<uint64_t>(merge_window_ns_ / 10, 1'000'000) : 0;
  }
  sdk::Status Tick(uint64_t monotonic_now_ns) override;
  sdk::Status Flush() override;

 private:
  struct Times {
    uint64_t expiry_ns;
    uint64_t merge_window_ns;  // 0 without MERGE
  };

  DedupTransform(const Dedup& config, const Times& times, sdk::Stage stage);

  bool Merges() const { return merge_window_ns_ > 0; }
  // Calls use(i, key, counts) for each row of the batch in turn, until one returns an error:
  // whether the row is of the place that counts. The memory that is looked at for a row is
  // asked for some rows ahead.
  template <typename Use>
  sdk::Status ForEachRow(const BatchView& batch, uint64_t now_ns, Use use);
  // With MERGE: takes the batch in.
  sdk::Status Merge(const BatchView& batch, uint64_t now_ns);
  // With MERGE: tells the host what became of records, and returns `status`.
  sdk::Status Tell(sdk::Status status);
  // Hands on the batch with all rows but passing_ marked as duplicates.
  sdk::Status EmitMarked(const BatchView& batch);
  void UpdateMetrics();

  const bool just_mark_;
  const uint64_t merge_window_ns_;  // 0 without MERGE
  const sdk::Stage stage_;
  FlowPlaces places_;
  HeldFlows held_;
  uint64_t told_merged_ = 0;
  uint64_t told_filtered_ = 0;
  std::vector<uint32_t> passing_;  // rows of the batch; kept for its memory
  sdk::Metric flows_metric_;
  sdk::Metric evicted_metric_;
  sdk::Metric unlisted_metric_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_DEDUP_DEDUP_H_
