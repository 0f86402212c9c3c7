// SPDX-License-Identifier: Apache-2.0
// Stages that fail, run out of memory or do not return: what the others still get, and how
// the lost records are counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/testing/test_stages.h"
#include "core/pipeline/watchdog.h"

namespace weir::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(PipelineFailureTest, AFailedSinkEndsThePipelineAndItsSiblingGetsEverything) {
  auto pipeline = Make({SourceSpec("source", CountingSource::kForever, 5),
                        ConsumerSpec(StageKind::kSink, "bad", {0}, WithProcess([](const BatchRef&) {
                                       return absl::UnavailableError("the disk has gone");
                                     })),
                        ConsumerSpec(StageKind::kSink, "good", {0})});
  const absl::Status status = RunToTheEnd(pipeline.get());
  EXPECT_EQ(status, absl::UnavailableError("sink 'bad': the disk has gone"));
  EXPECT_EQ(pipeline->EndReason(), "sink 'bad': the disk has gone");
  const std::vector<StageReport> reports = pipeline->Report();
  EXPECT_EQ(reports[1].balance.dropped.at("stage_failed"), reports[0].balance.emitted);
  EXPECT_EQ(reports[2].balance.emitted, reports[0].balance.emitted);
  ExpectBalanced(*pipeline);
}

// The exception does not reach the producer, and the failed stage is not called again: its
// input has been released.
TEST(PipelineFailureTest, AStageWithoutMemoryFailsAlone) {
  int flushes = 0;
  Behaviour behaviour =
      WithProcess([](const BatchRef&) -> absl::Status { throw std::bad_alloc(); });
  behaviour.flush = [&flushes] {
    ++flushes;
    return absl::OkStatus();
  };
  for (const bool pausable : {false, true}) {
    FileSource* made = nullptr;
    auto pipeline =
        Make({pausable ? FileSourceSpec("source", 3, 5, &made) : SourceSpec("source", 3, 5),
              ConsumerSpec(StageKind::kTransform, "bad", {0}, behaviour),
              ConsumerSpec(StageKind::kSink, "sink", {1})});
    EXPECT_EQ(RunToTheEnd(pipeline.get()),
              absl::ResourceExhaustedError("transform 'bad': out of memory"));
    const std::vector<StageReport> reports = pipeline->Report();
    EXPECT_EQ(reports[1].balance.dropped.at("stage_failed"), reports[0].balance.emitted);
    ExpectBalanced(*pipeline);
  }
  EXPECT_EQ(flushes, 0);
}

TEST(PipelineFailureTest, RecordsThatDoNotDrainInTimeAreDroppedAndCounted) {
  absl::Notification release;
  auto pipeline =
      Make({SourceSpec("source", 100, 1),
            ConsumerSpec(StageKind::kSink, "stuck", {0}, WithProcess([&](const BatchRef&) {
                           release.WaitForNotification();
                           return absl::OkStatus();
                         }))});
  ASSERT_TRUE(pipeline->Start().ok());
  // The sink has one batch, its queue three or four, and the source waits with the next.
  while (pipeline->Report()[0].balance.emitted < 5) std::this_thread::yield();
  pipeline->RequestStop("now");
  pipeline->WaitUntilEnding();
  // A program ends itself in this function, so this is its last report.
  std::vector<StageReport> reports;
  const absl::Status status = DrainWithin(pipeline.get(), absl::Milliseconds(10), [&] {
    reports = pipeline->Report();
    release.Notify();
  });
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("did not drain"), HasSubstr("10ms")));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].balance.Unaccounted(), 0);
  EXPECT_EQ(reports[1].balance.emitted, 0u);
  EXPECT_EQ(reports[1].balance.dropped.at("drain_timeout"), reports[0].balance.emitted);
}

TEST(PipelineFailureTest, AWaitingConsumerIsInterruptedWhenThePipelineGivesUp) {
  absl::Notification interrupted;
  Behaviour behaviour = WithProcess([&](const BatchRef&) {
    interrupted.WaitForNotification();
    return absl::CancelledError("was waiting for a peer");
  });
  behaviour.interrupt = [&] { interrupted.Notify(); };
  auto pipeline = Make({SourceSpec("source", CountingSource::kForever, 1),
                        ConsumerSpec(StageKind::kSink, "waiting", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  while (pipeline->Report()[0].balance.emitted < 5) std::this_thread::yield();
  pipeline->RequestStop("now");
  pipeline->WaitUntilEnding();
  EXPECT_FALSE(DrainWithin(pipeline.get(), absl::Milliseconds(10), [] {
                 FAIL() << "a stage is stuck";
               }).ok());
  const std::vector<StageReport> reports = pipeline->Report();
  EXPECT_EQ(reports[1].balance.dropped.at("drain_timeout"), reports[0].balance.emitted);
  ExpectBalanced(*pipeline);
}

// What the give-up counts as dropped must not count as lost in the failure too, or the reverse.
TEST(PipelineFailureTest, AnAbortThatMeetsAFailureCountsEachRecordOnce) {
  constexpr size_t kQueue = 65536;
  for (int run = 0; run < 10; ++run) {
    absl::Notification fails;
    auto pipeline =
        Make({SourceSpec("source", CountingSource::kForever, 1),
              ConsumerSpec(StageKind::kSink, "bad", {0}, WithProcess([&](const BatchRef&) {
                             fails.WaitForNotification();
                             return absl::UnavailableError("the disk has gone");
                           }),
                           kQueue)});
    ASSERT_TRUE(pipeline->Start().ok());
    while (pipeline->Report()[0].balance.emitted <= kQueue) std::this_thread::yield();
    pipeline->RequestStop("now");
    std::thread failure([&] {
      while (pipeline->Report()[1].balance.dropped.empty()) std::this_thread::yield();
      fails.Notify();  // while the other batches of the queue are dropped
    });
    EXPECT_FALSE(DrainWithin(pipeline.get(), absl::Milliseconds(10), [] { FAIL(); }).ok());
    failure.join();
    const std::vector<StageReport> reports = pipeline->Report();
    EXPECT_EQ(reports[1].balance.received, reports[0].balance.emitted);
    ExpectBalanced(*pipeline);
  }
}

// A source that has read records which it cannot emit when the pipeline gives up.
class ReadingAheadSource : public CountingSource {
 public:
  explicit ReadingAheadSource(StageHost* host) : CountingSource(host, kForever, 1), host_(host) {}
  absl::Status Run() override {
    host_->counters().AddReceived(256);
    return CountingSource::Run();
  }
  void Interrupt() override {}  // it waits in Emit

 private:
  StageHost* const host_;
};

TEST(PipelineFailureTest, WhatASourceHasReadCountsAsDroppedWhenThePipelineGivesUp) {
  absl::Notification release;
  Behaviour behaviour = WithProcess([&](const BatchRef&) {
    release.WaitForNotification();
    return absl::CancelledError("was waiting for a reader");
  });
  behaviour.interrupt = [&] { release.Notify(); };
  StageSpec source = SourceSpec("source", 0, 0);
  source.factory = [](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
    return std::make_unique<ReadingAheadSource>(host);
  };
  auto pipeline = Make({source, ConsumerSpec(StageKind::kSink, "blocked", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  while (pipeline->Report()[0].balance.emitted < 5) std::this_thread::yield();
  pipeline->RequestStop("now");
  EXPECT_FALSE(DrainWithin(pipeline.get(), absl::Milliseconds(10), [] { FAIL(); }).ok());
  EXPECT_EQ(pipeline->Report()[0].balance.dropped.at("drain_timeout"), 256u);
  ExpectBalanced(*pipeline);
}

}  // namespace
}  // namespace weir::pipeline
