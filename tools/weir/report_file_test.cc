// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/report_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ReportFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "/report_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string In(const std::string& name) const { return (folder_ / name).string(); }
  size_t Files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static std::string Content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path folder_;
};

TEST_F(ReportFileTest, ReplacesTheFileAndLeavesNoOther) {
  const std::string path = In("report.json");
  EXPECT_TRUE(CheckReportFile(path).ok());
  EXPECT_EQ(Files(), 0u) << "the check leaves nothing";
  ASSERT_TRUE(WriteReportFile(path, "one\n").ok());
  const std::ifstream reader(path);
  ASSERT_TRUE(WriteReportFile(path, "two\n").ok());
  EXPECT_TRUE(CheckReportFile(path).ok());
  EXPECT_EQ(Content(path), "two\n");
  EXPECT_EQ(Files(), 1u);
  std::ostringstream old;
  old << reader.rdbuf();
  EXPECT_EQ(old.str(), "one\n") << "a reader keeps the file that it opened";
}

TEST_F(ReportFileTest, AFileOfAKilledProcessIsReplaced) {
  const std::string path = In("report.json");
  std::ofstream(path + "." + std::to_string(gettid()) + ".tmp") << "half";
  EXPECT_TRUE(WriteReportFile(path, "whole").ok());
  EXPECT_EQ(Content(path), "whole");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(ReportFileTest, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(mkfifo(In("fifo").c_str(), 0600), 0);
  std::ofstream(In("file")) << "text";
  fs::create_symlink("file", In("link"));
  fs::create_symlink("nowhere", In("dangling"));
  for (const std::string& path : {In("fifo"), In("link"), In("dangling"), folder_.string()}) {
    const absl::Status status = CheckReportFile(path);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("'" + path + "': is not a regular file"));
  }
}

TEST_F(ReportFileTest, ErrorsNameTheFile) {
  const std::string path = In("none/report.json");
  for (const absl::Status& status : {CheckReportFile(path), WriteReportFile(path, "x")}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("report '" + path + "': make a file beside it: No such file"));
  }
}

TEST_F(ReportFileTest, AFailedRenameLeavesNoTemporaryFile) {
  const std::string path = In("report.json");
  ASSERT_TRUE(WriteReportFile(path, "old").ok());
  // No file can be renamed over a folder with files.
  fs::create_directories(In("folder/inside"));
  EXPECT_FALSE(WriteReportFile(In("folder"), "new").ok());
  EXPECT_EQ(Content(path), "old");
  EXPECT_EQ(Files(), 2u) << "the temporary file is gone";
}

}  // namespace
}  // namespace weir
