// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <filesystem>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_sink.h"
#include "sinks/file/testing/file_sink_fixture.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;
using sdk::testing::FakeHost;

TEST_F(FileSinkTest, PermissionsAreAsConfiguredWhateverTheUmask) {
  const mode_t former = umask(0077);
  File config = Config("flows");
  EXPECT_TRUE(Started(config)->Stop().ok());
  config = Config("public");
  config.set_mode("644");
  EXPECT_TRUE(Started(config)->Stop().ok());
  umask(former);
  struct stat info;
  ASSERT_EQ(stat(In("flows").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  ASSERT_EQ(stat(In("public").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u);
  // The permissions of an existing file stay as its owner set them.
  config.set_mode("600");
  EXPECT_TRUE(Started(config)->Stop().ok());
  ASSERT_EQ(stat(In("public").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u);
}

TEST_F(FileSinkTest, FollowsNoLinkAndWritesToRegularFilesOnly) {
  fs::create_symlink("elsewhere", In("link"));
  EXPECT_EQ(Make(Config("link"))->Start().message(),
            "open " + In("link") + ": it is a symbolic link, which is not followed");
  ASSERT_EQ(mkfifo(In("pipe").c_str(), 0600), 0);
  EXPECT_EQ(Make(Config("pipe"))->Start().message(),
            "open " + In("pipe") + ": it is no regular file");
  fs::create_directories(In("folder"));
  EXPECT_EQ(Make(Config("folder"))->Start().message(), "open " + In("folder") + ": Is a directory");
  EXPECT_EQ(Names(), NameList({"link", "pipe"}));
}

TEST_F(FileSinkTest, FoldersAreMadeOnlyIfAskedFor) {
  EXPECT_EQ(Make(Config("none/flows"))->Start().message(),
            "open " + In("none/flows") + ": No such file or directory");
  EXPECT_EQ(Make(Config("none/%F"))->Start().message(),
            "write to the folder " + In("none") + ": No such file or directory");
  File config = Config("none/of/them/flows");
  config.set_create_folders(true);
  EXPECT_TRUE(Started(config)->Stop().ok());
  struct stat info;
  ASSERT_EQ(stat(In("none/of").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0027, 0u);
}

TEST_F(FileSinkTest, TwoStagesDoNotWriteTheSameFile) {
  FakeHost other("second", &host_);
  auto sink = Make(Config("flows"));
  EXPECT_EQ(FileSink::Create(Config("./flows"), other.MakeStage()).status().message(),
            "path: sink 'archive' has it too");
  // Another process, or the same file by another name.
  FakeHost stranger;
  fs::create_directory_symlink(".", In("same"));
  auto second = Make(Config("same/flows"), &stranger);
  ASSERT_TRUE(sink->Start().ok());
  EXPECT_EQ(second->Start().message(),
            "open " + In("same/flows") + ": another stage or process is writing to it");
  EXPECT_TRUE(sink->Stop().ok());
  EXPECT_TRUE(second->Start().ok());
  EXPECT_TRUE(second->Stop().ok());
  sink.reset();
  EXPECT_TRUE(FileSink::Create(Config("flows"), other.MakeStage()).ok());
}

TEST_F(FileSinkTest, AnotherProcessesUnfinishedFileIsNotTaken) {
  auto sink = Started(Config("%F"));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 2)).ok());
  FakeHost stranger;
  EXPECT_EQ(Make(Config("%F"), &stranger)->Start().message(),
            "open " + In(".2022-08-23.part") + ": another stage or process is writing to it");
  End(sink.get());
}

}  // namespace
}  // namespace weir::sinks
