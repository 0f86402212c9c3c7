// SPDX-License-Identifier: Apache-2.0
#include "transforms/accounter/accounter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace weir::transforms {

sdk::Result<std::unique_ptr<AccounterTransform>> AccounterTransform::Create(const Accounter& config,
                                                                            sdk::Stage stage) {
  absl::Duration evict_timeout;
  if (!absl::ParseDuration(config.evict_timeout(), &evict_timeout) ||
      evict_timeout < absl::Nanoseconds(1) || evict_timeout > absl::Hours(24)) {
    return sdk::Status(WEIR_INVALID_ARGUMENT,
                       absl::StrCat("evict_timeout: '", config.evict_timeout(),
                                    "' is not a duration of 1ns to 24h"));
  }
  if (config.max_entries() == 0) {
    return sdk::Status(WEIR_INVALID_ARGUMENT, "max_entries: must be at least 1");
  }
  return std::unique_ptr<AccounterTransform>(new AccounterTransform(
      config.max_entries(), static_cast<uint64_t>(absl::ToInt64Nanoseconds(evict_timeout)),
      std::move(stage)));
}

AccounterTransform::AccounterTransform(size_t max_entries, uint64_t evict_timeout_ns,
                                       sdk::Stage stage)
    : max_entries_(max_entries), evict_timeout_ns_(evict_timeout_ns), stage_(std::move(stage)) {}

sdk::Status AccounterTransform::Process(const BatchView& batch) {
  sdk::Status status;
  uint64_t merged = 0;
  uint32_t taken = 0;
  for (const Record& record : batch) {
    status = Account(record, &merged);
    if (!status.ok()) break;
    ++taken;
  }
  stage_.CountMerged(merged);
  stage_.SetHeld(flows_.size());
  const char* const reason =
      status.code() == WEIR_RESOURCE_EXHAUSTED ? "no_memory" : "pipeline_ended";
  stage_.CountDropped(reason, batch.size() - taken);
  return status;
}

sdk::Status AccounterTransform::Account(const Record& record, uint64_t* merged) {
  const FlowKey key = FlowKey::Of(record);
  const auto held = flows_.find(key);
  if (held != flows_.end()) {
    Accumulate(record, &held->second);
    ++*merged;
    return sdk::OkStatus();
  }
  // Only a new flow needs room, and it makes room for many, not for itself alone.
  if (flows_.size() >= max_entries_) {
    if (sdk::Status status = EvictAll(); !status.ok()) return status;
  }
  flows_.emplace(key, record);
  return sdk::OkStatus();
}

sdk::Status AccounterTransform::Tick(uint64_t /*monotonic_now_ns*/) { return EvictAll(); }

sdk::Status AccounterTransform::Flush() { return EvictAll(); }

sdk::Status AccounterTransform::EvictAll() {
  if (flows_.empty()) return sdk::OkStatus();
  sdk::BatchWriter writer(&stage_, static_cast<uint32_t>(std::min<size_t>(
                                       flows_.size(), sdk::BatchWriter::kDefaultRows)));
  sdk::Status status;
  // A flow is forgotten as soon as the writer has it: from there on it is emitted, or
  // counted as dropped by the host.
  for (auto flow = flows_.begin(); flow != flows_.end() && status.ok();) {
    status = writer.Append(flow->second);
    if (status.ok()) flows_.erase(flow++);
  }
  if (status.ok()) status = writer.Flush();
  stage_.SetHeld(flows_.size());
  return status;
}

}  // namespace weir::transforms
