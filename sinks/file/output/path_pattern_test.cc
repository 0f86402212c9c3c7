// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/output/path_pattern.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kWallNs = 1661272402123456789;  // 2022-08-23T16:33:22.123456789Z

PathPattern Parsed(const std::string& path) {
  auto pattern = PathPattern::Parse(path);
  EXPECT_TRUE(pattern.ok()) << pattern.status().message();
  return *std::move(pattern);
}

std::string WhyNot(const std::string& path) { return PathPattern::Parse(path).status().message(); }

TEST(PathPatternTest, WritesTheTimeInUtc) {
  EXPECT_EQ(Parsed("/a/%Y/%m/%d/%H%M%S.gz").At(kWallNs), "/a/2022/08/23/163322.gz");
  EXPECT_EQ(Parsed("%F_%T-%j-%y-%%Y").At(kWallNs), "2022-08-23_16:33:22-235-22-%Y");
  EXPECT_EQ(Parsed("%F").At(-1), "1969-12-31");
  EXPECT_EQ(Parsed("%F").At(std::numeric_limits<int64_t>::max()), "2262-04-11");
  EXPECT_TRUE(Parsed("%S").has_time());
  EXPECT_FALSE(Parsed("100%%").has_time());
  EXPECT_EQ(Parsed("100%%").At(kWallNs), "100%");
  EXPECT_EQ(Parsed("a//b/./c").normal(), Parsed("a/b/c").normal());
}

TEST(PathPatternTest, RefusesWhatIsNoFileOrHasNoFixedWidth) {
  EXPECT_EQ(WhyNot("/a/"), "path: '/a/' names no file");
  EXPECT_EQ(WhyNot(".."), "path: '..' names no file");
  for (const char* bad : {"%B", "%s", "%", "%Ey", "%-d"}) {
    EXPECT_NE(WhyNot(bad).find("it can have %Y %y %m"), std::string::npos) << bad;
  }
  EXPECT_NE(WhyNot("a\nb").find("control character"), std::string::npos);
  EXPECT_NE(WhyNot("/" + std::string(250, 'x')).find("too long"), std::string::npos);
}

TEST(PathPatternTest, TheNumberStandsInFrontOfTheEnding) {
  EXPECT_EQ(PathPattern::Numbered("/a.b/c", 0), "/a.b/c");
  EXPECT_EQ(PathPattern::Numbered("/a.b/c", 1), "/a.b/c.1");
  EXPECT_EQ(PathPattern::Numbered("c.jsonl", 12), "c.12.jsonl");
  EXPECT_EQ(PathPattern::Numbered("c.jsonl.gz", 12), "c.12.jsonl.gz");
  EXPECT_EQ(PathPattern::Numbered(".zst", 3), ".zst.3");
  EXPECT_EQ(PathPattern::Unfinished("/a/c.jsonl"), "/a/.c.jsonl.part");
  EXPECT_EQ(PathPattern::Finished("/a/.c.jsonl.part"), "/a/c.jsonl");
}

class PathPatternFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "path_pattern";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void Make(const std::string& name) {
    const fs::path path = folder_ + "/" + name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "x";
  }
  std::vector<std::string> Short(std::vector<std::string> paths) const {
    for (std::string& path : paths) path = path.substr(folder_.size() + 1);
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  std::string folder_;
};

TEST_F(PathPatternFilesTest, FindsOnlyWhatItCanHaveMade) {
  for (const char* name :
       {"2022/f-0823.json.gz", "2022/f-0823.1.json.gz", "2022/f-0823.17.json.gz",
        "2022/.f-0823.json.gz.part",
        // and files of others
        "2022/f-823.json.gz", "2022/f-0823.json", "2022/f-0823.json.gz.1", "2022/f-0823.x.json.gz",
        "2022/f-0823..json.gz", "2022/f-0823.01.json.gz", "2022/f-0823.json.gz~", "f-0823.json.gz",
        "22/f-0823.json.gz", "2022a/f-0823.json.gz", "2022/.f-0823.json.gz.part.damaged",
        "2022/f-0823.1234567890.json.gz", "2022/f-08231.json.gz", "2022/.f-0823.1.json.gz.part"}) {
    Make(name);
  }
  fs::create_symlink("f-0823.json.gz", folder_ + "/2022/f-0824.json.gz");
  fs::create_directories(folder_ + "/2022/f-0825.json.gz");
  fs::create_directory_symlink("2022", folder_ + "/2023");
  const PathPattern::Files files = Parsed(folder_ + "/%Y/f-%m%d.json.gz").Find();
  EXPECT_EQ(Short(files.finished),
            (std::vector<std::string>{"2022/f-0823.1.json.gz", "2022/f-0823.17.json.gz",
                                      "2022/f-0823.json.gz"}));
  EXPECT_EQ(Short(files.unfinished), (std::vector<std::string>{"2022/.f-0823.json.gz.part"}));
}

TEST_F(PathPatternFilesTest, WhatIsNotThereHasNoFiles) {
  EXPECT_TRUE(Parsed(folder_ + "/none/%F/%H").Find().finished.empty());
}

}  // namespace
}  // namespace weir::sinks
