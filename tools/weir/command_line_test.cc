// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gflags/gflags.h"
#include "tools/weir/command_line.h"

// The commands define these flags, and are not linked with this test.
DEFINE_string(plugin_path, "", "folders");
DEFINE_string(log_level, "info", "level");
DEFINE_string(drain_timeout, "10s",
              "a time that needs many words, so many that its description does not fit into one "
              "line of the help");
DEFINE_string(config, "", "file");
DEFINE_bool(verbose, false, "shows more");

namespace weir {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<Command>& Commands() {
  static const auto* const commands = new std::vector<Command>{
      {"run", "[FILE]", "Runs.", "Long text.\n", {"config"}, nullptr},
      {"plugins", "", "Lists.", "", {}, nullptr},
      {"describe", "[KIND] TYPE", "Describes.", "", {"verbose"}, nullptr},
      {"fields", "[FIELD]", "Lists.", "", {}, nullptr},
      {"validate", "FILE|--config=FILE", "Checks.", "", {"config"}, nullptr},
  };
  return *commands;
}

std::string ErrorOf(const std::vector<std::string>& words) {
  return std::string(ParseCommandLine(words, Commands()).status().message());
}

TEST(CommandLineTest, FlagsMayBeOnEitherSideInEitherForm) {
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
  EXPECT_EQ(ErrorOf({"rn"}), "there is no command 'rn'; did you mean 'run'?");
  EXPECT_EQ(ErrorOf({"a.textproto"}),
            "there is no command 'a.textproto'; did you mean `weir run a.textproto`?");
  EXPECT_EQ(ErrorOf({"describe", "--config=x", "t"}), "'describe' has no flag --config");
  // A flag of a library inside weir.
  EXPECT_EQ(ErrorOf({"run", "--flagfile=/etc/passwd"}), "'run' has no flag --flagfile");
  EXPECT_EQ(ErrorOf({"--colour=no"}), "without a command, weir has no flag --colour");
  EXPECT_EQ(ErrorOf({"--log-level=debug"}),
            "without a command, weir has no flag --log-level; did you mean --log_level?");
  EXPECT_EQ(ErrorOf({"run", "--confg=x"}), "'run' has no flag --confg; did you mean --config?");
  EXPECT_EQ(ErrorOf({"run", "--config"}), "--config needs a value");
}

TEST(CommandLineTest, SuggestsAFlagForAMisspeltSwitch) {
  EXPECT_EQ(ErrorOf({"describe", "stdout", "--verbos"}),
            "'describe' has no flag --verbos; did you mean --verbose?");
  EXPECT_EQ(ErrorOf({"describe", "stdout", "--hlep"}),
            "'describe' has no flag --hlep; did you mean --help?");
  EXPECT_EQ(ErrorOf({"--versoin"}),
            "without a command, weir has no flag --versoin; did you mean --version?");
}

TEST(CommandLineTest, NamesAFlagAsItWasTyped) {
  EXPECT_EQ(ErrorOf({"-v"}), "without a command, weir has no flag -v; did you mean --version?");
  EXPECT_EQ(ErrorOf({"describe", "-v", "x"}), "'describe' has no flag -v; did you mean --verbose?");
  EXPECT_EQ(ErrorOf({"run", "-c", "x"}), "'run' has no flag -c; did you mean --config?");
  EXPECT_EQ(ErrorOf({"run", "-c=x"}), "'run' has no flag -c; did you mean --config?");
  EXPECT_EQ(ErrorOf({"run", "-z"}), "'run' has no flag -z");
}

TEST(CommandLineTest, KnowsOtherNamesOfCommandsAndFlags) {
  EXPECT_EQ(ErrorOf({"check"}), "there is no command 'check'; did you mean 'validate'?");
  EXPECT_EQ(ErrorOf({"list"}), "there is no command 'list'; did you mean 'plugins'?");
  // This table has no `fmt`.
  EXPECT_EQ(ErrorOf({"format"}), "there is no command 'format'");
  EXPECT_EQ(ErrorOf({"run", "--plugin_dir=x"}),
            "'run' has no flag --plugin_dir; did you mean --plugin_path?");
  EXPECT_EQ(ErrorOf({"run", "--plugin-dir", "x"}),
            "'run' has no flag --plugin-dir; did you mean --plugin_path?");
}

TEST(CommandLineTest, ADurationIsCheckedForEveryCommand) {
  for (const std::string value : {"5", "soon", "-1s", "0s", ""}) {
    const std::string wanted = "--drain_timeout: '" + value + "' is not a duration, such as 10s";
    EXPECT_EQ(ErrorOf({"run", "--drain_timeout=" + value}), wanted);
    EXPECT_EQ(ErrorOf({"plugins", "--drain_timeout=" + value}), wanted);
  }
  EXPECT_EQ(ErrorOf({"plugins", "--drain_timeout=500ms"}), "");
}

TEST(CommandLineTest, AnEmptyNameOfAFileIsAnError) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"run", "--config="}, {"run", "--config", ""}, {"--config=", "run", "a"}}) {
    EXPECT_EQ(ErrorOf(words), "--config needs the name of a file; its value is empty");
  }
  EXPECT_EQ(ErrorOf({"run", ""}), "'run' needs the name of a file; its argument is empty");
  EXPECT_EQ(ErrorOf({"run", "--", ""}), "'run' needs the name of a file; its argument is empty");
  EXPECT_EQ(ErrorOf({"run", "--plugin_path="}), "");
}

TEST(CommandLineTest, HelpIsACommandToo) {
  auto invocation = ParseCommandLine({"help"}, Commands());
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_TRUE(invocation->help);
  EXPECT_EQ(invocation->command, nullptr);
  invocation = ParseCommandLine({"help", "describe"}, Commands());
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_TRUE(invocation->help);
  EXPECT_STREQ(invocation->command->name, "describe");
  EXPECT_EQ(ErrorOf({"help", "rn"}), "there is no command 'rn'; did you mean 'run'?");
  EXPECT_EQ(ErrorOf({"hepl"}), "there is no command 'hepl'; did you mean 'help'?");
  // Behind a command it is an argument.
  invocation = ParseCommandLine({"describe", "help"}, Commands());
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_FALSE(invocation->help);
  EXPECT_THAT(invocation->arguments, ElementsAre("help"));
}

TEST(CommandLineTest, AFileStandsForConfig) {
  FLAGS_config.clear();
  const auto invocation = ParseCommandLine({"run", "a.textproto"}, Commands());
  ASSERT_TRUE(invocation.ok()) << invocation.status();
  EXPECT_EQ(FLAGS_config, "a.textproto");
  EXPECT_THAT(invocation->arguments, IsEmpty());
  ASSERT_TRUE(ParseCommandLine({"run", "--", "--odd-name"}, Commands()).ok());
  EXPECT_EQ(FLAGS_config, "--odd-name");
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"run", "a", "--config=b"}, {"run", "--config", "a", "a"}, {"--config=b", "run", "a"}}) {
    EXPECT_EQ(ErrorOf(words), "'run' takes 'a' or --config=FILE, not both");
  }
}

TEST(CommandLineTest, CountsArguments) {
  EXPECT_EQ(ErrorOf({"run", "a", "b"}), "'run' takes one FILE; 2 are given");
  EXPECT_EQ(ErrorOf({"plugins", "a"}), "'plugins' takes no arguments; 1 is given");
  EXPECT_EQ(ErrorOf({"describe"}), "'describe' takes one TYPE; 0 are given");
  EXPECT_EQ(ErrorOf({"describe", "a", "b"}), "");
  EXPECT_EQ(ErrorOf({"describe", "a", "b", "c"}), "'describe' takes one TYPE; 3 are given");
  EXPECT_EQ(ErrorOf({"validate"}), "'validate' takes one FILE; 0 are given");
  EXPECT_EQ(ErrorOf({"validate", "a", "--config=b"}),
            "'validate' takes 'a' or --config=FILE, not both");
  EXPECT_EQ(ErrorOf({"validate", "--config=b"}), "");
  EXPECT_EQ(ErrorOf({"validate", "a"}), "");
  EXPECT_EQ(ErrorOf({"describe", "--help"}), "");
  EXPECT_EQ(ErrorOf({"fields"}), "");
  EXPECT_EQ(ErrorOf({"fields", "a"}), "");
  EXPECT_EQ(ErrorOf({"fields", "a", "b"}), "'fields' takes at most one FIELD; 2 are given");
}

TEST(CommandLineTest, HelpListsOwnAndGlobalFlags) {
  EXPECT_THAT(CommandHelp(Commands()[0]),
              AllOf(HasSubstr("Usage: weir run [FLAGS] [FILE]\n"), HasSubstr("--config"),
                    HasSubstr("        a time that needs many words, so many that its description "
                              "does not fit into one\n        line of the help\n"),
                    HasSubstr("--drain_timeout"), Not(HasSubstr("--flagfile"))));
  EXPECT_THAT(ProgramHelp(Commands()), AllOf(HasSubstr("  run "), HasSubstr("  describe ")));
}

}  // namespace
}  // namespace weir
