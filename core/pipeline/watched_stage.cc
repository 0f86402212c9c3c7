// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/watched_stage.h"

#include <utility>

namespace weir::pipeline {

// Notes a call from its begin to its end.
class WatchedStage::CallScope {
 public:
  CallScope(RunningCall* call, const char* function) : call_(call) {
    call_->store(function, std::memory_order_relaxed);
  }
  ~CallScope() { call_->store(nullptr, std::memory_order_relaxed); }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

 private:
  RunningCall* const call_;
};

absl::Status WatchedStage::Create(const StageFactory& factory, StageHost* host) {
  const CallScope scope(&control_, "create");
  is_source_ = host->kind() == StageKind::kSource;
  absl::StatusOr<std::unique_ptr<Stage>> made = factory(host);
  if (!made.ok()) return made.status();
  stage_ = *std::move(made);
  return absl::OkStatus();
}

void WatchedStage::Destroy() {
  if (stage_ == nullptr) return;
  const CallScope scope(&control_, "destroy");
  stage_.reset();
}

absl::Status WatchedStage::Diagnose(std::vector<Finding>* findings) {
  const CallScope scope(&control_, "diagnose");
  return stage_->Diagnose(findings);
}

absl::Status WatchedStage::Prepare() {
  const CallScope scope(&control_, "prepare");
  return stage_->Prepare();
}

absl::Status WatchedStage::Start() {
  const CallScope scope(&control_, "start");
  if (absl::Status status = stage_->Start(); !status.ok()) return status;
  started_ = true;
  const absl::MutexLock lock(&mutex_);
  interruptible_ = true;
  return absl::OkStatus();
}

absl::Status WatchedStage::Stop() {
  started_ = false;
  {
    const absl::MutexLock lock(&mutex_);
    interruptible_ = false;
  }
  const CallScope scope(&control_, "stop");
  return stage_->Stop();
}

void WatchedStage::Interrupt() {
  const absl::MutexLock lock(&mutex_);
  if (!interruptible_) return;
  const CallScope scope(&interrupt_, "interrupt");
  is_source_ ? source()->Interrupt() : consumer()->Interrupt();
}

absl::Status WatchedStage::Run() {
  const CallScope scope(&data_, "run");
  return source()->Run();
}

absl::Status WatchedStage::Process(const BatchRef& batch) {
  const CallScope scope(&data_, "process");
  return consumer()->Process(batch);
}

absl::StatusOr<uint64_t> WatchedStage::TickIntervalNs() {
  const CallScope scope(&control_, "tick_interval_ns");
  return consumer()->TickIntervalNs();
}

absl::Status WatchedStage::Tick(uint64_t monotonic_now_ns) {
  const CallScope scope(&data_, "tick");
  return consumer()->Tick(monotonic_now_ns);
}

absl::Status WatchedStage::Reopen() {
  const CallScope scope(&data_, "reopen");
  return consumer()->Reopen();
}

absl::Status WatchedStage::Flush() {
  const CallScope scope(&data_, "flush");
  return consumer()->Flush();
}

std::vector<std::string_view> WatchedStage::RunningCalls() const {
  std::vector<std::string_view> calls;
  for (const RunningCall* const call : {&interrupt_, &data_, &control_}) {
    if (call == &data_ && in_host_.load(std::memory_order_relaxed)) continue;
    const char* const function = call->load(std::memory_order_relaxed);
    if (function != nullptr) calls.emplace_back(function);
  }
  return calls;
}

}  // namespace weir::pipeline
