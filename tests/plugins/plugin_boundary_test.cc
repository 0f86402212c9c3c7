// SPDX-License-Identifier: Apache-2.0
// The plugin interface from both sides, with real shared objects, sound and defective.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "core/config/loader.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/watchdog.h"
#include "core/plugin/catalogue.h"
#include "tests/plugins/twin.pb.h"

namespace weir::plugin {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string PluginFile(const std::string& name) {
  return std::string(std::getenv("TEST_SRCDIR")) + "/weir/tests/plugins/" + name + ".so";
}

std::string WhyRefused(const std::string& name) {
  Catalogue catalogue;
  const absl::Status status = catalogue.AddFile(PluginFile(name));
  EXPECT_EQ(catalogue.libraries().size(), 0u);
  EXPECT_TRUE(catalogue.schemas().All().empty());
  EXPECT_THAT(std::string(status.message()), HasSubstr(PluginFile(name)));
  return std::string(status.message());
}

TEST(RefusedPluginTest, EachIsRefusedWithItsReason) {
  EXPECT_THAT(WhyRefused("wrong_major"),
              AllOf(StartsWith("plugin '"), HasSubstr("version 2.4"), HasSubstr("has 1.4")));
  EXPECT_THAT(WhyRefused("newer_minor"), AllOf(HasSubstr("version 1.5"), HasSubstr("has 1.4")));
  EXPECT_THAT(WhyRefused("newer_record"),
              EndsWith("was built for version 3 of the flow record; this weir has 2"));
  EXPECT_THAT(WhyRefused("too_short"), EndsWith("too short to hold its version"));
  EXPECT_THAT(WhyRefused("null_plugin"), HasSubstr("weir_plugin_main returned NULL"));
  EXPECT_THAT(
      WhyRefused("main_throws"),
      EndsWith("weir_plugin_main: the plugin threw an exception: weir_plugin_main has thrown"));
  EXPECT_THAT(WhyRefused("no_symbol"), EndsWith("it does not export weir_plugin_main"));
  EXPECT_THAT(WhyRefused("no_process"), EndsWith("is a transform or sink without process"));
  EXPECT_THAT(WhyRefused("short_component"), HasSubstr("has a table of 8 bytes"));
  EXPECT_THAT(WhyRefused("bad_type"), EndsWith("component 0: its type is not in snake_case"));
  EXPECT_THAT(WhyRefused("broken_descriptors"), HasSubstr("defect"));
  EXPECT_THAT(WhyRefused("not_there"), EndsWith("cannot be read: No such file or directory"));
}

TEST(RefusedPluginTest, DescriptorsAreParsedOnFirstUseIfAskedFor) {
  Catalogue catalogue(DescriptorCheck::kWhenUsed);
  ASSERT_TRUE(catalogue.AddFile(PluginFile("broken_descriptors")).ok());
  ASSERT_TRUE(catalogue.AddFile(PluginFile("steady")).ok());
  const std::string source = "source { name: \"in\" type: \"steady\" }\n";
  const std::string sink = "sink { name: \"out\" type: \"defect\" input: \"in\" }\n";
  const absl::Status status = config::LoadText(source + sink, "test.textproto", catalogue.schemas(),
                                               config::ProcessEnvironment())
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  // The same message as from a catalogue that parses them at once.
  EXPECT_EQ(std::string(status.message()),
            "test.textproto:2:20: sink 'out': " + WhyRefused("broken_descriptors"));
}

TEST(RefusedPluginTest, ATypeThatAlreadyExistsIsRefused) {
  Catalogue catalogue;
  ASSERT_TRUE(catalogue.AddFile(PluginFile("none")).ok());
  EXPECT_THAT(std::string(catalogue.AddFile(PluginFile("process_fails")).message()),
              AllOf(HasSubstr("component 'defect' already exists"), HasSubstr("none.so")));
  EXPECT_EQ(catalogue.libraries().size(), 1u);
}

// A pipeline from the source "steady" to a sink of that plugin file and type.
struct Loaded {
  explicit Loaded(const std::string& file, const std::string& type = "defect") {
    EXPECT_TRUE(catalogue.AddFile(PluginFile("steady")).ok());
    EXPECT_TRUE(catalogue.AddFile(PluginFile(file)).ok());
    config = config::LoadText(
        "source { name: \"in\" type: \"steady\" }\n"
        "sink { name: \"out\" type: \"" +
            type + "\" input: \"in\" }\n",
        "test.textproto", catalogue.schemas(), config::ProcessEnvironment());
    EXPECT_TRUE(config.ok()) << config.status();
  }

  Catalogue catalogue;
  absl::StatusOr<config::PipelineConfig> config;
};

// The result of a run in which the stages had to reopen before their first batch.
struct Outcome {
  absl::Status status;
  std::vector<pipeline::StageReport> report;
};

Outcome RunWith(const std::string& defect) {
  const Loaded loaded(defect);
  const auto& [catalogue, config] = loaded;
  telemetry::MetricRegistry metrics;
  Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto pipeline = catalogue.MakePipeline(*config, "test.textproto", &runtime);
  if (!pipeline.ok()) return {pipeline.status(), {}};
  (*pipeline)->RequestReopen();
  if (absl::Status status = (*pipeline)->Start(); !status.ok()) return {status, {}};
  (*pipeline)->WaitUntilEnding();
  const absl::Status status = pipeline::DrainWithin(pipeline->get(), absl::Seconds(60),
                                                    [] { FAIL() << "a stage is stuck"; });
  return {status, (*pipeline)->Report()};
}

TEST(DefectivePluginTest, TheSoundPluginDeliversEverything) {
  const Outcome outcome = RunWith("none");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  ASSERT_EQ(outcome.report.size(), 2u);
  EXPECT_EQ(outcome.report[1].balance.emitted, 1000u);
  EXPECT_EQ(outcome.report[1].balance.Unaccounted(), 0);
  EXPECT_EQ(pipeline::LiveBatches(), 0);
}

TEST(DefectivePluginTest, ACreateThatFailsOrThrowsNamesStagePlaceAndReason) {
  EXPECT_EQ(RunWith("create_fails").status,
            absl::InvalidArgumentError(
                "test.textproto:2:1: sink 'out': create does not like its configuration"));
  EXPECT_EQ(RunWith("create_throws").status,
            absl::InternalError("test.textproto:2:1: sink 'out': create has thrown"));
  EXPECT_EQ(RunWith("raw_throw").status,
            absl::InternalError(
                "test.textproto:2:1: sink 'out': the plugin threw an exception: past the SDK"));
}

TEST(DefectivePluginTest, ATickIntervalThatThrowsIsTheErrorOfItsStage) {
  EXPECT_EQ(RunWith("raw_tick_interval").status,
            absl::InternalError(
                "test.textproto:2:1: sink 'out': the plugin threw an exception: past the SDK"));
  EXPECT_EQ(RunWith("tick_interval_throws").status,
            absl::InternalError("test.textproto:2:1: sink 'out': has no interval"));
}

// These two cannot fail: the log has the exception.
TEST(DefectivePluginTest, ADestroyOrInterruptThatThrowsEndsNothing) {
  const Outcome destroyed = RunWith("raw_destroy");
  EXPECT_TRUE(destroyed.status.ok()) << destroyed.status;
  const Loaded loaded("raw_interrupt");
  telemetry::MetricRegistry metrics;
  Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto pipeline = loaded.catalogue.MakePipeline(*loaded.config, "test.textproto", &runtime);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  ASSERT_TRUE((*pipeline)->Start().ok());
  testing::internal::CaptureStderr();
  (*pipeline)->GiveUp(absl::Seconds(1));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("sink 'out': interrupt: the plugin threw an exception: past the SDK"));
  EXPECT_FALSE((*pipeline)->Drain().ok());
}

TEST(DefectivePluginTest, AStartThatFailsIsTheErrorOfItsStage) {
  EXPECT_EQ(RunWith("start_fails").status,
            absl::PermissionDeniedError("sink 'out': start needs a privilege that does not exist"));
  EXPECT_EQ(pipeline::LiveBatches(), 0);
}

TEST(DefectivePluginTest, APreparationThatFailsIsTheErrorOfItsStage) {
  EXPECT_EQ(RunWith("prepare_fails").status,
            absl::UnimplementedError("sink 'out': prepare needs a kernel that does not exist"));
}

// A plugin from before the interface had prepare, diagnose and reopen.
TEST(OldPluginTest, StillWorks) {
  const Outcome outcome = RunWith("old_minor");
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  ASSERT_EQ(outcome.report.size(), 2u);
  EXPECT_EQ(outcome.report[1].balance.emitted, 1000u);
}

absl::Status Diagnose(const Loaded& loaded, std::vector<pipeline::StageDiagnosis>* stages) {
  telemetry::MetricRegistry metrics;
  Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto pipeline = loaded.catalogue.MakePipeline(*loaded.config, "test.textproto", &runtime);
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  return (*pipeline)->Diagnose(stages);
}

// Returns "SEVERITY SUBJECT: TEXT" for each finding of the sink.
std::vector<std::string> FindingsOf(const Loaded& loaded) {
  std::vector<pipeline::StageDiagnosis> stages;
  const absl::Status status = Diagnose(loaded, &stages);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(stages.size(), 2u);
  EXPECT_TRUE(stages.front().findings.empty());
  EXPECT_EQ(stages.back().name, "out");
  constexpr const char* kSeverities[] = {"ok", "degraded", "missing"};
  std::vector<std::string> lines;
  for (const pipeline::Finding& finding : stages.back().findings) {
    lines.push_back(std::string(kSeverities[static_cast<int>(finding.severity)]) + " " +
                    finding.subject + ": " + finding.text);
  }
  return lines;
}

TEST(DiagnoseTest, EachSeverityArrivesWithSubjectAndText) {
  setenv("WEIR_OPINIONS", "ok,degraded,missing,ok", 1);
  EXPECT_THAT(FindingsOf(Loaded("opinions", "opinions")),
              ElementsAre("ok thing 1: it is ok", "degraded thing 2: it is degraded",
                          "missing thing 3: it is missing", "ok thing 4: it is ok"));
}

TEST(DiagnoseTest, APluginMayHaveNoFindings) {
  EXPECT_THAT(FindingsOf(Loaded("none")), IsEmpty());
  EXPECT_THAT(FindingsOf(Loaded("old_minor")), IsEmpty());
}

TEST(DiagnoseTest, AFailureOrAnExceptionIsAnErrorOfTheStage) {
  std::vector<pipeline::StageDiagnosis> stages;
  setenv("WEIR_OPINIONS", "ok,fail", 1);
  EXPECT_EQ(Diagnose(Loaded("opinions", "opinions"), &stages),
            absl::InvalidArgumentError("test.textproto:2:1: sink 'out': has no opinion"));
  setenv("WEIR_OPINIONS", "throw", 1);
  EXPECT_EQ(Diagnose(Loaded("opinions", "opinions"), &stages),
            absl::InternalError("sink 'out': thrown"));
  EXPECT_EQ(Diagnose(Loaded("raw_diagnose"), &stages),
            absl::InternalError("sink 'out': the plugin threw an exception: past the SDK"));
}

TEST(CapabilitiesTest, OnesOnlyForPreparationAreGivenUpIfAllStagesDeclareTheirs) {
  const auto given_up = [](const Loaded& loaded) {
    return loaded.catalogue.CapabilitiesToGiveUp(*loaded.config);
  };
  EXPECT_EQ(given_up(Loaded("opinions", "opinions")), uint64_t{1} << 40);
  EXPECT_EQ(given_up(Loaded("none")), 0u);
  EXPECT_EQ(given_up(Loaded("old_minor")), 0u);
}

TEST(DefectivePluginTest, AFailureWhileRunningDropsAndCounts) {
  const std::pair<const char*, const char*> defects[] = {
      {"process_fails", "sink 'out': process has failed"},
      {"process_throws", "sink 'out': threw something that is not a std::exception"},
      {"reopen_fails", "sink 'out': reopen does not find what it had"},
      {"reopen_throws", "sink 'out': reopen has thrown"}};
  for (const auto& [defect, message] : defects) {
    const Outcome outcome = RunWith(defect);
    EXPECT_EQ(outcome.status.message(), message);
    ASSERT_EQ(outcome.report.size(), 2u);
    const telemetry::Balance& sink = outcome.report[1].balance;
    EXPECT_EQ(sink.received, outcome.report[0].balance.emitted);
    // If the source was interrupted before its first batch, nothing is dropped.
    EXPECT_EQ(sink.DroppedTotal(), sink.received);
    EXPECT_EQ(sink.Unaccounted(), 0);
    EXPECT_EQ(pipeline::LiveBatches(), 0);
  }
}

TEST(DefectivePluginTest, RecordsThatASinkForgetsToCountAreUnaccounted) {
  EXPECT_EQ(RunWith("forgets_to_count").report[1].balance.Unaccounted(), 1000);
}

// Two shared objects and this program all have the same generated protobuf message. If they
// shared one protobuf library, the second dlopen would abort.
TEST(TwinPluginTest, TwoPluginsWithTheSameGeneratedProtobufWorkTogether) {
  weir::tests::Twin own;
  own.set_word("own");
  Catalogue catalogue;
  ASSERT_TRUE(catalogue.AddFile(PluginFile("twin_a")).ok());
  ASSERT_TRUE(catalogue.AddFile(PluginFile("twin_b")).ok());
  ASSERT_TRUE(catalogue.AddFile(PluginFile("steady")).ok());
  for (const std::string type : {"twin_a", "twin_b"}) {
    const std::string text =
        "source { name: \"in\" type: \"steady\" }\n"
        "sink { name: \"out\" type: \"" +
        type +
        "\" input: \"in\"\n"
        "  config { [weir/weir.tests.Twin] { word: \"of " +
        type + "\" } } }";
    const auto config = config::LoadText(text, "twins.textproto", catalogue.schemas(),
                                         config::ProcessEnvironment());
    ASSERT_TRUE(config.ok()) << config.status();
    telemetry::MetricRegistry metrics;
    Runtime runtime{pipeline::SystemClock(), &metrics, {}};
    EXPECT_EQ(catalogue.MakePipeline(*config, "twins.textproto", &runtime).status(),
              absl::AbortedError("twins.textproto:2:1: sink 'out': " + type + " read: word: \"of " +
                                 type + "\""));
  }
  EXPECT_EQ(own.ShortDebugString(), "word: \"own\"");
}

}  // namespace
}  // namespace weir::plugin
