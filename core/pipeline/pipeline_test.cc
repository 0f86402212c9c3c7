// SPDX-License-Identifier: Apache-2.0
#include "core/pipeline/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <new>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"

namespace weir::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr absl::Duration kLong = absl::Seconds(60);  // far beyond what anything here takes

BatchRef BatchOf(uint32_t rows) {
  weir_batch* const batch = AllocateBatch(rows);
  batch->size = rows;
  return BatchRef::Adopt(batch);
}

// What the stages of a test write down, in the order in which it happens.
class Journal {
 public:
  void Write(std::string line) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() const {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

// Emits `batches` batches of `rows` rows (or on and on with kForever), until it is
// interrupted or Emit fails.
class CountingSource : public Source {
 public:
  static constexpr int kForever = -1;

  CountingSource(StageHost* host, int batches, uint32_t rows)
      : host_(host), batches_(batches), rows_(rows) {}
  absl::Status Start() override { return absl::OkStatus(); }
  absl::Status Stop() override { return absl::OkStatus(); }
  absl::Status Run() override {
    for (int i = 0; i != batches_ && !interrupted_; ++i) {
      host_->counters().AddReceived(rows_);
      if (absl::Status status = host_->Emit(BatchOf(rows_)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  void Interrupt() override { interrupted_ = true; }

 private:
  StageHost* const host_;
  const int batches_;
  const uint32_t rows_;
  std::atomic<bool> interrupted_{false};
};

// A consumer made of functions; what is not set does nothing. A sink counts what
// process took as delivered, a transform hands it on.
struct Behaviour {
  std::function<absl::Status()> prepare;
  std::function<absl::Status()> start;
  std::function<absl::Status(const BatchRef&)> process;
  std::function<absl::Status()> tick;
  std::function<absl::Status()> reopen;
  std::function<absl::Status()> flush;
  std::function<void()> interrupt;
  std::function<absl::Status()> stop;
  uint64_t tick_interval_ns = 0;
};

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

class TestConsumer : public Consumer {
 public:
  TestConsumer(StageHost* host, Behaviour behaviour)
      : host_(host), behaviour_(std::move(behaviour)) {}

  absl::Status Diagnose(std::vector<Finding>* findings) override {
    findings->push_back({Finding::Severity::kDegraded, host_->name(), "as always"});
    return Call(behaviour_.prepare);
  }
  absl::Status Prepare() override { return Call(behaviour_.prepare); }
  absl::Status Start() override { return Call(behaviour_.start); }
  absl::Status Stop() override { return Call(behaviour_.stop); }
  absl::Status Flush() override { return Call(behaviour_.flush); }
  void Interrupt() override {
    if (behaviour_.interrupt) behaviour_.interrupt();
  }
  uint64_t TickIntervalNs() override { return behaviour_.tick_interval_ns; }
  absl::Status Tick(uint64_t) override { return Call(behaviour_.tick); }
  absl::Status Reopen() override {
    EXPECT_FALSE(busy_) << "two calls overlap";
    return Call(behaviour_.reopen);
  }
  absl::Status Process(const BatchRef& batch) override {
    EXPECT_FALSE(busy_.exchange(true)) << "two calls overlap";
    absl::Status status = behaviour_.process ? behaviour_.process(batch) : absl::OkStatus();
    if (status.ok() && host_->kind() == StageKind::kTransform) status = host_->Emit(batch);
    if (status.ok() && host_->kind() == StageKind::kSink) host_->counters().AddEmitted(batch->size);
    busy_ = false;
    return status;
  }

 private:
  static absl::Status Call(const std::function<absl::Status()>& function) {
    return function ? function() : absl::OkStatus();
  }

  StageHost* const host_;
  const Behaviour behaviour_;
  std::atomic<bool> busy_{false};
};

StageSpec SourceSpec(std::string name, int batches, uint32_t rows) {
  return {StageKind::kSource,
          std::move(name),
          {},
          kDefaultQueueBatches,
          [=](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
            return std::make_unique<CountingSource>(host, batches, rows);
          }};
}

// Of which nothing is lost while it is held up.
class FileSource : public CountingSource {
 public:
  using CountingSource::CountingSource;
  bool Pausable() override { return true; }
  absl::Status Run() override {
    thread_ = std::this_thread::get_id();
    return CountingSource::Run();
  }
  std::thread::id thread() const { return thread_; }

 private:
  std::atomic<std::thread::id> thread_;
};

StageSpec FileSourceSpec(std::string name, int batches, uint32_t rows, FileSource** made) {
  StageSpec spec = SourceSpec(std::move(name), batches, rows);
  spec.factory = [=](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
    auto source = std::make_unique<FileSource>(host, batches, rows);
    *made = source.get();
    return source;
  };
  return spec;
}

StageSpec ConsumerSpec(StageKind kind, std::string name, std::vector<size_t> inputs,
                       const Behaviour& behaviour = {}, size_t queue_batches = 4) {
  return {kind, std::move(name), std::move(inputs), queue_batches,
          [=](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
            return std::make_unique<TestConsumer>(host, behaviour);
          }};
}

std::unique_ptr<Pipeline> Make(const std::vector<StageSpec>& specs) {
  absl::StatusOr<std::unique_ptr<Pipeline>> pipeline = Pipeline::Create(specs, SystemClock());
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  return *std::move(pipeline);
}

absl::Status RunToTheEnd(Pipeline* pipeline, absl::Duration drain_timeout = kLong) {
  if (absl::Status status = pipeline->Start(); !status.ok()) return status;
  pipeline->WaitUntilEnding();
  return pipeline->Drain(drain_timeout, [] { FAIL() << "a stage is stuck"; });
}

void ExpectBalanced(const Pipeline& pipeline) {
  for (const StageReport& report : pipeline.Report()) {
    EXPECT_EQ(report.balance.Unaccounted(), 0) << report.name;
    EXPECT_EQ(report.balance.held, 0u) << report.name;
  }
  EXPECT_EQ(LiveBatches(), 0);
}

TEST(PipelineTest, EveryRecordReachesEverySinkThroughFanInAndFanOut) {
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
  ExpectBalanced(*pipeline);
}

TEST(PipelineTest, AFullQueueHoldsItsProducerBackAndLosesNothing) {
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
  // One batch in the sink, two in its queue, one waiting for room: then it stands.
  const auto emitted = [&] { return pipeline->Report()[0].balance.emitted; };
  while (emitted() < 4) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_EQ(emitted(), 4u);
  EXPECT_EQ(processed, 1);
  pipeline->RequestStop("the test is over");
  release.Notify();
  pipeline->WaitUntilEnding();
  EXPECT_TRUE(pipeline->Drain(kLong, [] { FAIL(); }).ok());
  EXPECT_EQ(pipeline->Report()[1].balance.emitted, emitted());
  ExpectBalanced(*pipeline);
}

// Transforms that note on which threads they process, and that want ticks.
Behaviour NotingThreads(std::vector<std::thread::id>* threads) {
  Behaviour behaviour = WithProcess([threads](const BatchRef&) {
    threads->push_back(std::this_thread::get_id());
    return absl::OkStatus();
  });
  behaviour.tick_interval_ns = 1'000'000;
  return behaviour;
}

TEST(PipelineTest, TransformsRunOnTheThreadOfASourceWhoseInputWaits) {
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

TEST(PipelineTest, BehindOneThatMustNotBeHeldUpTheyDoNot) {
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

TEST(PipelineTest, TicksAndReopeningComeAlsoWhereNoBatchGoesThroughTheQueue) {
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
  EXPECT_TRUE(pipeline->Drain(kLong, [] { FAIL(); }).ok());
  ExpectBalanced(*pipeline);
}

TEST(PipelineTest, AFailedSinkEndsThePipelineAndItsSiblingGetsEverything) {
  auto pipeline = Make({SourceSpec("source", CountingSource::kForever, 5),
                        ConsumerSpec(StageKind::kSink, "bad", {0}, WithProcess([](const BatchRef&) {
                                       return absl::UnavailableError("the disk has gone");
                                     })),
                        ConsumerSpec(StageKind::kSink, "good", {0})});
  const absl::Status status = RunToTheEnd(pipeline.get());
  EXPECT_EQ(status, absl::UnavailableError("sink 'bad': the disk has gone"));
  const std::vector<StageReport> reports = pipeline->Report();
  EXPECT_EQ(reports[1].balance.dropped.at("stage_failed"), reports[0].balance.emitted);
  EXPECT_EQ(reports[2].balance.emitted, reports[0].balance.emitted);
  ExpectBalanced(*pipeline);
}

// The exception does not reach the producer. The stage that failed is not called again: what it
// was called with is released by then.
TEST(PipelineTest, AStageWithoutMemoryFailsByItself) {
  int flushes = 0;
  Behaviour behaviour =
      WithProcess([](const BatchRef&) -> absl::Status { throw std::bad_alloc(); });
  behaviour.flush = [&flushes] {
    ++flushes;
    return absl::OkStatus();
  };
  for (const bool waits : {false, true}) {
    FileSource* made = nullptr;
    auto pipeline =
        Make({waits ? FileSourceSpec("source", 3, 5, &made) : SourceSpec("source", 3, 5),
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

// Emits three batches, whether or not it is interrupted, and waits for each.
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

// Emits copies of what it gets, by the way, as a transform that changes rows does.
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

TEST(PipelineTest, ASourceCanWaitUntilItsRecordsHaveReachedTheSinks) {
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
                           // As often as the source has waited, and once more.
                           EXPECT_EQ(++delivered, outcomes.size() + 1);
                           return absl::OkStatus();
                         }))});
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  EXPECT_EQ(delivered, 3u);
  EXPECT_THAT(outcomes, ElementsAre(absl::OkStatus(), absl::OkStatus(), absl::OkStatus()));
  ExpectBalanced(*pipeline);
}

TEST(PipelineTest, ASourceIsToldThatItsRecordsWereLostOnTheWay) {
  std::vector<absl::Status> outcomes;
  auto pipeline = Make({AwaitingSpec(&outcomes),
                        ConsumerSpec(StageKind::kSink, "bad", {0}, WithProcess([](const BatchRef&) {
                                       return absl::UnavailableError("the disk has gone");
                                     }))});
  EXPECT_FALSE(RunToTheEnd(pipeline.get()).ok());
  ASSERT_EQ(outcomes.size(), 3u);  // those that come later are dropped at the stage's door
  for (const absl::Status& status : outcomes) EXPECT_TRUE(absl::IsCancelled(status)) << status;
  ExpectBalanced(*pipeline);
}

TEST(PipelineTest, StartsConsumersFirstAndStopsProducersFirst) {
  Journal journal;
  const auto noting = [&](const std::string& name) {
    const auto note = [&journal](const std::string& line) {
      return [&journal, line] {
        journal.Write(line);
        return absl::OkStatus();
      };
    };
    Behaviour behaviour;
    behaviour.start = note("start " + name);
    behaviour.flush = note("flush " + name);
    behaviour.stop = note("stop " + name);
    return behaviour;
  };
  auto pipeline = Make({SourceSpec("source", 1, 1),
                        ConsumerSpec(StageKind::kTransform, "middle", {0}, noting("middle")),
                        ConsumerSpec(StageKind::kSink, "end", {1}, noting("end"))});
  EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  EXPECT_THAT(journal.lines(), ElementsAre("start end", "start middle", "flush middle", "flush end",
                                           "stop middle", "stop end"));
}

TEST(PipelineTest, AStageThatDoesNotStartStopsThoseThatDid) {
  Journal journal;
  const auto note = [&journal](std::string line) {
    journal.Write(std::move(line));
    return absl::OkStatus();
  };
  Behaviour good;
  good.start = [&] { return note("start"); };
  good.stop = [&] { return note("stop"); };
  Behaviour bad;
  bad.start = [] { return absl::PermissionDeniedError("no way in"); };
  bad.stop = [&] { return note("stop of what never started"); };
  auto pipeline =
      Make({SourceSpec("source", 1, 1), ConsumerSpec(StageKind::kTransform, "bad", {0}, bad),
            ConsumerSpec(StageKind::kSink, "good", {1}, good)});
  EXPECT_EQ(pipeline->Start(), absl::PermissionDeniedError("transform 'bad': no way in"));
  EXPECT_THAT(journal.lines(), ElementsAre("start", "stop"));
}

// A source that emits nothing until it is interrupted.
StageSpec SilentSpec() {
  struct Silent : CountingSource {
    explicit Silent(StageHost* host) : CountingSource(host, 0, 0) {}
    absl::Status Run() override {
      end_.WaitForNotification();
      return absl::OkStatus();
    }
    void Interrupt() override { end_.Notify(); }
    absl::Notification end_;
  };
  StageSpec spec = SourceSpec("silent", 0, 0);
  spec.factory = [](StageHost* host) -> absl::StatusOr<std::unique_ptr<Stage>> {
    return std::make_unique<Silent>(host);
  };
  return spec;
}

TEST(PipelineTest, AStageReopensOnItsOwnThreadAlsoWhenNothingComes) {
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
  auto pipeline = Make({SilentSpec(), ConsumerSpec(StageKind::kTransform, "middle", {0}, ticking),
                        ConsumerSpec(StageKind::kTransform, "threadless", {1}, behaviour),
                        ConsumerSpec(StageKind::kSink, "out", {2}, behaviour)});
  pipeline->RequestReopen();  // as a signal may come
  ASSERT_TRUE(pipeline->Start().ok());
  for (const int times : {2, 4, 6}) {
    while (reopened < times) std::this_thread::yield();
    EXPECT_NE(thread.load(), std::this_thread::get_id());
    if (times < 6) pipeline->RequestReopen();
  }
  EXPECT_TRUE(pipeline->Drain(kLong, [] { FAIL(); }).ok());
  EXPECT_EQ(reopened, 6);
}

TEST(PipelineTest, ReopeningComesBetweenTheBatches) {
  std::atomic<bool> end{false};
  Behaviour behaviour;
  behaviour.reopen = [] { return absl::OkStatus(); };  // TestConsumer sees to the rest
  auto pipeline = Make({SourceSpec("source", CountingSource::kForever, 1),
                        ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  std::thread asker([&] {
    while (!end) pipeline->RequestReopen();
  });
  while (pipeline->Report()[1].balance.emitted < 10'000) std::this_thread::yield();
  end = true;
  asker.join();
  EXPECT_TRUE(pipeline->Drain(kLong, [] { FAIL(); }).ok());
  ExpectBalanced(*pipeline);
}

TEST(PipelineTest, AStageThatCannotReopenEndsThePipeline) {
  Behaviour behaviour;
  behaviour.reopen = [] { return absl::NotFoundError("the folder has gone"); };
  auto pipeline = Make({SilentSpec(), ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  ASSERT_TRUE(pipeline->Start().ok());
  pipeline->RequestReopen();
  pipeline->WaitUntilEnding();
  EXPECT_EQ(pipeline->Drain(kLong, [] { FAIL(); }),
            absl::NotFoundError("sink 'out': the folder has gone"));
}

TEST(PipelineTest, EveryStageIsPreparedOnceBeforeOneIsStartedOrAThreadMade) {
  Journal journal;
  const auto stage = [&journal](const std::string& name) {
    Behaviour behaviour;
    behaviour.prepare = [&journal, name] {
      return journal.Write("prepare " + name), absl::OkStatus();
    };
    behaviour.start = [&journal, name] { return journal.Write("start " + name), absl::OkStatus(); };
    return behaviour;
  };
  for (const bool apart : {true, false}) {
    auto pipeline = Make({SourceSpec("in", 1, 1),
                          ConsumerSpec(StageKind::kTransform, "middle", {0}, stage("middle")),
                          ConsumerSpec(StageKind::kSink, "out", {1}, stage("out"))});
    if (apart) {
      ASSERT_TRUE(pipeline->Prepare().ok());
    }
    EXPECT_TRUE(RunToTheEnd(pipeline.get()).ok());
  }
  EXPECT_THAT(journal.lines(),
              ElementsAre("prepare middle", "prepare out", "start out", "start middle",
                          "prepare middle", "prepare out", "start out", "start middle"));
}

TEST(PipelineTest, AStageThatCannotBePreparedIsNamedAndNoneIsStarted) {
  Behaviour behaviour;
  behaviour.prepare = [] { return absl::PermissionDeniedError("not allowed"); };
  behaviour.start = [] { return ADD_FAILURE(), absl::OkStatus(); };
  for (const bool apart : {true, false}) {
    auto pipeline =
        Make({SourceSpec("in", 1, 1), ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
    EXPECT_EQ(apart ? pipeline->Prepare() : pipeline->Start(),
              absl::PermissionDeniedError("sink 'out': not allowed"));
  }
}

TEST(PipelineTest, StagesAreDiagnosedInTheirOrder) {
  auto pipeline = Make({SourceSpec("in", 1, 1), ConsumerSpec(StageKind::kTransform, "middle", {0}),
                        ConsumerSpec(StageKind::kSink, "out", {1})});
  const auto stages = pipeline->Diagnose();
  ASSERT_TRUE(stages.ok()) << stages.status();
  ASSERT_EQ(stages->size(), 3u);
  EXPECT_EQ((*stages)[0].name, "in");
  EXPECT_TRUE((*stages)[0].findings.empty());
  ASSERT_EQ((*stages)[2].findings.size(), 1u);
  EXPECT_EQ((*stages)[2].kind, StageKind::kSink);
  EXPECT_EQ((*stages)[2].findings[0].subject, "out");

  Behaviour behaviour;
  behaviour.prepare = [] { return absl::InvalidArgumentError("not like this"); };
  pipeline = Make({SourceSpec("in", 1, 1), ConsumerSpec(StageKind::kSink, "out", {0}, behaviour)});
  EXPECT_EQ(pipeline->Diagnose().status(), absl::InvalidArgumentError("sink 'out': not like this"));
}

TEST(PipelineTest, WhatIsHeldIsFlushedIntoStagesBehind) {
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

TEST(PipelineTest, TicksComeWithoutInputAndAFailedTickIsAnError) {
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

TEST(PipelineTest, WhatDoesNotDrainInTimeIsGivenUpAndCounted) {
  absl::Notification release;
  auto pipeline =
      Make({SourceSpec("source", 100, 1),
            ConsumerSpec(StageKind::kSink, "stuck", {0}, WithProcess([&](const BatchRef&) {
                           release.WaitForNotification();
                           return absl::OkStatus();
                         }))});
  ASSERT_TRUE(pipeline->Start().ok());
  // The sink has one, its queue three or four, and the source waits with the next.
  while (pipeline->Report()[0].balance.emitted < 5) std::this_thread::yield();
  pipeline->RequestStop("now");
  pipeline->WaitUntilEnding();
  // A program ends in the function that is told, so that this is its last report.
  std::vector<StageReport> reports;
  const absl::Status status = pipeline->Drain(absl::Milliseconds(10), [&] {
    reports = pipeline->Report();
    release.Notify();
  });
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("did not drain"), HasSubstr("10ms")));
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].balance.Unaccounted(), 0);
  EXPECT_EQ(reports[1].balance.emitted, 0u);
  EXPECT_EQ(reports[1].balance.dropped.at("drain_timeout"), reports[0].balance.emitted);
}

TEST(PipelineTest, AConsumerThatWaitsIsInterruptedWhenThePipelineGivesUp) {
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
  EXPECT_FALSE(pipeline->Drain(absl::Milliseconds(10), [] { FAIL() << "a stage is stuck"; }).ok());
  const std::vector<StageReport> reports = pipeline->Report();
  EXPECT_EQ(reports[1].balance.dropped.at("drain_timeout"), reports[0].balance.emitted);
  ExpectBalanced(*pipeline);
}

TEST(PipelineTest, AStageThatCannotBeMadeIsNamed) {
  StageSpec bad = SourceSpec("flows", 1, 1);
  bad.factory = [](StageHost*) -> absl::StatusOr<std::unique_ptr<Stage>> {
    return absl::InvalidArgumentError("no such thing");
  };
  EXPECT_EQ(Pipeline::Create({bad}, SystemClock()).status(),
            absl::InvalidArgumentError("source 'flows': no such thing"));
}

TEST(BatchSlabTest, CountsReferencesAndRefusesSillySizes) {
  EXPECT_EQ(AllocateBatch(0), nullptr);
  EXPECT_EQ(AllocateBatch(kMaxBatchRows + 1), nullptr);
  {
    const BatchRef one = BatchOf(3);
    BatchRef two = one;
    const BatchRef three = std::move(two);
    EXPECT_EQ(three.get(), one.get());
    EXPECT_EQ(LiveBatches(), 1);
  }
  EXPECT_EQ(LiveBatches(), 0);
}

}  // namespace
}  // namespace weir::pipeline
