// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gflags/gflags.h"
#include "tools/weir/command_line.h"
#include "tools/weir/report.h"

// The program's own flags are defined beside its commands, which this test is not
// linked with.
DEFINE_string(plugin_path, "", "folders");
DEFINE_string(log_level, "info", "level");
DEFINE_string(drain_timeout, "10s", "time");
DEFINE_string(config, "", "file");
DEFINE_bool(verbose, false, "tells more");

namespace weir {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"run", "", "Runs.", "Long text.\n", {"config"}, nullptr},
      {"describe", "TYPE", "Describes.", "", {"verbose"}, nullptr},
  };
  return *commands;
}

std::string ErrorOf(const std::vector<std::string>& words) {
  return std::string(ParseCommandLine(words, Commands()).status().message());
}

TEST(CommandLineTest, FlagsStandOnEitherSideInEitherForm) {
  const auto invocation =
      ParseCommandLine({"--log_level=debug", "run", "--config", "a.textproto"}, Commands());
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_STREQ(invocation->command->name, "run");
  EXPECT_EQ(FLAGS_log_level, "debug");
  EXPECT_EQ(FLAGS_config, "a.textproto");
}

TEST(CommandLineTest, AfterTwoDashesEverythingIsAnArgument) {
  const auto invocation = ParseCommandLine({"describe", "--", "--help"}, Commands());
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_FALSE(invocation->help);
  EXPECT_THAT(invocation->arguments, ElementsAre("--help"));
}

TEST(CommandLineTest, ASwitchTakesNoWordForItsValue) {
  const auto invocation = ParseCommandLine({"describe", "--verbose", "stdout"}, Commands());
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_THAT(invocation->arguments, ElementsAre("stdout"));
  EXPECT_TRUE(FLAGS_verbose);
  ASSERT_TRUE(ParseCommandLine({"describe", "--verbose=false", "stdout"}, Commands()).ok());
  EXPECT_FALSE(FLAGS_verbose);
  EXPECT_EQ(ErrorOf({"describe", "--verbose=loud", "stdout"}), "--verbose does not take 'loud'");
}

TEST(CommandLineTest, SaysWhatIsWrong) {
  EXPECT_EQ(ErrorOf({"fly"}), "there is no command 'fly'");
  EXPECT_EQ(ErrorOf({"describe", "--config=x", "t"}), "'describe' has no flag --config");
  // A flag of a library inside of weir is no flag of weir.
  EXPECT_EQ(ErrorOf({"run", "--flagfile=/etc/passwd"}), "'run' has no flag --flagfile");
  EXPECT_EQ(ErrorOf({"--colour=no"}), "there is no flag --colour for all commands");
  EXPECT_EQ(ErrorOf({"run", "--config"}), "--config needs a value");
}

TEST(CommandLineTest, HelpListsOwnAndGlobalFlags) {
  EXPECT_THAT(CommandHelp(Commands()[0]),
              AllOf(HasSubstr("Usage: weir run [FLAGS]\n"), HasSubstr("--config"),
                    HasSubstr("--drain_timeout"), Not(HasSubstr("--flagfile"))));
  EXPECT_THAT(ProgramHelp(Commands()), AllOf(HasSubstr("  run "), HasSubstr("  describe ")));
}

TEST(ReportTest, ShowsTheBalanceAndWhatIsMissing) {
  telemetry::Balance flows;
  flows.received = flows.emitted = 12;
  telemetry::Balance console;
  console.received = 12;
  console.emitted = 7;
  console.dropped["reader_gone"] = 4;
  EXPECT_EQ(
      BalanceTable({{StageKind::kSource, "flows", flows}, {StageKind::kSink, "console", console}}),
      "records            received      emitted       merged     filtered      dropped"
      "         held\n"
      "source 'flows'           12           12            0            0            0"
      "            0\n"
      "sink 'console'           12            7            0            0            4"
      "            0\n"
      "sink 'console': 4 dropped: reader_gone\n"
      "sink 'console': the balance does not hold: 1 records are unaccounted for\n");
}

TEST(ReportTest, LeavesOutMetricsThatAreZero) {
  EXPECT_EQ(
      MetricLines({{{"weir_a_total", "flows", ""}, telemetry::MetricKind::kCounter, "", 3},
                   {{"weir_b_total", "flows", "full"}, telemetry::MetricKind::kCounter, "", 1},
                   {{"weir_c_total", "flows", ""}, telemetry::MetricKind::kCounter, "", 0}}),
      "weir_a_total{stage=\"flows\"} 3\n"
      "weir_b_total{stage=\"flows\",reason=\"full\"} 1\n");
}

}  // namespace
}  // namespace weir
