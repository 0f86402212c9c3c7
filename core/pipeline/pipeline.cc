// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/pipeline.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "glog/logging.h"

namespace weir::pipeline {
namespace {

absl::Status WithStageName(const absl::Status& status, const Node& node) {
  return absl::Status(status.code(),
                      absl::StrCat(StageTitle(node.kind(), node.name()), ": ", status.message()));
}

// Puts the location of `message`, which is a part of `status`, in front of it.
absl::Status WithLocation(const StageLocator& locate, std::string_view message,
                          const absl::Status& status) {
  if (!locate) return status;
  return absl::Status(status.code(), absl::StrCat(locate(message), ": ", status.message()));
}

// The error of one stage.
struct StageError {
  int line;
  absl::Status status;
};

// Returns one error for all of `errors`, in the order of the file. Its code is that of the first.
absl::Status Joined(std::vector<StageError> errors) {
  std::stable_sort(errors.begin(), errors.end(),
                   [](const StageError& a, const StageError& b) { return a.line < b.line; });
  return absl::Status(errors.front().status.code(),
                      absl::StrJoin(errors, "\n", [](std::string* text, const StageError& error) {
                        absl::StrAppend(text, error.status.message());
                      }));
}

}  // namespace

Pipeline::Pipeline(std::vector<StageSpec> specs, const Clock* clock,
                   std::function<void()> on_ending)
    : specs_(std::move(specs)), on_ending_(std::move(on_ending)) {
  NodeEvents* const events = this;
  for (const StageSpec& spec : specs_) {
    nodes_.push_back(
        std::make_unique<Node>(spec.kind, spec.name, spec.queue_batches, clock, events));
    for (const size_t input : spec.inputs) {
      CHECK_LT(input, nodes_.size() - 1) << "stages must come after their inputs";
      nodes_[input]->ConnectTo(nodes_.back().get());
    }
  }
}

Pipeline::~Pipeline() = default;

absl::Status Pipeline::CreateStages() {
  std::vector<StageError> errors;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const StageSpec& spec = specs_[i];
    const absl::Status status = nodes_[i]->Create(spec.factory);
    if (status.ok()) continue;
    errors.push_back({spec.line, WithLocation(spec.locate, status.message(),
                                              WithStageName(status, *nodes_[i]))});
  }
  if (!errors.empty()) return Joined(std::move(errors));
  for (const auto& node : nodes_) node->MakeQueue();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Create(const std::vector<StageSpec>& specs,
                                                           const Clock* clock) {
  auto pipeline = std::make_unique<Pipeline>(specs, clock);
  if (absl::Status status = pipeline->CreateStages(); !status.ok()) return status;
  return pipeline;
}

absl::Status Pipeline::Named(const absl::Status& status, size_t index) const {
  const absl::Status named = WithStageName(status, *nodes_[index]);
  return absl::IsInvalidArgument(status)
             ? WithLocation(specs_[index].locate, status.message(), named)
             : named;
}

absl::Status Pipeline::Diagnose(std::vector<StageDiagnosis>* stages) {
  absl::Status first;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    StageDiagnosis stage{nodes_[i]->kind(), nodes_[i]->name(), {}};
    const absl::Status status = nodes_[i]->Diagnose(&stage.findings);
    if (first.ok() && !status.ok()) first = Named(status, i);
    stages->push_back(std::move(stage));
  }
  return first;
}

absl::Status Pipeline::Prepare() {
  prepared_ = true;
  for (size_t i = 0; i < nodes_.size() && !stop_requested(); ++i) {
    if (absl::Status status = nodes_[i]->Prepare(); !status.ok()) return Named(status, i);
  }
  return absl::OkStatus();
}

absl::Status Pipeline::Start() {
  if (!prepared_) {
    if (absl::Status status = Prepare(); !status.ok()) return status;
  }
  bool all_started = false;
  if (absl::Status failure = StartStages(&all_started); !failure.ok()) {
    {
      absl::MutexLock lock(&mutex_);
      if (first_error_.ok()) first_error_ = failure;
      if (!stop_requested_) stop_reason_ = "the start failed";
      stop_requested_ = true;
    }
    BeginEnd();
    FinishAndStop();
    return failure;
  }
  if (!all_started) return absl::OkStatus();
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& node : nodes_) sources_running_ += node->kind() == StageKind::kSource;
  }
  for (const auto& node : nodes_) {
    if (node->kind() == StageKind::kSource) node->Run();
  }
  return absl::OkStatus();
}

absl::Status Pipeline::StartStages(bool* all) {
  for (size_t i = nodes_.size(); i-- > 0;) {
    if (stop_requested()) return absl::OkStatus();
    if (absl::Status status = nodes_[i]->Start(); !status.ok()) return Named(status, i);
  }
  *all = true;
  return absl::OkStatus();
}

bool Pipeline::stop_requested() {
  absl::MutexLock lock(&mutex_);
  return stop_requested_;
}

void Pipeline::RequestStop(std::string_view why) { OnStopRequested(why); }

void Pipeline::RequestReopen() {
  for (const auto& node : nodes_) node->RequestReopen();
}

void Pipeline::WaitUntilEnding() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Pipeline::Ending));
}

absl::Status Pipeline::Drain() {
  for (const auto& node : nodes_) {
    if (node->kind() == StageKind::kSource) node->Interrupt();
  }
  FinishAndStop();
  return FirstError();
}

absl::Status Pipeline::FirstError() {
  absl::MutexLock lock(&mutex_);
  return first_error_;
}

void Pipeline::GiveUp(absl::Duration timeout) {
  OnStageFailed(absl::DeadlineExceededError(
      absl::StrCat("the pipeline did not drain within ", absl::FormatDuration(timeout))));
  for (const auto& node : nodes_) node->Abort();
  // Last, because one of these may not return.
  for (const auto& node : nodes_) node->InterruptWaiting();
}

void Pipeline::FinishAndStop() {
  // nodes_ has producers first: once they have finished, a stage gets no more batches.
  for (const auto& node : nodes_) node->Finish();
  for (const auto& node : nodes_) node->Stop();
}

void Pipeline::DestroyStages() {
  for (const auto& node : nodes_) node->Destroy();
}

void Pipeline::CountUnfinished() {
  std::vector<StageReport> reports;
  for (const auto& node : nodes_) {
    reports.push_back({node->kind(), node->name(), node->BalanceAtEnd()});
  }
  absl::MutexLock lock(&mutex_);
  if (!last_report_.has_value()) last_report_ = std::move(reports);
}

std::vector<StageReport> Pipeline::Report() const {
  {
    absl::MutexLock lock(&mutex_);
    if (last_report_.has_value()) return *last_report_;
  }
  std::vector<StageReport> reports;
  for (const auto& node : nodes_) {
    const Node& stage = *node;
    reports.push_back({stage.kind(), stage.name(), stage.counters().Snapshot()});
  }
  return reports;
}

std::vector<std::string> Pipeline::RunningCalls() const {
  std::vector<std::string> calls;
  for (const auto& node : nodes_) {
    for (const std::string_view function : node->RunningCalls()) {
      calls.push_back(
          absl::StrCat(StageTitle(node->kind(), node->name()), " does not return from ", function));
    }
  }
  return calls;
}

std::string Pipeline::EndReason() {
  absl::MutexLock lock(&mutex_);
  return stop_requested_ ? stop_reason_ : "all sources have finished";
}

void Pipeline::OnStopRequested(std::string_view why) {
  {
    absl::MutexLock lock(&mutex_);
    if (stop_requested_) return;
    stop_requested_ = true;
    stop_reason_ = std::string(why);
  }
  BeginEnd();
  LOG(INFO) << "stopping: " << why;
}

void Pipeline::OnStageFailed(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (first_error_.ok()) first_error_ = status;
    if (!stop_requested_) stop_reason_ = std::string(status.message());
    stop_requested_ = true;
  }
  BeginEnd();
  LOG(ERROR) << status.message();
}

void Pipeline::OnSourceFinished() {
  bool last = false;
  {
    absl::MutexLock lock(&mutex_);
    last = --sources_running_ == 0;
  }
  if (last) BeginEnd();
}

}  // namespace weir::pipeline
