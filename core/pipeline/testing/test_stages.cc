// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/testing/test_stages.h"

#include <gtest/gtest.h>

#include "absl/status/statusor.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/watchdog.h"

namespace weir::pipeline {
namespace {

using MadeStage = absl::StatusOr<std::unique_ptr<Stage>>;

StageSpec SourceWith(std::string name, StageFactory factory) {
  return {StageKind::kSource, std::move(name), {}, kDefaultQueueBatches, std::move(factory)};
}

}  // namespace

BatchRef BatchOf(uint32_t rows) {
  weir_batch* const batch = AllocateBatch(rows);
  batch->size = rows;
  return BatchRef::Adopt(batch);
}

absl::Status CountingSource::Run() {
  for (int i = 0; i != batches_ && !interrupted_; ++i) {
    host_->counters().AddReceived(rows_);
    if (absl::Status status = host_->Emit(BatchOf(rows_)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

Behaviour WithProcess(std::function<absl::Status(const BatchRef&)> process) {
  Behaviour behaviour;
  behaviour.process = std::move(process);
  return behaviour;
}

Behaviour WithTicks(uint64_t interval_ns, std::function<absl::Status()> tick) {
  Behaviour behaviour;
  behaviour.tick_interval_ns = interval_ns;
  behaviour.tick = std::move(tick);
  return behaviour;
}

absl::Status TestConsumer::Diagnose(std::vector<Finding>* findings) {
  findings->push_back({Finding::Severity::kDegraded, host_->name(), "as always"});
  return Call(behaviour_.prepare);
}

absl::Status TestConsumer::Reopen() {
  EXPECT_FALSE(busy_) << "two calls overlap";
  return Call(behaviour_.reopen);
}

absl::Status TestConsumer::Process(const BatchRef& batch) {
  EXPECT_FALSE(busy_.exchange(true)) << "two calls overlap";
  absl::Status status = behaviour_.process ? behaviour_.process(batch) : absl::OkStatus();
  if (status.ok() && host_->kind() == StageKind::kTransform) status = host_->Emit(batch);
  if (status.ok() && host_->kind() == StageKind::kSink) host_->counters().AddEmitted(batch->size);
  busy_ = false;
  return status;
}

StageSpec SourceSpec(std::string name, int batches, uint32_t rows) {
  return SourceWith(std::move(name), [=](StageHost* host) -> MadeStage {
    return std::make_unique<CountingSource>(host, batches, rows);
  });
}

StageSpec FileSourceSpec(std::string name, int batches, uint32_t rows, FileSource** made) {
  return SourceWith(std::move(name), [=](StageHost* host) -> MadeStage {
    auto source = std::make_unique<FileSource>(host, batches, rows);
    *made = source.get();
    return source;
  });
}

StageSpec SilentSourceSpec() {
  return SourceWith(
      "silent", [](StageHost* host) -> MadeStage { return std::make_unique<SilentSource>(host); });
}

StageSpec ConsumerSpec(StageKind kind, std::string name, std::vector<size_t> inputs,
                       const Behaviour& behaviour, size_t queue_batches) {
  return {kind, std::move(name), std::move(inputs), queue_batches,
          [=](StageHost* host) -> MadeStage {
            return std::make_unique<TestConsumer>(host, behaviour);
          }};
}

std::unique_ptr<Pipeline> Make(const std::vector<StageSpec>& specs) {
  absl::StatusOr<std::unique_ptr<Pipeline>> pipeline = Pipeline::Create(specs, SystemClock());
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  return *std::move(pipeline);
}

absl::Status RunToTheEnd(Pipeline* pipeline, absl::Duration drain_timeout) {
  if (absl::Status status = pipeline->Start(); !status.ok()) return status;
  pipeline->WaitUntilEnding();
  return DrainWithin(pipeline, drain_timeout, [] { FAIL() << "a stage is stuck"; });
}

void ExpectBalanced(const Pipeline& pipeline) {
  for (const StageReport& report : pipeline.Report()) {
    EXPECT_EQ(report.balance.Unaccounted(), 0) << report.name;
    EXPECT_EQ(report.balance.held, 0u) << report.name;
  }
  EXPECT_EQ(LiveBatches(), 0);
}

}  // namespace weir::pipeline
