// SPDX-License-Identifier: Apache-2.0
// Each sanitizer finds its kind of bug: in a program, in a plugin that weir has loaded, and in
// the code of a dependency. The environment variable WEIR_SANITIZER, which .bazelrc sets,
// names the sanitizer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// The exit code that .bazelrc gives to sanitizers; weir never uses it.
constexpr int kExitOfSanitizers = 66;

struct Planted {
  const char* bug;
  const char* report;  // a part of the report: the kind of bug
  const char* place;   // the position of the bug, as a regular expression
};

std::string_view Sanitizer() {
  const char* const name = std::getenv("WEIR_SANITIZER");
  return name == nullptr ? "" : name;
}

std::vector<Planted> PlantedBugs() {
  if (Sanitizer() == "asan") {
    return {
        {"use_after_free", "AddressSanitizer: heap-use-after-free", "#0 .*UseAfterFree.*bugs\\.h"},
        {"stack_overflow", "AddressSanitizer: stack-buffer-overflow",
         "#0 .*StackOverflow.*bugs\\.h"},
        {"leak", "LeakSanitizer: detected memory leaks", "#1 .*Leak.*bugs\\.h"},
        {"dependency_use_after_free", "AddressSanitizer: heap-use-after-free",
         "#0 .*SimpleAtod.*absl/strings/numbers\\.cc"},
    };
  }
  if (Sanitizer() == "ubsan") {
    return {
        {"signed_overflow", "runtime error: signed integer overflow", "bugs\\.h:[0-9]+:[0-9]+:"},
        {"misaligned", "runtime error: load of misaligned address", "bugs\\.h:[0-9]+:[0-9]+:"},
        {"out_of_bounds", "runtime error: index 4 out of bounds", "bugs\\.h:[0-9]+:[0-9]+:"},
        {"dependency_misaligned", "runtime error: store to misaligned address",
         "absl/strings/numbers\\.cc:[0-9]+:[0-9]+:"},
    };
  }
  if (Sanitizer() == "tsan") {
    return {
        {"data_race", "ThreadSanitizer: data race", "#0 .*DataRace.*bugs\\.h"},
        {"dependency_data_race", "ThreadSanitizer: data race",
         "#0 .*SimpleAtod.*absl/strings/numbers\\.cc"},
    };
  }
  return {};
}

std::string Runfile(const std::string& path) {
  return std::string(std::getenv("TEST_SRCDIR")) + "/weir/" + path;
}

struct Outcome {
  int exit_code = -1;
  std::string output;
};

// Runs a shell command.
Outcome Run(const std::string& command) {
  Outcome outcome;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> block;
  while (const size_t count = std::fread(block.data(), 1, block.size(), pipe)) {
    outcome.output.append(block.data(), count);
  }
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

Outcome RunProgram(const std::string& bug) {
  return Run("'" + Runfile("tests/sanitizers/planted_program") + "' " + bug);
}

// Runs weir with a pipeline whose source is the planted plugin.
Outcome RunPlugin(const std::string& bug) {
  const std::string folder = std::string(std::getenv("TEST_TMPDIR")) + "/" + bug;
  const std::string config = folder + ".textproto";
  std::ofstream(config) << "source { name: 'in' type: 'planted' }\n"
                           "sink { name: 'out' type: 'stdout' input: 'in' }\n";
  return Run("mkdir -p '" + folder + "' && cp -L '" + Runfile("tests/sanitizers/planted.so") +
             "' '" + Runfile("sinks/stdout/weir_sink_stdout.so") + "' '" + folder +
             "' && WEIR_PLANTED_BUG=" + bug + " exec '" + Runfile("tools/weir/weir") +
             "' run --config='" + config + "' --plugin_path='" + folder + "'");
}

TEST(SanitizerTest, HasPlantedBugs) { ASSERT_FALSE(PlantedBugs().empty()); }

TEST(SanitizerTest, FindsNothingInASoundProgram) {
  const Outcome outcome = RunProgram("none");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(outcome.output, "");
}

TEST(SanitizerTest, FindsTheBugsInAProgramAndInADependency) {
  for (const Planted& planted : PlantedBugs()) {
    SCOPED_TRACE(planted.bug);
    const Outcome outcome = RunProgram(planted.bug);
    EXPECT_EQ(outcome.exit_code, kExitOfSanitizers);
    EXPECT_THAT(outcome.output, HasSubstr(planted.report));
    EXPECT_THAT(outcome.output, ContainsRegex(planted.place));
  }
}

TEST(SanitizerTest, FindsNothingInASoundPlugin) {
  const Outcome plugin = RunPlugin("none");
  EXPECT_EQ(plugin.exit_code, 0) << plugin.output;
  EXPECT_THAT(plugin.output, Not(HasSubstr("Sanitizer")));
  EXPECT_THAT(plugin.output, Not(HasSubstr("runtime error")));
}

TEST(SanitizerTest, FindsTheBugsInALoadedPlugin) {
  for (const Planted& planted : PlantedBugs()) {
    SCOPED_TRACE(planted.bug);
    const Outcome outcome = RunPlugin(planted.bug);
    EXPECT_EQ(outcome.exit_code, kExitOfSanitizers);
    EXPECT_THAT(outcome.output, HasSubstr(planted.report));
    EXPECT_THAT(outcome.output, ContainsRegex(planted.place));
  }
}

}  // namespace
