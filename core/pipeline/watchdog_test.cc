// SPDX-License-Identifier: Apache-2.0
// Functions of a stage that do not return: the watchdog names them and ends the run in every
// phase.
#include "core/pipeline/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/stage.h"
#include "core/pipeline/testing/test_stages.h"

namespace weir::pipeline {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kShort = absl::Milliseconds(10);

TEST(WatchdogTest, GivesUpThenEndsTheProcess) {
  Journal journal;
  absl::Notification ended;
  Watchdog::Actions actions;
  actions.give_up = [&] { journal.Write("give up"); };
  actions.end = [&] {
    journal.Write("end");
    ended.Notify();
  };
  const auto watchdog = Watchdog::Create(kShort, actions, kShort, kLong);
  ASSERT_TRUE(watchdog.ok()) << watchdog.status();
  for (int i = 0; i < 2; ++i) (*watchdog)->BeginEnd();
  ended.WaitForNotification();
  EXPECT_THAT(journal.lines(), ElementsAre("give up", "end"));
}

TEST(WatchdogTest, AGiveUpThatHangsDoesNotKeepTheProcess) {
  absl::Notification ended;
  Watchdog::Actions actions;
  actions.give_up = [&] { ended.WaitForNotification(); };
  actions.end = [&] { ended.Notify(); };
  const auto watchdog = Watchdog::Create(kShort, actions, kShort, kLong);
  ASSERT_TRUE(watchdog.ok()) << watchdog.status();
  (*watchdog)->BeginEnd();
  ended.WaitForNotification();
}

TEST(WatchdogTest, DestroyingHasALimitOfItsOwn) {
  absl::Notification ended;
  Watchdog::Actions actions;
  actions.give_up = [] { ADD_FAILURE(); };
  actions.end = [&] { ended.Notify(); };
  const auto watchdog = Watchdog::Create(kLong, actions, kLong, kShort);
  ASSERT_TRUE(watchdog.ok()) << watchdog.status();
  (*watchdog)->BeginEnd();
  (*watchdog)->BeginDestroy();
  (*watchdog)->BeginEnd();  // too late
  ended.WaitForNotification();
}

TEST(WatchdogTest, EachThreadBeginsWithTheGivenFunction) {
  std::atomic<int> begun{0};
  Watchdog::Actions actions;
  actions.give_up = actions.end = [] { ADD_FAILURE(); };
  actions.begin_thread = [&begun] { ++begun; };
  const auto watchdog = Watchdog::Create(kLong, actions);
  ASSERT_TRUE(watchdog.ok()) << watchdog.status();
  EXPECT_EQ(begun, 2);
  (*watchdog)->BeginEnd();
}

// A run on a thread of its own, from CreateStages to DestroyStages.
class BackgroundRun {
 public:
  BackgroundRun(StageSpec source, const Behaviour& sink)
      : pipeline_({std::move(source), ConsumerSpec(StageKind::kSink, "out", {0}, sink)},
                  SystemClock()) {
    thread_ = std::thread([this] {
      EXPECT_TRUE(pipeline_.CreateStages().ok());
      EXPECT_TRUE(pipeline_.Start().ok());
      pipeline_.WaitUntilEnding();
      (void)pipeline_.Drain();
      pipeline_.DestroyStages();
    });
  }
  ~BackgroundRun() { thread_.join(); }

  // Waits until `call` runs, and lets the watchdog end the run then. Returns the calls that run
  // at its end.
  std::vector<std::string> EndAt(const std::string& call) {
    while (pipeline_.RunningCalls() != std::vector<std::string>{call}) std::this_thread::yield();
    pipeline_.RequestStop("now");
    Watchdog::Actions actions;
    actions.give_up = [this] { pipeline_.GiveUp(kShort); };
    actions.end = [this] {
      pipeline_.CountUnfinished();
      ended_.Notify();
    };
    watchdog_ = Watchdog::Create(kShort, actions, kShort);
    EXPECT_TRUE(watchdog_.ok()) << watchdog_.status();
    (*watchdog_)->BeginEnd();
    ended_.WaitForNotification();
    for (const StageReport& stage : pipeline_.Report()) {
      EXPECT_EQ(stage.balance.Unaccounted(), 0) << stage.name;
    }
    return pipeline_.RunningCalls();
  }

 private:
  Pipeline pipeline_;
  absl::Notification ended_;
  absl::StatusOr<std::unique_ptr<Watchdog>> watchdog_;
  std::thread thread_;
};

TEST(HangTest, TheFunctionOfASinkIsNamedInEveryPhase) {
  absl::Notification* release = nullptr;
  const auto hang = [&release] {
    release->WaitForNotification();
    return absl::OkStatus();
  };
  std::vector<std::pair<std::string, Behaviour>> phases(7);
  phases[0].first = "prepare";
  phases[0].second.prepare = hang;
  phases[1].first = "start";
  phases[1].second.start = hang;
  phases[2].first = "process";
  phases[2].second = WithProcess([hang](const BatchRef&) { return hang(); });
  phases[3].first = "tick";
  phases[3].second = WithTicks(1, hang);
  phases[4].first = "flush";
  phases[4].second.flush = hang;
  phases[5].first = "stop";
  phases[5].second.stop = hang;
  phases[6].first = "destroy";
  phases[6].second.destroy = [hang] { (void)hang(); };
  for (const auto& [function, behaviour] : phases) {
    absl::Notification released;
    release = &released;
    const std::string call = "sink 'out' does not return from " + function;
    BackgroundRun run(SourceSpec("in", 1, 1), behaviour);
    EXPECT_THAT(run.EndAt(call), ElementsAre(call));
    released.Notify();
  }
}

TEST(HangTest, AHangingCreateIsNamed) {
  absl::Notification released;
  StageSpec source = SourceSpec("in", 1, 1);
  source.factory = [&released, make = source.factory](StageHost* host) {
    released.WaitForNotification();
    return make(host);
  };
  BackgroundRun run(source, {});
  const std::string call = "source 'in' does not return from create";
  EXPECT_THAT(run.EndAt(call), ElementsAre(call));
  released.Notify();
}

// A source whose `run` or `interrupt` hangs until it is released.
class HangingSource : public CountingSource {
 public:
  HangingSource(StageHost* host, bool interrupt, absl::Notification* released)
      : CountingSource(host, 0, 0), interrupt_(interrupt), released_(released) {}
  absl::Status Run() override {
    if (!interrupt_) released_->WaitForNotification();
    return absl::OkStatus();
  }
  void Interrupt() override {
    if (interrupt_) released_->WaitForNotification();
  }

 private:
  const bool interrupt_;
  absl::Notification* const released_;
};

TEST(HangTest, TheFunctionOfASourceIsNamed) {
  for (const bool interrupt : {false, true}) {
    absl::Notification released;
    StageSpec source = SourceSpec("in", 0, 0);
    source.factory = [&](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
      return std::make_unique<HangingSource>(host, interrupt, &released);
    };
    BackgroundRun run(source, {});
    const std::string call =
        std::string("source 'in' does not return from ") + (interrupt ? "interrupt" : "run");
    EXPECT_THAT(run.EndAt(call), ElementsAre(call));
    released.Notify();
  }
}

// The interrupt of a sink hangs when the pipeline gives up, because its process does.
TEST(HangTest, AnInterruptThatHangsIsNamedBesideTheCallThatItShouldEnd) {
  absl::Notification released;
  Behaviour behaviour = WithProcess([&](const BatchRef&) {
    released.WaitForNotification();
    return absl::OkStatus();
  });
  behaviour.interrupt = [&] { released.WaitForNotification(); };
  BackgroundRun run(SourceSpec("in", CountingSource::kForever, 1), behaviour);
  EXPECT_THAT(run.EndAt("sink 'out' does not return from process"),
              ElementsAre("sink 'out' does not return from interrupt",
                          "sink 'out' does not return from process"));
  released.Notify();
}

TEST(InterruptTest, DoesNotReachAStageWhoseStopWasCalled) {
  Pipeline* running = nullptr;
  Behaviour behaviour;
  behaviour.stop = [&] {
    running->GiveUp(kShort);
    return absl::OkStatus();
  };
  behaviour.interrupt = [] { ADD_FAILURE() << "interrupt after stop was called"; };
  auto pipeline =
      Make({SourceSpec("in", 1, 1), ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  running = pipeline.get();
  EXPECT_TRUE(absl::IsDeadlineExceeded(RunToTheEnd(pipeline.get())));
  pipeline->GiveUp(kShort);
}

TEST(InterruptTest, StopWaitsForAnInterruptThatRuns) {
  Journal journal;
  absl::Notification interrupted;
  Behaviour behaviour;
  behaviour.interrupt = [&] {
    interrupted.Notify();
    // If stop did not wait, it would come now.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    journal.Write("interrupt returns");
  };
  behaviour.stop = [&] { return journal.Write("stop"), absl::OkStatus(); };
  auto pipeline =
      Make({SourceSpec("in", 0, 1), ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  std::thread gives_up([&] { pipeline->GiveUp(kShort); });
  interrupted.WaitForNotification();
  EXPECT_FALSE(pipeline->Drain().ok());
  gives_up.join();
  EXPECT_THAT(journal.lines(), ElementsAre("interrupt returns", "stop"));
}

TEST(EndingTest, TheEndBeginsAtARequestAFailureOrTheLastSource) {
  for (const bool request : {true, false}) {
    std::atomic<int> begun{0};
    Pipeline pipeline({SourceSpec("in", 0, 1), ConsumerSpec(StageKind::kSink, "out", {0})},
                      SystemClock(), [&begun] { ++begun; });
    if (request) pipeline.RequestStop("before there are stages");
    EXPECT_EQ(begun, request ? 1 : 0);
    ASSERT_TRUE(pipeline.CreateStages().ok());
    EXPECT_TRUE(RunToTheEnd(&pipeline).ok());
    EXPECT_EQ(begun, 1);
  }
  Behaviour behaviour;
  behaviour.start = [] { return absl::NotFoundError("not there"); };
  std::atomic<int> begun{0};
  Pipeline pipeline({SourceSpec("in", 0, 1), ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)},
                    SystemClock(), [&begun] { ++begun; });
  ASSERT_TRUE(pipeline.CreateStages().ok());
  EXPECT_TRUE(absl::IsNotFound(pipeline.Start()));
  EXPECT_EQ(begun, 1);
}

TEST(EndingTest, AfterARequestNoFurtherStageStarts) {
  Pipeline* running = nullptr;
  Journal journal;
  Behaviour sink;
  sink.start = [&] {
    running->RequestStop("while a stage starts");
    return journal.Write("start sink"), absl::OkStatus();
  };
  sink.stop = [&] { return journal.Write("stop sink"), absl::OkStatus(); };
  Behaviour transform;
  transform.start = transform.stop = [] { return ADD_FAILURE(), absl::OkStatus(); };
  auto pipeline = Make({SourceSpec("in", CountingSource::kForever, 1),
                        ConsumerSpec(StageKind::kTransform, "middle", {0}, transform),
                        ConsumerSpec(StageKind::kSink, "out", {1}, sink)});
  running = pipeline.get();
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  EXPECT_THAT(journal.lines(), ElementsAre("start sink", "stop sink"));
  EXPECT_EQ(pipeline->Report()[0].balance.emitted, 0u);
}

}  // namespace
}  // namespace weir::pipeline
