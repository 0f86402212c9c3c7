// SPDX-License-Identifier: Apache-2.0
// RequestReopen, and ticks that come without batches.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/pipeline/testing/test_stages.h"
#include "core/pipeline/watchdog.h"

namespace weir::pipeline {
namespace {

TEST(PipelineReopenTest, AStageReopensOnItsOwnThreadEvenWithoutInput) {
  std::atomic<int> reopened{0};
  std::atomic<std::thread::id> thread{};
  Behaviour behaviour;
  behaviour.reopen = [&] {
    thread = std::this_thread::get_id();
    ++reopened;
    return absl::OkStatus();
  };
  Behaviour ticking = behaviour;
  ticking.tick_interval_ns = static_cast<uint64_t>(absl::ToInt64Nanoseconds(kLong));
  auto pipeline =
      Make({SilentSourceSpec(), ConsumerSpec(StageKind::kTransform, "middle", {0}, ticking),
            ConsumerSpec(StageKind::kTransform, "threadless", {1}, behaviour),
            ConsumerSpec(StageKind::kSink, "out", {2}, behaviour)});
  pipeline->RequestReopen();  // a signal may come before Start
  ASSERT_TRUE(pipeline->Start().ok());
  for (const int times : {2, 4, 6}) {
    while (reopened < times) std::this_thread::yield();
    EXPECT_NE(thread.load(), std::this_thread::get_id());
    if (times < 6) pipeline->RequestReopen();
  }
  EXPECT_TRUE(DrainWithin(pipeline.get(), kLong, [] { FAIL(); }).ok());
  EXPECT_EQ(reopened, 6);
}

TEST(PipelineReopenTest, AStageReopensBetweenTwoBatches) {
  std::atomic<bool> end{false};
  Behaviour behaviour;
  behaviour.reopen = [] { return absl::OkStatus(); };  // TestConsumer checks for overlap
  auto pipeline = Make({SourceSpec("source", CountingSource::kForever, 1),
                        ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  std::thread requester([&] {
    while (!end) pipeline->RequestReopen();
  });
  while (pipeline->Report()[1].balance.emitted < 10'000) std::this_thread::yield();
  end = true;
  requester.join();
  EXPECT_TRUE(DrainWithin(pipeline.get(), kLong, [] { FAIL(); }).ok());
  ExpectBalanced(*pipeline);
}

TEST(PipelineReopenTest, AStageThatCannotReopenEndsThePipeline) {
  Behaviour behaviour;
  behaviour.reopen = [] { return absl::NotFoundError("the folder has gone"); };
  auto pipeline = Make({SilentSourceSpec(), ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  pipeline->RequestReopen();
  pipeline->WaitUntilEnding();
  EXPECT_EQ(DrainWithin(pipeline.get(), kLong, [] { FAIL(); }),
            absl::NotFoundError("sink 'out': the folder has gone"));
}

TEST(PipelineReopenTest, APausableTransformTicksAndReopensWithoutItsQueue) {
  FileSource* file = nullptr;
  absl::Notification ticked;
  absl::Notification reopened;
  std::atomic<int> ticks{0};
  Behaviour behaviour = WithTicks(1'000'000, [&] {
    if (++ticks == 3) ticked.Notify();
    return absl::OkStatus();
  });
  behaviour.reopen = [&] {
    reopened.Notify();
    return absl::OkStatus();
  };
  auto pipeline = Make({FileSourceSpec("file", CountingSource::kForever, 1, &file),
                        ConsumerSpec(StageKind::kTransform, "ticking", {0}, behaviour),
                        ConsumerSpec(StageKind::kSink, "sink", {1})});
  ASSERT_TRUE(pipeline->Start().ok());
  ticked.WaitForNotification();
  pipeline->RequestReopen();
  reopened.WaitForNotification();
  EXPECT_TRUE(DrainWithin(pipeline.get(), kLong, [] { FAIL(); }).ok());
  ExpectBalanced(*pipeline);
}

// Its addition to the time would overflow, and every tick would be due.
TEST(PipelineTickTest, TheLongestIntervalMeansNoTicks) {
  std::atomic<int> ticks{0};
  std::atomic<int> batches{0};
  Behaviour behaviour = WithTicks(UINT64_MAX, [&] { return ++ticks, absl::OkStatus(); });
  behaviour.process = [&](const BatchRef&) { return ++batches, absl::OkStatus(); };
  auto pipeline = Make({SourceSpec("source", CountingSource::kForever, 1),
                        ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  while (batches < 100) std::this_thread::yield();
  EXPECT_TRUE(DrainWithin(pipeline.get(), kLong, [] { FAIL(); }).ok());
  EXPECT_EQ(ticks, 0);
}

}  // namespace
}  // namespace weir::pipeline
