// SPDX-License-Identifier: Apache-2.0
// Large and hostile pipeline files, and files that cannot be read.
#include "core/config/loader.h"

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/config/test_schemas.h"
#include "gtest/gtest.h"

namespace weir::config {
namespace {

std::optional<std::string> TestVariable(std::string_view name) {
  if (name == "LONG") return "0123456789012345678901234567890";
  return std::nullopt;
}

absl::StatusOr<PipelineConfig> Load(const std::string& text) {
  return LoadText(text, "f", TestSchemas(), TestVariable);
}

TEST(LoaderLimitsTest, BoundsTheReport) {
  std::string text;
  for (int i = 0; i < 5000; ++i) absl::StrAppend(&text, "sink { nam: 'x' }\n");
  const absl::StatusOr<PipelineConfig> pipeline = Load(text);
  const std::vector<std::string> lines = absl::StrSplit(pipeline.status().message(), '\n');
  ASSERT_EQ(lines.size(), kMaxReportedErrors + 1);
  EXPECT_EQ(lines[0], "f:1:8: sink: weir.Sink has no field 'nam'; did you mean 'name'?");
  EXPECT_TRUE(absl::StartsWith(lines.back(), "f: and ")) << lines.back();
}

TEST(LoaderLimitsTest, BoundsNestingAndTime) {
  std::string deep = "path: 'a' ";
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&deep, "tls { ");
  EXPECT_TRUE(absl::StrContains(Load(WithWriter(deep)).status().message(), "64 deep"));
  std::string deep_any = "path: 'a' ";
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&deep_any, "extra { [a/google.protobuf.Any] { ");
  EXPECT_TRUE(absl::StrContains(Load(WithWriter(deep_any)).status().message(), "64 deep"));
  EXPECT_TRUE(absl::StrContains(Load(std::string(kMaxFileBytes + 1, ' ')).status().message(),
                                "longer than 1048576 bytes"));
  std::string growing = "path: '";
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&growing, "${LONG}");
  EXPECT_TRUE(absl::StrContains(Load(WithWriter(growing + "'")).status().message(),
                                "longer than 1048576 bytes"));
  // Hours, if looking up the place of one value took time by the number of values.
  std::string wide = "path: 'a' ";
  for (int i = 0; i < 50'000; ++i) absl::StrAppend(&wide, "ports:0 tls{} ");
  EXPECT_FALSE(Load(WithWriter(wide)).ok());
  std::string wide_inputs = "sink { name: 'a' type: 'null' ";
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&wide_inputs, "input:'' ");
  EXPECT_FALSE(Load(wide_inputs + "}").ok());
  // A pattern that a backtracking matcher would not be done with in a lifetime.
  const std::string evil = absl::StrCat(
      "source { name: 's' type: 'generator' } transform { name: 't' type: 'evil' input: 's' config "
      "{ [weir/weir.test.Evil] { name: '",
      std::string(1000, 'a'), "' } } } sink { name: 'o' type: 'null' input: 't' }");
  EXPECT_TRUE(absl::StrContains(Load(evil).status().message(), "does not match the pattern"));
}

TEST(LoaderLimitsTest, ReadsFiles) {
  const std::string path = testing::TempDir() + "/loader_test.textproto";
  std::ofstream(path) << "source { name: 'a' type: 'generator' }\n"
                         "sink { name: 'b' type: 'null' input: 'a' }\n";
  EXPECT_TRUE(LoadFile(path, TestSchemas(), TestVariable).ok());
  std::ofstream(path, std::ios::app) << "# " << std::string(100'000, 'x') << "\nnonsense: 1";
  const absl::Status far_down = LoadFile(path, TestSchemas(), TestVariable).status();
  EXPECT_TRUE(absl::StrContains(far_down.message(), absl::StrCat(path, ":4:1: "))) << far_down;
  std::ofstream(path, std::ios::app) << std::string(kMaxFileBytes, ' ');
  EXPECT_EQ(LoadFile(path, TestSchemas(), TestVariable).status(),
            absl::InvalidArgumentError(
                absl::StrCat(path, ": the configuration is longer than 1048576 bytes")));
  std::remove(path.c_str());
  const absl::Status missing = LoadFile(path, TestSchemas(), TestVariable).status();
  EXPECT_EQ(missing, absl::InvalidArgumentError(absl::StrCat(
                         path, ": the configuration cannot be read: No such file or directory")));
  EXPECT_EQ(LoadFile(testing::TempDir(), TestSchemas(), TestVariable).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace weir::config
