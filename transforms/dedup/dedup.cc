// SPDX-License-Identifier: Apache-2.0
#include "transforms/dedup/dedup.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "plugins/sdk/copy_batch.h"
#include "plugins/sdk/duration_option.h"
#include "plugins/sdk/emit_rows.h"

namespace weir::transforms {

sdk::Result<std::unique_ptr<DedupTransform>> DedupTransform::Create(const Dedup& config,
                                                                    sdk::Stage stage) {
  sdk::Result<absl::Duration> expiry = sdk::DurationOption("expiry", config.expiry());
  if (!expiry.ok()) return expiry.status();
  constexpr uint32_t kMaxFlows = 100'000'000;
  if (config.max_flows() == 0 || config.max_flows() > kMaxFlows) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, absl::StrCat("max_flows: must be 1 to ", kMaxFlows));
  }
  return std::unique_ptr<DedupTransform>(new DedupTransform(
      config.max_flows(), static_cast<uint64_t>(absl::ToInt64Nanoseconds(*expiry)),
      config.just_mark(), std::move(stage)));
}

DedupTransform::DedupTransform(size_t max_flows, uint64_t expiry_ns, bool just_mark,
                               sdk::Stage stage)
    : just_mark_(just_mark),
      stage_(std::move(stage)),
      places_(max_flows, expiry_ns),
      flows_metric_(stage_.Gauge("weir_dedup_flows", "Flows whose place is remembered.")),
      evicted_metric_(stage_.Counter("weir_dedup_evicted_flows_total",
                                     "Flows that were forgotten before they expired.")) {}

sdk::Status DedupTransform::Process(const BatchView& batch) {
  const uint64_t now_ns = stage_.MonotonicNs();
  places_.Expire(now_ns);
  passing_.clear();
  for (uint32_t i = 0; i < batch.size(); ++i) {
    const Record& record = batch[i];
    if (places_.Counts(PlacelessKey::Of(record), Place::Of(record), now_ns)) passing_.push_back(i);
  }
  UpdateMetrics();
  if (just_mark_ && passing_.size() < batch.size()) return EmitMarked(batch);
  stage_.CountFiltered(batch.size() - passing_.size());
  return sdk::EmitRows(stage_, *batch.raw(), passing_);
}

sdk::Status DedupTransform::EmitMarked(const BatchView& batch) {
  weir_batch* const out = sdk::CopyBatch(stage_, *batch.raw());
  if (out == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  auto passing = passing_.begin();
  for (uint32_t i = 0; i < out->size; ++i) {
    if (passing != passing_.end() && *passing == i) {
      ++passing;
    } else {
      sdk::MutableRow(out, i)->present |= WEIR_IS_DUPLICATE;
    }
  }
  return stage_.Emit(out);
}

void DedupTransform::UpdateMetrics() {
  flows_metric_.Set(static_cast<int64_t>(places_.size()));
  evicted_metric_.Set(static_cast<int64_t>(places_.evicted()));
}

}  // namespace weir::transforms
