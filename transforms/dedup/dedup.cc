// SPDX-License-Identifier: Apache-2.0
#include "transforms/dedup/dedup.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/record/other_interfaces.h"
#include "plugins/sdk/copy_batch.h"
#include "plugins/sdk/diagnosis.h"
#include "plugins/sdk/duration_option.h"
#include "plugins/sdk/emit_rows.h"

namespace weir::transforms {

namespace {

// The number of rows whose flows are looked up together.
constexpr uint32_t kGroup = 32;
// The most memory of a flow, and of a record that MERGE holds.
constexpr uint64_t kFlowBytes = 100;
constexpr uint64_t kHeldBytes = 700;

}  // namespace

sdk::Result<std::unique_ptr<DedupTransform>> DedupTransform::Create(const Dedup& config,
                                                                    sdk::Stage stage) {
  sdk::Result<std::chrono::nanoseconds> expiry = sdk::DurationOption("expiry", config.expiry());
  if (!expiry.ok()) return expiry.status();
  sdk::Result<std::chrono::nanoseconds> window =
      sdk::DurationOption("merge_window", config.merge_window());
  if (!window.ok()) return window.status();
  constexpr uint32_t kMaxFlows = 100'000'000;
  if (config.max_flows() == 0 || config.max_flows() > kMaxFlows) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, absl::StrCat("max_flows: must be 1 to ", kMaxFlows));
  }
  const bool merge = config.mode() == Dedup::MERGE;
  if (merge && config.just_mark()) {
    return sdk::Status(WEIR_INVALID_ARGUMENT,
                       "just_mark: cannot be together with mode: MERGE, which leaves one record "
                       "of all");
  }
  if (merge && *window > *expiry) {
    return sdk::Status(WEIR_INVALID_ARGUMENT,
                       "merge_window: must not be longer than expiry, or a flow's place would be "
                       "forgotten while its record waits");
  }
  const Times times = {static_cast<uint64_t>(expiry->count()),
                       merge ? static_cast<uint64_t>(window->count()) : 0};
  return std::unique_ptr<DedupTransform>(new DedupTransform(config, times, std::move(stage)));
}

DedupTransform::DedupTransform(const Dedup& config, const Times& times, sdk::Stage stage)
    : max_flows_(config.max_flows()),
      just_mark_(config.just_mark()),
      merge_window_ns_(times.merge_window_ns),
      stage_(std::move(stage)),
      places_(config.max_flows(), times.expiry_ns),
      held_(config.max_flows(), times.merge_window_ns, &stage_),
      flows_metric_(stage_.Gauge("weir_dedup_flows", "Flows whose place is remembered.")),
      evicted_metric_(stage_.Counter("weir_dedup_evicted_flows_total",
                                     "Flows that were forgotten before they expired.")),
      unlisted_metric_(stage_.Counter(
          "weir_dedup_unlisted_interfaces_total",
          "Times that an interface was not listed, because a record's list was full.")) {}

template <typename Use>
sdk::Status DedupTransform::ForEachRow(const BatchView& batch, uint64_t now_ns, Use use) {
  std::array<HashedKey, kGroup> keys;
  std::array<FlowPlaces::Index, kGroup> guesses;
  for (uint32_t first = 0; first < batch.size(); first += kGroup) {
    const uint32_t rows = std::min(kGroup, batch.size() - first);
    for (uint32_t i = 0; i < rows; ++i) {
      keys[i].Set(batch[first + i]);
      places_.PrefetchIndex(keys[i]);
      if (Merges()) held_.PrefetchIndex(keys[i]);
    }
    for (uint32_t i = 0; i < rows; ++i) {
      guesses[i] = places_.PrefetchFlow(keys[i]);
      if (Merges()) held_.PrefetchRecord(keys[i]);
    }
    for (uint32_t i = 0; i < rows; ++i) {
      const Place place = Place::Of(batch[first + i]);
      const bool counts = places_.Counts(keys[i], guesses[i], place, now_ns);
      if (sdk::Status status = use(first + i, keys[i], counts); !status.ok()) return status;
    }
  }
  return sdk::OkStatus();
}

sdk::Status DedupTransform::Diagnose(const sdk::Findings& findings) {
  findings.Add(sdk::TableMemory("max_flows", max_flows_, kFlowBytes + (Merges() ? kHeldBytes : 0)));
  return sdk::OkStatus();
}

sdk::Status DedupTransform::Process(const BatchView& batch) {
  const uint64_t now_ns = stage_.MonotonicNs();
  places_.Expire(now_ns);
  if (Merges()) return Tell(Merge(batch, now_ns));
  passing_.clear();
  sdk::Status status =
      ForEachRow(batch, now_ns, [this](uint32_t i, const HashedKey& /*key*/, bool counts) {
        if (counts) passing_.push_back(i);
        return sdk::OkStatus();
      });
  if (!status.ok()) return status;
  UpdateMetrics();
  if (just_mark_ && passing_.size() < batch.size()) return EmitMarked(batch);
  stage_.CountFiltered(batch.size() - passing_.size());
  return sdk::EmitRows(stage_, *batch.raw(), passing_);
}

sdk::Status DedupTransform::Merge(const BatchView& batch, uint64_t now_ns) {
  return ForEachRow(batch, now_ns, [&](uint32_t i, const HashedKey& key, bool counts) {
    return held_.Take({key, batch[i], OtherInterfaces(*batch.raw(), i), counts}, now_ns);
  });
}

sdk::Status DedupTransform::Tick(uint64_t monotonic_now_ns) {
  places_.Expire(monotonic_now_ns);
  return Tell(held_.EmitDue(monotonic_now_ns));
}

sdk::Status DedupTransform::Flush() { return Merges() ? Tell(held_.EmitAll()) : sdk::OkStatus(); }

sdk::Status DedupTransform::Tell(sdk::Status status) {
  stage_.CountMerged(held_.merged() - std::exchange(told_merged_, held_.merged()));
  stage_.CountFiltered(held_.filtered() - std::exchange(told_filtered_, held_.filtered()));
  stage_.SetHeld(held_.held());
  UpdateMetrics();
  return status;
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
  unlisted_metric_.Set(static_cast<int64_t>(held_.unlisted()));
}

}  // namespace weir::transforms
