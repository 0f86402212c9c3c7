// SPDX-License-Identifier: Apache-2.0
#include "transforms/sample/sample.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "plugins/sdk/copy_batch.h"
#include "plugins/sdk/emit_rows.h"
#include "transforms/sample/flow_hash.h"

namespace weir::transforms {
namespace {

uint64_t SeedOf(const Sample& config) {
  if (config.has_seed() || config.by() == Sample::FLOW) return config.seed();
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

sdk::Result<std::unique_ptr<SampleTransform>> SampleTransform::Create(const Sample& config,
                                                                      sdk::Stage stage) {
  return std::unique_ptr<SampleTransform>(
      new SampleTransform(config.interval(), config.by(), SeedOf(config), std::move(stage)));
}

SampleTransform::SampleTransform(uint32_t interval, Sample::By by, uint64_t seed, sdk::Stage stage)
    : interval_(std::max(interval, 1u)),
      by_(by),
      seed_(seed),
      last_that_passes_(std::numeric_limits<uint64_t>::max() / interval_),
      stage_(std::move(stage)),
      random_(seed) {}

sdk::Status SampleTransform::Diagnose(const sdk::Findings& findings) {
  findings.Add({WEIR_FINDING_OK, "memory", "holds no records"});
  return sdk::OkStatus();
}

sdk::Status SampleTransform::Process(const BatchView& batch) {
  if (interval_ == 1) return sdk::EmitAsItIs(stage_, *batch.raw());
  passing_.clear();
  for (uint32_t i = 0; i < batch.size(); ++i) {
    if (Passes(batch[i])) passing_.push_back(i);
  }
  stage_.CountFiltered(batch.size() - passing_.size());
  if (passing_.empty()) return sdk::OkStatus();
  weir_batch* const out = sdk::CopyRows(stage_, *batch.raw(), passing_);
  if (out == nullptr) return {WEIR_RESOURCE_EXHAUSTED, "no memory for a batch"};
  for (uint32_t i = 0; i < out->size; ++i) Scale(sdk::MutableRow(out, i));
  return stage_.Emit(out);
}

bool SampleTransform::Passes(const Record& record) {
  const uint64_t drawn = by_ == Sample::FLOW ? BothWaysHash(record, seed_) : random_.Next();
  return drawn <= last_that_passes_;
}

void SampleTransform::Scale(Record* record) const {
  const bool sampled = (record->present & WEIR_HAS_SAMPLING) != 0;
  const uint64_t before = sampled ? std::max(record->sampling_interval, 1u) : 1;
  record->sampling_interval = static_cast<uint32_t>(
      std::min<uint64_t>(before * interval_, std::numeric_limits<uint32_t>::max()));
  record->present |= WEIR_HAS_SAMPLING;
}

}  // namespace weir::transforms
