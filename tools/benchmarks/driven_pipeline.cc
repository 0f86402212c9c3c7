// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/driven_pipeline.h"

#include <chrono>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/config/loader.h"
#include "core/pipeline/stage.h"
#include "core/pipeline/watchdog.h"
#include "core/record/stage_kind.h"
#include "core/telemetry/stage_counters.h"
#include "glog/logging.h"

namespace weir::benchmarks {

namespace {

// Rarely enough that to look costs nothing beside what is waited for.
constexpr std::chrono::milliseconds kBetweenLooks(1);
constexpr std::chrono::seconds kPatience(120);  // far beyond what anything here takes

// So that the file is whole; both ends are put in after it has been read.
std::string WholeFile(const DrivenStages& stages) {
  std::string text = absl::StrCat(
      "source { name: 'rows' type: 'record_file' "
      "config { [weir/weir.sources.RecordFile] { path: '-' } } }\n",
      stages.text);
  if (!stages.last.empty()) {
    absl::StrAppend(&text, "sink { name: 'own' type: 'stdout' input: '", stages.last, "' }\n");
  }
  return text;
}

struct State {
  bool settled = true;  // each stage has had all that the one before has emitted
  uint64_t held = 0;    // by all of them
  bool dropped = false;
};

// Of stages in a row.
State StateOf(const std::vector<pipeline::StageReport>& stages) {
  State state;
  uint64_t emitted = 0;
  for (const pipeline::StageReport& stage : stages) {
    const telemetry::Balance& balance = stage.balance;
    state.settled &= stage.kind == StageKind::kSource || balance.received == emitted;
    state.settled &= balance.Unaccounted() == 0;
    state.held += balance.held;
    state.dropped |= balance.DroppedTotal() > 0;
    emitted = balance.emitted;
  }
  return state;
}

}  // namespace

// Run is the pipeline's; the rest is called by the benchmark's thread.
class DrivenPipeline::DrivenSource final : public pipeline::Source {
 public:
  explicit DrivenSource(pipeline::StageHost* host) : host_(host) {}

  absl::Status Start() override { return absl::OkStatus(); }
  absl::Status Stop() override { return absl::OkStatus(); }
  absl::Status Run() override {
    absl::MutexLock lock(&mutex_);
    while (true) {
      mutex_.Await(absl::Condition(
          +[](DrivenSource* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) {
            return self->task_ != nullptr || self->interrupted_;
          },
          this));
      if (task_ == nullptr) return absl::OkStatus();
      result_ = (*task_)(host_);
      task_ = nullptr;
    }
  }
  void Interrupt() override {
    absl::MutexLock lock(&mutex_);
    interrupted_ = true;
  }

  absl::Status Do(const SourceTask& task) {
    {
      absl::MutexLock lock(&mutex_);
      task_ = &task;
    }
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](DrivenSource* self)
             ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return self->task_ == nullptr; },
        this));
    return result_;
  }

 private:
  pipeline::StageHost* const host_;
  absl::Mutex mutex_;
  const SourceTask* task_ ABSL_GUARDED_BY(mutex_) = nullptr;
  absl::Status result_ ABSL_GUARDED_BY(mutex_);
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::StatusOr<std::unique_ptr<DrivenPipeline>> DrivenPipeline::Start(
    const plugin::Catalogue& catalogue, const DrivenStages& stages) {
  const auto config = config::LoadText(WholeFile(stages), "stages", catalogue.schemas(),
                                       config::ProcessEnvironment());
  if (!config.ok()) return config.status();
  std::unique_ptr<DrivenPipeline> driven(new DrivenPipeline);
  std::vector<pipeline::StageSpec> specs =
      catalogue.StageSpecs(*config, "stages", &driven->runtime_);
  for (pipeline::StageSpec& spec : specs) {
    if (spec.kind == StageKind::kSource) {
      spec.factory = [&driven](pipeline::StageHost* host) {
        auto source = std::make_unique<DrivenSource>(host);
        driven->source_ = source.get();
        return absl::StatusOr<std::unique_ptr<pipeline::Stage>>(std::move(source));
      };
    } else if (spec.name == "own") {
      spec.factory = [&stages](pipeline::StageHost* host) {
        return absl::StatusOr<std::unique_ptr<pipeline::Stage>>(
            std::make_unique<OwnSink>(host, stages.use));
      };
    }
  }
  auto pipeline = pipeline::Pipeline::Create(specs, &driven->clock_);
  if (!pipeline.ok()) return pipeline.status();
  driven->pipeline_ = *std::move(pipeline);
  if (absl::Status status = driven->pipeline_->Start(); !status.ok()) {
    driven->pipeline_.reset();
    return status;
  }
  return driven;
}

DrivenPipeline::~DrivenPipeline() {
  // Of a pipeline that did not start there is nothing to drain.
  if (pipeline_ == nullptr) return;
  const absl::Status status = pipeline::DrainWithin(
      pipeline_.get(), absl::Seconds(60), [] { LOG(FATAL) << "a stage does not return"; });
  if (!status.ok()) LOG(ERROR) << status.message();
}

absl::Status DrivenPipeline::Run(const SourceTask& task) {
  if (absl::Status status = source_->Do(task); !status.ok()) return status;
  return WaitUntilSettled(std::numeric_limits<uint64_t>::max());
}

absl::Status DrivenPipeline::Emit(const Batches& batches) {
  return Run([&batches](pipeline::StageHost* host) {
    for (const pipeline::BatchRef& batch : batches) {
      host->counters().AddReceived(batch->size);
      if (absl::Status status = host->Emit(batch); !status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

absl::Status DrivenPipeline::Deliver(const Batches& batches) {
  if (absl::Status status = Emit(batches); !status.ok()) return status;
  return WaitUntilSettled(0);
}

absl::Status DrivenPipeline::Evict(uint64_t ns, const pipeline::BatchRef& batch) {
  clock_.PutForward(ns);
  if (absl::Status status = Emit({batch}); !status.ok()) return status;
  return WaitUntilSettled(1);
}

absl::Status DrivenPipeline::WaitUntilSettled(uint64_t most_held) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    const State state = StateOf(pipeline_->Report());
    if (state.dropped) return absl::DataLossError("a stage dropped records");
    if (state.settled && state.held <= most_held) return absl::OkStatus();
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return absl::DeadlineExceededError("the stages did not take in what was emitted");
}

}  // namespace weir::benchmarks
