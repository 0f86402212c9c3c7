// SPDX-License-Identifier: Apache-2.0
#include "core/config/describe/describe.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/config/describe/config_example.h"
#include "core/config/loader.h"
#include "core/config/schema/schemas.h"
#include "core/config/test_schemas.h"
#include "gtest/gtest.h"

namespace weir::config {
namespace {

const Schema& SinkSchema(const std::string& type) {
  return **TestSchemas().Find(StageKind::kSink, type)->schema();
}

// The text is for people to read: look at the difference, and if it is what you
// want, put it into the file.
TEST(DescribeTest, LooksAsItDid) {
  std::ifstream file("core/config/describe/testdata/describe_writer.txt");
  std::ostringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(Describe(SinkSchema("writer")), golden.str());
}

std::string ExampleIn(const std::string& description) {
  return description.substr(description.find("Example:\n") + 9);
}

TEST(DescribeTest, GivesExamplesThatLoad) {
  const auto environment = [](std::string_view) { return std::optional<std::string>(); };
  for (const char* type : {"writer", "null"}) {
    const std::string text = absl::StrCat("source { name: 'flows' type: 'generator' }\n",
                                          ExampleIn(Describe(SinkSchema(type))));
    const absl::StatusOr<PipelineConfig> loaded =
        LoadText(text, "example", TestSchemas(), environment);
    EXPECT_TRUE(loaded.ok()) << loaded.status() << "\n" << text;
  }
}

TEST(DescribeTest, GivesAllowedValuesForStrictRules) {
  ConfigSchemas schemas;
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSource, "generator", "")).ok());
  ASSERT_TRUE(schemas.Add(TestSpec(StageKind::kSink, "strict", "weir.test.Demanding")).ok());
  const std::string text =
      absl::StrCat("source { name: 'flows' type: 'generator' }\n",
                   ExampleStage(**schemas.Find(StageKind::kSink, "strict")->schema(), 0));
  const auto environment = [](std::string_view) { return std::optional<std::string>(); };
  const absl::StatusOr<PipelineConfig> loaded = LoadText(text, "example", schemas, environment);
  EXPECT_TRUE(loaded.ok()) << loaded.status() << "\n" << text;
}

}  // namespace
}  // namespace weir::config
