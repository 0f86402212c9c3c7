// SPDX-License-Identifier: Apache-2.0
// The transform `dedup`: counts a flow only once if it is seen at several places.
#ifndef WEIR_TRANSFORMS_DEDUP_DEDUP_H_
#define WEIR_TRANSFORMS_DEDUP_DEDUP_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/record/batch.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/findings.h"
#include "transforms/dedup/dedup.pb.h"
#include "transforms/dedup/flow_places.h"
#include "transforms/dedup/held_flows.h"

namespace weir::transforms {

// Remembers the counting place of each flow; with MERGE it also holds records. Times are those at
// which records come, not the times in the records.
//
// Called by one thread at a time, as the host does.
class DedupTransform : public sdk::Transform {
 public:
  static constexpr uint64_t kCapabilities = 0;

  static sdk::Result<std::unique_ptr<DedupTransform>> Create(const Dedup& config, sdk::Stage stage);

  sdk::Status Diagnose(const sdk::Findings& findings) override;
  sdk::Status Process(const BatchView& batch) override;
  // 0 without MERGE: the stage then needs no thread of its own.
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
  // Calls use(i, key, counts) for each row of the batch, until one call returns an error. `counts`
  // is true if the row is from the counting place of its flow. Prefetches the memory for some rows
  // ahead.
  template <typename Use>
  sdk::Status ForEachRow(const BatchView& batch, uint64_t now_ns, Use use);
  // With MERGE: takes a batch.
  sdk::Status Merge(const BatchView& batch, uint64_t now_ns);
  // With MERGE: reports the outcome of records to the host, and returns `status`.
  sdk::Status Tell(sdk::Status status);
  // Emits the whole batch, in which all rows except passing_ are marked as duplicates.
  sdk::Status EmitMarked(const BatchView& batch);
  void UpdateMetrics();

  const uint32_t max_flows_;
  const bool just_mark_;
  const uint64_t merge_window_ns_;  // 0 without MERGE
  const sdk::Stage stage_;
  FlowPlaces places_;
  HeldFlows held_;
  uint64_t told_merged_ = 0;
  uint64_t told_filtered_ = 0;
  std::vector<uint32_t> passing_;  // passing rows of the batch; a member to reuse its memory
  sdk::Metric flows_metric_;
  sdk::Metric evicted_metric_;
  sdk::Metric unlisted_metric_;
};

}  // namespace weir::transforms

#endif  // WEIR_TRANSFORMS_DEDUP_DEDUP_H_
