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

}  // namespace

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Create(const std::vector<StageSpec>& specs,
                                                           const Clock* clock) {
  std::unique_ptr<Pipeline> pipeline(new Pipeline);
  NodeEvents* const events = pipeline.get();
  for (const StageSpec& spec : specs) {
    pipeline->nodes_.push_back(
        std::make_unique<Node>(spec.kind, spec.name, spec.queue_batches, clock, events));
    Node* const node = pipeline->nodes_.back().get();
    for (const size_t input : spec.inputs) {
      CHECK_LT(input, pipeline->nodes_.size() - 1) << "stages must come after their inputs";
      pipeline->nodes_[input]->ConnectTo(node);
    }
    if (absl::Status status = node->Create(spec.factory); !status.ok()) {
      const absl::Status named = WithStageName(status, *node);
      if (!spec.locate) return named;
      return absl::Status(named.code(),
                          absl::StrCat(spec.locate(status.message()), ": ", named.message()));
    }
  }
  for (const auto& node : pipeline->nodes_) node->MakeQueue();
  return pipeline;
}

Pipeline::~Pipeline() = default;

absl::StatusOr<std::vector<StageDiagnosis>> Pipeline::Diagnose() {
  std::vector<StageDiagnosis> stages;
  for (const auto& node : nodes_) {
    StageDiagnosis stage{node->kind(), node->name(), {}};
    if (absl::Status status = node->Diagnose(&stage.findings); !status.ok()) {
      return WithStageName(status, *node);
    }
    stages.push_back(std::move(stage));
  }
  return stages;
}

absl::Status Pipeline::Prepare() {
  prepared_ = true;
  for (const auto& node : nodes_) {
    if (absl::Status status = node->Prepare(); !status.ok()) return WithStageName(status, *node);
  }
  return absl::OkStatus();
}

absl::Status Pipeline::Start() {
  if (!prepared_) {
    if (absl::Status status = Prepare(); !status.ok()) return status;
  }
  absl::Status failure;
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    failure = (*node)->Start();
    if (!failure.ok()) {
      failure = WithStageName(failure, **node);
      break;
    }
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
