// SPDX-License-Identifier: Apache-2.0
#include "core/plugin/host.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/pipeline/batch_slab.h"
#include "core/plugin/version.h"
#include "core/telemetry/log.h"
#include "glog/logging.h"

namespace weir::plugin {
namespace {

constexpr size_t kMaxErrorMessage = 65536;

std::string_view View(weir_string text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

std::string_view OrEmpty(const char* text) { return text == nullptr ? "" : text; }

void Log(weir_stage* stage, weir_severity severity, const char* file, int line,
         weir_string message) {
  const int level = severity < WEIR_LOG_DEBUG   ? WEIR_LOG_DEBUG
                    : severity > WEIR_LOG_ERROR ? WEIR_LOG_ERROR
                                                : severity;
  const std::string_view from = file == nullptr ? "plugin" : file;
  const std::string text =
      stage == nullptr
          ? std::string(View(message))
          : absl::StrCat(StageTitle(stage->host->kind(), stage->host->name()), ": ", View(message));
  telemetry::WriteLog(static_cast<telemetry::LogSeverity>(level), from.data(), line, text);
}

void ErrorSet(weir_error* error, weir_string message) {
  error->message = std::string(View(message).substr(0, kMaxErrorMessage));
}

weir_batch* BatchAllocate(weir_stage* /*stage*/, uint32_t rows, const weir_batch* like) {
  return pipeline::AllocateBatch(rows, like);
}

void Misuse(weir_stage* stage, std::string_view what) {
  Log(stage, WEIR_LOG_ERROR, __FILE__, __LINE__, {what.data(), what.size()});
  stage->host->OnMisuse(what);
}

// Returns why the stage must not emit this batch; empty if it may.
std::string_view WhyNotEmit(const weir_stage& stage, const weir_batch& batch) {
  if (stage.host->kind() == StageKind::kSink) return "a sink must not emit";
  if (batch.size == 0) return "emitted an empty batch";
  if (batch.size > batch.capacity) return "emitted a batch with more rows than its capacity";
  return {};
}

weir_code Emit(weir_stage* stage, weir_batch* batch) {
  pipeline::BatchRef owned = pipeline::BatchRef::Adopt(batch);
  if (const std::string_view why = WhyNotEmit(*stage, *batch); !why.empty()) {
    Misuse(stage, why);
    return WEIR_INVALID_ARGUMENT;
  }
  return stage->host->Emit(std::move(owned)).raw_code();
}

weir_code WaitForDelivery(weir_stage* stage) {
  if (stage->host->kind() == StageKind::kSource) return stage->host->WaitForDelivery().raw_code();
  Misuse(stage, "only a source may wait for delivery");
  return WEIR_INVALID_ARGUMENT;
}

void Count(weir_stage* stage, weir_count what, const char* reason, uint64_t records) {
  telemetry::StageCounters& counters = stage->host->counters();
  const StageKind kind = stage->host->kind();
  switch (what) {
    case WEIR_COUNT_RECEIVED:
      if (kind == StageKind::kSource) return counters.AddReceived(records);
      break;
    case WEIR_COUNT_DELIVERED:
      if (kind == StageKind::kSink) return counters.AddEmitted(records);
      break;
    case WEIR_COUNT_MERGED:
      return counters.AddMerged(records);
    case WEIR_COUNT_FILTERED:
      return counters.AddFiltered(records);
    case WEIR_COUNT_DROPPED:
      return counters.AddDropped(reason == nullptr ? "unknown" : reason, records);
    case WEIR_COUNT_HELD:
      return counters.SetHeld(records);
  }
  // The host counts these records itself: to add them would count them twice.
  LOG_FIRST_N(ERROR, 10) << StageTitle(kind, stage->host->name())
                         << ": the plugin used a counter that its kind of stage lacks (" << what
                         << ")";
  stage->host->OnMisuse("used a counter that its kind of stage lacks");
}

void RequestStop(weir_stage* stage, weir_string why) { stage->host->RequestStop(View(why)); }

weir_metric* GetMetric(weir_stage* stage, weir_metric_kind kind, const char* name,
                       const char* reason, const char* help) {
  telemetry::Metric* const metric = stage->runtime->metrics->Get(
      kind == WEIR_METRIC_GAUGE ? telemetry::MetricKind::kGauge : telemetry::MetricKind::kCounter,
      {std::string(OrEmpty(name)), stage->host->name(), std::string(OrEmpty(reason))},
      std::string(OrEmpty(help)));
  return reinterpret_cast<weir_metric*>(metric);
}

void MetricAdd(weir_metric* metric, int64_t delta) {
  reinterpret_cast<telemetry::Metric*>(metric)->Add(delta);
}

void MetricSet(weir_metric* metric, int64_t value) {
  reinterpret_cast<telemetry::Metric*>(metric)->Set(value);
}

uint64_t ClockMonotonicNs(weir_stage* stage) { return stage->runtime->clock->MonotonicNs(); }
int64_t ClockWallNs(weir_stage* stage) { return stage->runtime->clock->WallNs(); }

void* Shared(weir_stage* stage, const char* name, void* (*make)(void), void (*dispose)(void*)) {
  SharedObject object = stage->runtime->shared.Get(stage->plugin, name, make, dispose);
  if (object == nullptr) return nullptr;
  return stage->shared.insert(std::move(object)).first->get();
}

void AddFinding(weir_findings* findings, const weir_finding* finding) {
  using Severity = pipeline::Finding::Severity;
  const Severity severity = finding->severity == WEIR_FINDING_OK         ? Severity::kOk
                            : finding->severity == WEIR_FINDING_DEGRADED ? Severity::kDegraded
                                                                         : Severity::kMissing;
  findings->findings.push_back({severity, std::string(View(finding->subject)),
                                std::string(View(finding->text).substr(0, kMaxErrorMessage))});
}

}  // namespace

const weir_host* HostTable() {
  static const weir_host table = {sizeof(weir_host),
                                  WEIR_ABI_MAJOR,
                                  WEIR_ABI_MINOR,
                                  WEIR_RECORD_VERSION,
                                  0,
                                  kVersion,
                                  Log,
                                  ErrorSet,
                                  BatchAllocate,
                                  pipeline::RetainBatch,
                                  pipeline::ReleaseBatch,
                                  Emit,
                                  Count,
                                  RequestStop,
                                  GetMetric,
                                  MetricAdd,
                                  MetricSet,
                                  ClockMonotonicNs,
                                  ClockWallNs,
                                  Shared,
                                  AddFinding,
                                  WaitForDelivery};
  return &table;
}

}  // namespace weir::plugin

absl::Status weir_error::ToStatus(weir_code code) const {
  if (code == WEIR_OK) return absl::OkStatus();
  // An unknown code must not become a success.
  const bool known = code >= WEIR_CANCELLED && code <= WEIR_UNAUTHENTICATED;
  return absl::Status(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                      message.empty() ? weir::plugin::kNoReason : message);
}
