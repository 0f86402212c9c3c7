// SPDX-License-Identifier: Apache-2.0
// The order in which stages are made, diagnosed, prepared, started and stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/pipeline/clock.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/stage.h"
#include "core/pipeline/testing/test_stages.h"

namespace weir::pipeline {
namespace {

using ::testing::ElementsAre;

TEST(PipelineLifecycleTest, AStageThatCannotBeMadeIsNamed) {
  StageSpec bad = SourceSpec("flows", 1, 1);
  bad.factory = [](StageHost*) -> absl::StatusOr<std::unique_ptr<Stage>> {
    return absl::InvalidArgumentError("no such thing");
  };
  EXPECT_EQ(Pipeline::Create({bad}, SystemClock()).status(),
            absl::InvalidArgumentError("source 'flows': no such thing"));
}

TEST(PipelineLifecycleTest, AllStagesThatCannotBeMadeAreReportedInTheOrderOfTheFile) {
  const auto bad = [](StageSpec spec, int line) {
    spec.line = line;
    spec.locate = [line](std::string_view /*message*/) { return absl::StrCat("p:", line, ":1"); };
    spec.factory = [](StageHost*) -> absl::StatusOr<std::unique_ptr<Stage>> {
      return absl::InvalidArgumentError("no\n  ^");
    };
    return spec;
  };
  const std::vector<StageSpec> specs = {bad(SourceSpec("in", 1, 1), 7),
                                        ConsumerSpec(StageKind::kTransform, "good", {0}),
                                        bad(ConsumerSpec(StageKind::kSink, "out", {1}), 2)};
  EXPECT_EQ(Pipeline::Create(specs, SystemClock()).status(),
            absl::InvalidArgumentError("p:2:1: sink 'out': no\n  ^\n"
                                       "p:7:1: source 'in': no\n  ^"));
}

TEST(PipelineLifecycleTest, StagesAreDiagnosedInTheOrderOfTheSpecs) {
  auto pipeline = Make({SourceSpec("in", 1, 1), ConsumerSpec(StageKind::kTransform, "middle", {0}),
                        ConsumerSpec(StageKind::kSink, "out", {1})});
  std::vector<StageDiagnosis> stages;
  ASSERT_TRUE(pipeline->Diagnose(&stages).ok());
  ASSERT_EQ(stages.size(), 3u);
  EXPECT_EQ(stages[0].name, "in");
  EXPECT_TRUE(stages[0].findings.empty());
  ASSERT_EQ(stages[2].findings.size(), 1u);
  EXPECT_EQ(stages[2].kind, StageKind::kSink);
  EXPECT_EQ(stages[2].findings[0].subject, "out");
}

TEST(PipelineLifecycleTest, AllStagesAreDiagnosedAfterAnError) {
  Behaviour behaviour;
  behaviour.prepare = [] { return absl::InvalidArgumentError("not like this"); };
  auto pipeline =
      Make({SourceSpec("in", 1, 1), ConsumerSpec(StageKind::kSink, "bad", {0}, behaviour),
            ConsumerSpec(StageKind::kSink, "out", {0})});
  std::vector<StageDiagnosis> stages;
  EXPECT_EQ(pipeline->Diagnose(&stages), absl::InvalidArgumentError("sink 'bad': not like this"));
  ASSERT_EQ(stages.size(), 3u);
  EXPECT_EQ(stages[2].findings.size(), 1u);
}

TEST(PipelineLifecycleTest, MistakesInTheConfigurationThatShowLateHaveALocation) {
  Behaviour behaviour;
  behaviour.prepare = [] { return absl::InvalidArgumentError("not like this"); };
  const auto make = [&behaviour] {
    StageSpec sink = ConsumerSpec(StageKind::kSink, "out", {0}, behaviour);
    sink.locate = [](std::string_view message) { return absl::StrCat("p:3:", message.size()); };
    return Make({SourceSpec("in", 1, 1), sink});
  };
  const absl::Status expected = absl::InvalidArgumentError("p:3:13: sink 'out': not like this");
  std::vector<StageDiagnosis> stages;
  EXPECT_EQ(make()->Diagnose(&stages), expected);
  EXPECT_EQ(make()->Prepare(), expected);
  EXPECT_EQ(make()->Start(), expected);
  // What the machine lacks is at no location.
  behaviour.prepare = [] { return absl::NotFoundError("not there"); };
  EXPECT_EQ(make()->Start(), absl::NotFoundError("sink 'out': not there"));
  behaviour.prepare = [] { return absl::OkStatus(); };
  behaviour.start = [] { return absl::InvalidArgumentError("not like this"); };
  EXPECT_EQ(make()->Start(), expected);
}

TEST(PipelineLifecycleTest, EveryStageIsPreparedOnceBeforeAnyIsStarted) {
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

TEST(PipelineLifecycleTest, AStageThatCannotBePreparedIsNamedAndNoneIsStarted) {
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

TEST(PipelineLifecycleTest, StartsConsumersFirstAndStopsProducersFirst) {
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

TEST(PipelineLifecycleTest, AStageThatDoesNotStartStopsTheStartedOnes) {
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
  bad.stop = [&] { return note("stop of a stage that never started"); };
  auto pipeline =
      Make({SourceSpec("source", 1, 1), ConsumerSpec(StageKind::kTransform, "bad", {0}, bad),
            ConsumerSpec(StageKind::kSink, "good", {1}, good)});
  EXPECT_EQ(pipeline->Start(), absl::PermissionDeniedError("transform 'bad': no way in"));
  EXPECT_THAT(journal.lines(), ElementsAre("start", "stop"));
}

}  // namespace
}  // namespace weir::pipeline
