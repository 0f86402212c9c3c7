// SPDX-License-Identifier: Apache-2.0
// Which batches reach which stage, on which thread, and how back-pressure holds producers.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/stage.h"
#include "core/pipeline/testing/test_stages.h"
#include "core/pipeline/watchdog.h"

namespace weir::pipeline {
namespace {

TEST(PipelineRoutingTest, EveryRecordReachesEverySinkThroughFanInAndFanOut) {
  auto pipeline = Make(
      {SourceSpec("a", 1000, 3), SourceSpec("b", 500, 2),
       ConsumerSpec(StageKind::kTransform, "both", {0, 1}),
       ConsumerSpec(StageKind::kTransform, "ticking", {2}, WithTicks(1'000'000, nullptr)),
       ConsumerSpec(StageKind::kSink, "one", {2}), ConsumerSpec(StageKind::kSink, "two", {2, 3})});
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  const std::vector<StageReport> reports = pipeline->Report();
  EXPECT_EQ(reports[2].balance.received, 4000u);
  EXPECT_EQ(reports[4].balance.emitted, 4000u);
  EXPECT_EQ(reports[5].balance.emitted, 8000u);
  EXPECT_EQ(pipeline->EndReason(), "all sources have finished");
  ExpectBalanced(*pipeline);
}

TEST(PipelineRoutingTest, AFullQueueHoldsItsProducerBackAndLosesNothing) {
  absl::Notification release;
  std::atomic<int> processed{0};
  auto pipeline =
      Make({SourceSpec("fast", CountingSource::kForever, 1),
            ConsumerSpec(StageKind::kSink, "slow", {0}, WithProcess([&](const BatchRef&) {
                           ++processed;
                           release.WaitForNotification();
                           return absl::OkStatus();
                         }),
                         2)});
  ASSERT_TRUE(pipeline->Start().ok());
  // The sink has one batch, its queue two, and the source waits with the fourth.
  const auto emitted = [&] { return pipeline->Report()[0].balance.emitted; };
  while (emitted() < 4) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_EQ(emitted(), 4u);
  EXPECT_EQ(processed, 1);
  pipeline->RequestStop("the test is over");
  release.Notify();
  pipeline->WaitUntilEnding();
  EXPECT_TRUE(DrainWithin(pipeline.get(), kLong, [] { FAIL(); }).ok());
  EXPECT_EQ(pipeline->EndReason(), "the test is over");
  EXPECT_EQ(pipeline->Report()[1].balance.emitted, emitted());
  ExpectBalanced(*pipeline);
}

// Appends the thread of each Process to `threads`. Has ticks, and so a thread of its own.
Behaviour NotingThreads(std::vector<std::thread::id>* threads) {
  Behaviour behaviour = WithProcess([threads](const BatchRef&) {
    threads->push_back(std::this_thread::get_id());
    return absl::OkStatus();
  });
  behaviour.tick_interval_ns = 1'000'000;
  return behaviour;
}

TEST(PipelineRoutingTest, TransformsRunOnTheThreadOfAPausableSource) {
  FileSource* file = nullptr;
  std::vector<std::thread::id> first;
  std::vector<std::thread::id> second;
  std::vector<std::thread::id> sink;
  auto pipeline =
      Make({FileSourceSpec("file", 100, 3, &file),
            ConsumerSpec(StageKind::kTransform, "first", {0}, NotingThreads(&first), 1),
            ConsumerSpec(StageKind::kTransform, "second", {1}, NotingThreads(&second), 1),
            ConsumerSpec(StageKind::kSink, "sink", {2}, NotingThreads(&sink))});
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  EXPECT_EQ(first, std::vector<std::thread::id>(100, file->thread()));
  EXPECT_EQ(second, first);
  ASSERT_EQ(sink.size(), 100u);
  EXPECT_NE(sink[0], file->thread());
  ExpectBalanced(*pipeline);
}

TEST(PipelineRoutingTest, TransformsBehindALiveSourceRunOnTheirOwnThread) {
  FileSource* file = nullptr;
  std::vector<std::thread::id> mixed;
  auto pipeline = Make({FileSourceSpec("file", 100, 3, &file), SourceSpec("live", 100, 3),
                        ConsumerSpec(StageKind::kTransform, "mixed", {0, 1}, NotingThreads(&mixed)),
                        ConsumerSpec(StageKind::kSink, "sink", {2})});
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  ASSERT_EQ(mixed.size(), 200u);
  EXPECT_NE(mixed[0], file->thread());
  EXPECT_EQ(mixed, std::vector<std::thread::id>(200, mixed[0]));
  ExpectBalanced(*pipeline);
}

TEST(PipelineRoutingTest, HeldRecordsAreFlushedDownstream) {
  uint64_t held = 0;
  StageSpec holder{StageKind::kTransform,
                   "holder",
                   {0},
                   4,
                   [&held](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
                     struct Holder : TestConsumer {
                       Holder(StageHost* host, uint64_t* held)
                           : TestConsumer(host, {}), host_(host), held_(held) {}
                       absl::Status Process(const BatchRef& batch) override {
                         host_->counters().SetHeld(*held_ += batch->size);
                         return absl::OkStatus();
                       }
                       absl::Status Flush() override {
                         const auto rows = static_cast<uint32_t>(std::exchange(*held_, 0));
                         host_->counters().SetHeld(0);
                         return host_->Emit(BatchOf(rows));
                       }
                       StageHost* const host_;
                       uint64_t* const held_;
                     };
                     return std::make_unique<Holder>(host, &held);
                   }};
  auto pipeline =
      Make({SourceSpec("source", 10, 10), holder, ConsumerSpec(StageKind::kSink, "sink", {1})});
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  EXPECT_EQ(pipeline->Report()[2].balance.emitted, 100u);
  ExpectBalanced(*pipeline);
}

TEST(PipelineRoutingTest, TicksComeWithoutInputAndAFailedTickIsAnError) {
  std::atomic<int> ticks{0};
  auto pipeline =
      Make({SourceSpec("source", CountingSource::kForever, 1),
            ConsumerSpec(StageKind::kSink, "ticking", {0}, WithTicks(100'000, [&] {
                           return ++ticks < 3 ? absl::OkStatus() : absl::InternalError("enough");
                         }))});
  EXPECT_EQ(RunToTheEnd(pipeline.get()), absl::InternalError("sink 'ticking': enough"));
  EXPECT_EQ(ticks, 3);
  ExpectBalanced(*pipeline);
}

}  // namespace
}  // namespace weir::pipeline
