// SPDX-License-Identifier: Apache-2.0
// The plugin boundary from both sides: real shared objects, sound and defective.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "core/config/loader.h"
#include "core/pipeline/batch_slab.h"
#include "core/pipeline/pipeline.h"
#include "core/plugin/catalogue.h"
#include "tests/plugins/twin.pb.h"

namespace weir::plugin {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
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
              AllOf(StartsWith("plugin '"), HasSubstr("version 2.0"), HasSubstr("has 1.0")));
  EXPECT_THAT(WhyRefused("newer_minor"), AllOf(HasSubstr("version 1.1"), HasSubstr("has 1.0")));
  EXPECT_THAT(WhyRefused("newer_record"),
              EndsWith("was built for version 2 of the flow record, this weir has 1"));
  EXPECT_THAT(WhyRefused("too_short"), EndsWith("too short to tell its version"));
  EXPECT_THAT(WhyRefused("null_plugin"), HasSubstr("weir_plugin_main returned nothing"));
  EXPECT_THAT(WhyRefused("main_throws"), EndsWith("weir_plugin_main let an exception out"));
  EXPECT_THAT(WhyRefused("no_symbol"), EndsWith("it does not export weir_plugin_main"));
  EXPECT_THAT(WhyRefused("no_process"), EndsWith("is a transform or sink without process"));
  EXPECT_THAT(WhyRefused("short_component"), HasSubstr("has a table of 8 bytes"));
  EXPECT_THAT(WhyRefused("bad_type"), EndsWith("component 0 has no type in snake_case"));
  EXPECT_THAT(WhyRefused("broken_descriptors"), HasSubstr("defect"));
  EXPECT_THAT(WhyRefused("not_there"), HasSubstr("does not load"));
}

TEST(RefusedPluginTest, ATypeThatIsThereAlreadyIsRefused) {
  Catalogue catalogue;
  ASSERT_TRUE(catalogue.AddFile(PluginFile("none")).ok());
  EXPECT_THAT(std::string(catalogue.AddFile(PluginFile("process_fails")).message()),
              AllOf(HasSubstr("component 'defect' is there already"), HasSubstr("none.so")));
  EXPECT_EQ(catalogue.libraries().size(), 1u);
}

// Runs steady -> defect and tells how it ended.
struct Outcome {
  absl::Status status;
  std::vector<pipeline::StageReport> report;
};

Outcome RunWith(const std::string& defect) {
  Catalogue catalogue;
  EXPECT_TRUE(catalogue.AddFile(PluginFile("steady")).ok());
  EXPECT_TRUE(catalogue.AddFile(PluginFile(defect)).ok());
  const auto config = config::LoadText(
      "source { name: \"in\" type: \"steady\" }\n"
      "sink { name: \"out\" type: \"defect\" input: \"in\" }\n",
      "test.textproto", catalogue.schemas(), config::ProcessEnvironment());
  EXPECT_TRUE(config.ok()) << config.status();
  telemetry::MetricRegistry metrics;
  Runtime runtime{pipeline::SystemClock(), &metrics, {}};
  auto pipeline = pipeline::Pipeline::Create(
      catalogue.StageSpecs(*config, "test.textproto", &runtime), pipeline::SystemClock());
  if (!pipeline.ok()) return {pipeline.status(), {}};
  if (absl::Status status = (*pipeline)->Start(); !status.ok()) return {status, {}};
  (*pipeline)->WaitUntilEnding();
  const absl::Status status =
      (*pipeline)->Drain(absl::Seconds(60), [] { FAIL() << "a stage is stuck"; });
  return {status, (*pipeline)->Report()};
}

TEST(DefectivePluginTest, TheSoundOneDeliversEverything) {
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
                "sink 'out': create does not like its configuration (test.textproto:2:1)"));
  EXPECT_EQ(RunWith("create_throws").status,
            absl::InternalError("sink 'out': create has thrown (test.textproto:2:1)"));
  EXPECT_EQ(RunWith("raw_throw").status,
            absl::InternalError("sink 'out': the plugin let an exception out: past the SDK "
                                "(test.textproto:2:1)"));
}

TEST(DefectivePluginTest, AStartThatFailsIsTheErrorOfItsStage) {
  EXPECT_EQ(RunWith("start_fails").status,
            absl::PermissionDeniedError("sink 'out': start needs a privilege that nobody has"));
  EXPECT_EQ(pipeline::LiveBatches(), 0);
}

TEST(DefectivePluginTest, AFailureWhileRunningDropsAndCounts) {
  const std::pair<const char*, const char*> defects[] = {
      {"process_fails", "sink 'out': process has failed"},
      {"process_throws", "sink 'out': threw something that is not a std::exception"}};
  for (const auto& [defect, message] : defects) {
    const Outcome outcome = RunWith(defect);
    EXPECT_EQ(outcome.status.message(), message);
    ASSERT_EQ(outcome.report.size(), 2u);
    const telemetry::Balance& sink = outcome.report[1].balance;
    EXPECT_EQ(sink.received, outcome.report[0].balance.emitted);
    EXPECT_EQ(sink.dropped.at("stage_failed"), sink.received);
    EXPECT_EQ(sink.Unaccounted(), 0);
    EXPECT_EQ(pipeline::LiveBatches(), 0);
  }
}

TEST(DefectivePluginTest, WhatASinkForgetsToCountShows) {
  EXPECT_EQ(RunWith("forgets_to_count").report[1].balance.Unaccounted(), 1000);
}

// Two shared objects with the same generated protobuf, and the same again in this
// program: with one protobuf library between them the second dlopen would abort.
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
    EXPECT_EQ(pipeline::Pipeline::Create(catalogue.StageSpecs(*config, "twins.textproto", &runtime),
                                         pipeline::SystemClock())
                  .status(),
              absl::AbortedError("sink 'out': " + type + " read: word: \"of " + type +
                                 "\" (twins.textproto:2:1)"));
  }
  EXPECT_EQ(own.ShortDebugString(), "word: \"own\"");
}

}  // namespace
}  // namespace weir::plugin
