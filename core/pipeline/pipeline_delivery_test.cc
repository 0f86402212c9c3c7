// SPDX-License-Identifier: Apache-2.0
// WaitForDelivery: a source waits until its records have reached every sink.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/stage.h"
#include "core/pipeline/testing/test_stages.h"

namespace weir::pipeline {
namespace {

using ::testing::ElementsAre;

// Emits three batches, even if it is interrupted, and waits for the delivery of each.
class AwaitingSource : public Source {
 public:
  AwaitingSource(StageHost* host, std::vector<absl::Status>* outcomes)
      : host_(host), outcomes_(outcomes) {}
  absl::Status Start() override { return absl::OkStatus(); }
  absl::Status Stop() override { return absl::OkStatus(); }
  absl::Status Run() override {
    for (int i = 0; i < 3; ++i) {
      host_->counters().AddReceived(1);
      const absl::Status emitted = host_->Emit(BatchOf(1));
      outcomes_->push_back(host_->WaitForDelivery());
      if (!emitted.ok()) return emitted;
    }
    return absl::OkStatus();
  }
  void Interrupt() override {}

 private:
  StageHost* const host_;
  std::vector<absl::Status>* const outcomes_;
};

StageSpec AwaitingSpec(std::vector<absl::Status>* outcomes) {
  StageSpec spec = SourceSpec("source", 1, 1);
  spec.factory = [=](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
    return std::make_unique<AwaitingSource>(host, outcomes);
  };
  return spec;
}

// Emits copies of its batches, as a transform that changes rows does.
class Copier : public TestConsumer {
 public:
  explicit Copier(StageHost* host) : TestConsumer(host, {}), host_(host) {}
  absl::Status Process(const BatchRef& batch) override {
    weir_batch* const copy = AllocateBatch(batch->size);
    copy->size = batch->size;
    return host_->Emit(BatchRef::Adopt(copy));
  }

 private:
  StageHost* const host_;
};

TEST(PipelineDeliveryTest, ASourceWaitsUntilItsRecordsHaveReachedTheSinks) {
  std::vector<absl::Status> outcomes;
  std::atomic<size_t> delivered{0};
  StageSpec copier = ConsumerSpec(StageKind::kTransform, "copier", {0});
  copier.factory = [](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
    return std::make_unique<Copier>(host);
  };
  auto pipeline =
      Make({AwaitingSpec(&outcomes), copier,
            ConsumerSpec(StageKind::kSink, "slow", {1}, WithProcess([&](const BatchRef&) {
                           for (int i = 0; i < 1000; ++i) std::this_thread::yield();
                           // The source has waited once less than it has emitted.
                           EXPECT_EQ(++delivered, outcomes.size() + 1);
                           return absl::OkStatus();
                         }))});
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  EXPECT_EQ(delivered, 3u);
  EXPECT_THAT(outcomes, ElementsAre(absl::OkStatus(), absl::OkStatus(), absl::OkStatus()));
  ExpectBalanced(*pipeline);
}

TEST(PipelineDeliveryTest, ASourceLearnsThatItsRecordsWereLost) {
  std::vector<absl::Status> outcomes;
  auto pipeline = Make({AwaitingSpec(&outcomes),
                        ConsumerSpec(StageKind::kSink, "bad", {0}, WithProcess([](const BatchRef&) {
                                       return absl::UnavailableError("the disk has gone");
                                     }))});
  EXPECT_FALSE(RunToTheEnd(pipeline.get()).ok());
  ASSERT_EQ(outcomes.size(), 3u);  // the failed stage drops the later batches
  for (const absl::Status& status : outcomes) EXPECT_TRUE(absl::IsCancelled(status)) << status;
  ExpectBalanced(*pipeline);
}

}  // namespace
}  // namespace weir::pipeline
