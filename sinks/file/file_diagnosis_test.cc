// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/testing/file_sink_fixture.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;
using sdk::testing::FakeHost;

class FileSinkDiagnosisTest : public FileSinkTest {
 protected:
  // The test fails if the folder changes.
  sdk::Finding Diagnose(const File& config) {
    const NameList before = Names();
    const std::vector<sdk::Finding> findings = host_.Diagnose(Make(config).get());
    EXPECT_EQ(Names(), before);
    EXPECT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].subject, "path");
    return findings[0];
  }
  std::string WhyMissing(const File& config) {
    const sdk::Finding finding = Diagnose(config);
    EXPECT_EQ(finding.severity, WEIR_FINDING_MISSING);
    EXPECT_FALSE(Make(config)->Start().ok());
    return finding.text;
  }
};

TEST_F(FileSinkDiagnosisTest, AFileThatStartsIsWritable) {
  EXPECT_EQ(Diagnose(Config("flows")).severity, WEIR_FINDING_OK);
  EXPECT_EQ(Diagnose(Config("%F")).text, In("2022-08-23") + " can be written");
  std::ofstream(In("there")) << Lines(0, 2);
  EXPECT_EQ(Diagnose(Config("there")).severity, WEIR_FINDING_OK);
  EXPECT_EQ(ReadFile(In("there")), Lines(0, 2));
}

TEST_F(FileSinkDiagnosisTest, WhatStartRefusesIsMissing) {
  EXPECT_EQ(WhyMissing(Config("none/flows")),
            "write to the folder " + In("none") + ": No such file or directory");
  EXPECT_EQ(WhyMissing(Config("none/%F")),
            "write to the folder " + In("none") + ": No such file or directory");
  std::ofstream(In("text")) << "This is no record.\n";
  EXPECT_EQ(WhyMissing(Config("text/%F")),
            "write to the folder " + In("text") + ": Not a directory");
  const std::string refused = Make(Config("text"))->Start().message();
  EXPECT_EQ(WhyMissing(Config("text")), refused);
  fs::create_directories(In("folder"));
  EXPECT_EQ(WhyMissing(Config("folder")), "open " + In("folder") + ": Is a directory");
  fs::create_symlink("elsewhere", In("link"));
  EXPECT_EQ(WhyMissing(Config("link")),
            "open " + In("link") + ": it is a symbolic link, which is not followed");
}

TEST_F(FileSinkDiagnosisTest, AFileSystemThatTakesNoFilesIsMissing) {
  for (const char* const folder : {"/proc/self", "/sys"}) {
    if (access(folder, W_OK) != 0) GTEST_SKIP() << "SKIPPED: needs a writable " << folder;
    for (const char* const name : {"/flows", "/%F"}) {
      File config = Config("flows");
      config.set_path(std::string(folder) + name);
      EXPECT_EQ(WhyMissing(config),
                std::string("write to the folder ") + folder + ": its file system takes no files");
    }
  }
}

TEST_F(FileSinkDiagnosisTest, AFileThatAnotherProcessWritesIsMissing) {
  auto sink = Started(Config("flows"));
  auto rotating = Started(Config("%F"));
  EXPECT_TRUE(host_.Feed(rotating.get(), Records(0, 2)).ok());
  FakeHost stranger;
  for (const char* const name : {"flows", "%F"}) {
    auto other = Make(Config(name), &stranger);
    const std::vector<sdk::Finding> findings = stranger.Diagnose(other.get());
    EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
    EXPECT_EQ(findings[0].text, other->Start().message());
  }
  End(sink.get());
  End(rotating.get());
}

TEST_F(FileSinkDiagnosisTest, FoldersThatAreMadeNeedAFolderThatIsThere) {
  File config = Config("none/of/them/flows");
  config.set_create_folders(true);
  EXPECT_EQ(Diagnose(config).severity, WEIR_FINDING_OK);
  EXPECT_FALSE(fs::exists(In("none")));
  std::ofstream(In("text")) << "x";
  config.set_path(In("text/none/flows"));
  EXPECT_EQ(WhyMissing(config), "write to the folder " + In("text/none") + ": Not a directory");
}

// A process without capabilities needs the permission of the folder, also as root.
TEST_F(FileSinkDiagnosisTest, AFolderWithoutPermissionIsMissing) {
  fs::create_directories(In("closed"));
  ASSERT_EQ(chmod(In("closed").c_str(), 0500), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capset, &header, none) != 0) _exit(2);
    const sdk::Finding finding = Diagnose(Config("closed/%F"));
    const bool as_expected =
        finding.severity == WEIR_FINDING_MISSING &&
        finding.text == "write to the folder " + In("closed") + ": Permission denied";
    _exit(as_expected ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
}

}  // namespace
}  // namespace weir::sinks
