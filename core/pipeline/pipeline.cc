// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/pipeline.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/pipeline/watchdog.h"
#include "glog/logging.h"

namespace weir::pipeline {
namespace {

// The time that stages have to return after an abort.
constexpr absl::Duration kGrace = absl::Seconds(2);

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

}  // namespace

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Create(const std::vector<StageSpec>& specs,
                                                           const Clock* clock) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline);
  NodeEvents* const events = pipeline.get();
  for (const StageSpec& spec : specs) {
    pipeline->locators_.push_back(spec.locate);
    pipeline->nodes_.push_back(
        std::make_unique<Node>(spec.kind, spec.name, spec.queue_batches, clock, events));
    Node* const node = pipeline->nodes_.back().get();
    for (const size_t input : spec.inputs) {
      CHECK_LT(input, pipeline->nodes_.size() - 1) << "stages must come after their inputs";
      pipeline->nodes_[input]->ConnectTo(node);
    }
    if (absl::Status status = node->Create(spec.factory); !status.ok()) {
      return WithLocation(spec.locate, status.message(), WithStageName(status, *node));
    }
  }
  for (const auto& node : pipeline->nodes_) node->MakeQueue();
  return pipeline;
}

Pipeline::~Pipeline() = default;

absl::Status Pipeline::Named(const absl::Status& status, size_t index) const {
  const absl::Status named = WithStageName(status, *nodes_[index]);
  return absl::IsInvalidArgument(status) ? WithLocation(locators_[index], status.message(), named)
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
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (absl::Status status = nodes_[i]->Prepare(); !status.ok()) return Named(status, i);
  }
  return absl::OkStatus();
}

absl::Status Pipeline::Start() {
  if (!prepared_) {
    if (absl::Status status = Prepare(); !status.ok()) return status;
  }
  absl::Status failure;
  for (size_t i = nodes_.size(); i-- > 0 && failure.ok();) {
    failure = nodes_[i]->Start();
    if (!failure.ok()) failure = Named(failure, i);
  }
  if (!failure.ok()) {
    FinishAndStop();
    return failure;
  }
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& node : nodes_) sources_running_ += node->kind() == StageKind::kSource;
  }
  for (const auto& node : nodes_) {
    if (node->kind() == StageKind::kSource) node->Run();
  }
  return absl::OkStatus();
}

void Pipeline::RequestStop(std::string_view why) { OnStopRequested(why); }

void Pipeline::RequestReopen() {
  for (const auto& node : nodes_) node->RequestReopen();
}

void Pipeline::WaitUntilEnding() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Pipeline::Ending));
}

absl::Status Pipeline::Drain(absl::Duration timeout, std::function<void()> stuck) {
  const auto give_up = [this, timeout] {
    OnStageFailed(absl::DeadlineExceededError(
        absl::StrCat("the pipeline did not drain within ", absl::FormatDuration(timeout))));
    Abort();
  };
  const auto count_and_end = [this, &stuck] {
    for (const auto& node : nodes_) node->CountUnfinished();
    stuck();
  };
  {
    Watchdog watchdog(timeout, give_up, kGrace, count_and_end);
    for (const auto& node : nodes_) {
      if (node->kind() == StageKind::kSource) node->Interrupt();
    }
    FinishAndStop();
  }
  absl::MutexLock lock(&mutex_);
  return first_error_;
}

void Pipeline::FinishAndStop() {
  // nodes_ has producers first: once they have finished, a stage gets no more batches.
  for (const auto& node : nodes_) node->Finish();
  for (const auto& node : nodes_) node->Stop();
}

void Pipeline::Abort() {
  for (const auto& node : nodes_) node->Abort();
}

std::vector<StageReport> Pipeline::Report() const {
  std::vector<StageReport> reports;
  for (const auto& node : nodes_) {
    const Node& stage = *node;
    reports.push_back({stage.kind(), stage.name(), stage.counters().Snapshot()});
  }
  return reports;
}

std::string Pipeline::EndReason() {
  absl::MutexLock lock(&mutex_);
  return stop_requested_ ? stop_reason_ : "all sources have finished";
}

void Pipeline::OnStopRequested(std::string_view why) {
  absl::MutexLock lock(&mutex_);
  if (stop_requested_) return;
  stop_requested_ = true;
  stop_reason_ = std::string(why);
  LOG(INFO) << "stopping: " << why;
}

void Pipeline::OnStageFailed(const absl::Status& status) {
  LOG(ERROR) << status.message();
  absl::MutexLock lock(&mutex_);
  if (first_error_.ok()) first_error_ = status;
  if (!stop_requested_) stop_reason_ = std::string(status.message());
  stop_requested_ = true;
}

void Pipeline::OnSourceFinished() {
  absl::MutexLock lock(&mutex_);
  --sources_running_;
}

}  // namespace weir::pipeline
