// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/pins/pin_folder.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "plugins/sdk/status.h"

namespace weir::ebpf {
namespace {

// The test's own BPF file system, in its own mount namespace.
class PinFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("bpf", "/mnt", "bpf", 0, "mode=0700") != 0) {
      GTEST_SKIP() << "SKIPPED: mount a BPF file system: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (!mounted_) return;
    EXPECT_EQ(umount2("/mnt", MNT_DETACH), 0) << std::strerror(errno);
  }

  // Returns the error of Open, which Look has too. Empty: the folder is open.
  static std::string WhyNot(const std::string& path) {
    const sdk::Status looked = PinFolder::Look(path).status();
    const sdk::Status opened = PinFolder::Open(path).status();
    EXPECT_EQ(looked.message(), opened.message());
    if (opened.ok()) return "";
    EXPECT_EQ(opened.code(), WEIR_FAILED_PRECONDITION);
    return opened.message();
  }

  bool mounted_ = false;
};

TEST_F(PinFolderTest, IsMadeForItsUserAlone) {
  EXPECT_EQ(WhyNot("/mnt/weir"), "");
  struct stat info;
  ASSERT_EQ(stat("/mnt/weir", &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_EQ(WhyNot("/mnt/weir//"), "");
  EXPECT_EQ(WhyNot("/mnt/new/"), "");
  sdk::Result<std::unique_ptr<PinFolder>> folder = PinFolder::Open("/mnt/weir/");
  ASSERT_TRUE(folder.ok());
  EXPECT_EQ((*folder)->PathOf("map"), "/mnt/weir/map");
}

TEST_F(PinFolderTest, IsNobodyElses) {
  ASSERT_EQ(mkdir("/mnt/weir", 0700), 0);
  ASSERT_EQ(chown("/mnt/weir", 1, static_cast<gid_t>(-1)), 0);
  EXPECT_EQ(WhyNot("/mnt/weir"),
            "pin_path /mnt/weir: it belongs to the user 1, and weir runs as 0: name a folder that "
            "only weir's user can change");
  ASSERT_EQ(chown("/mnt/weir", 0, static_cast<gid_t>(-1)), 0);
  for (const mode_t mode : {0720u, 0702u, 01777u}) {
    ASSERT_EQ(chmod("/mnt/weir", mode), 0);
    EXPECT_EQ(
        WhyNot("/mnt/weir"),
        "pin_path /mnt/weir: other users can write to it: remove that permission (chmod go-w)");
  }
  ASSERT_EQ(chmod("/mnt/weir", 0755), 0);
  EXPECT_EQ(WhyNot("/mnt/weir"), "");
}

TEST_F(PinFolderTest, IsNoSymbolicLink) {
  ASSERT_EQ(mkdir("/mnt/weir", 0700), 0);
  ASSERT_EQ(symlink("/mnt/weir", "/mnt/link"), 0);
  for (const char* const path : {"/mnt/link", "/mnt/link/"}) {
    EXPECT_EQ(WhyNot(path), "pin_path /mnt/link: is a symbolic link: name the folder itself");
  }
}

TEST_F(PinFolderTest, NobodyElseCanPutAnotherInItsPlace) {
  ASSERT_EQ(chmod("/mnt", 0777), 0);
  const std::string why =
      "pin_path /mnt/weir: other users can write to /mnt, which has no sticky bit";
  EXPECT_EQ(WhyNot("/mnt/weir"), why);
  ASSERT_EQ(mkdir("/mnt/weir", 0700), 0);
  EXPECT_EQ(WhyNot("/mnt/weir"), why);
  ASSERT_EQ(chmod("/mnt", 01777), 0);
  EXPECT_EQ(WhyNot("/mnt/weir"), "");
}

// Nor may another user replace a folder further up.
TEST_F(PinFolderTest, NobodyElseOwnsAFolderAboveIt) {
  ASSERT_EQ(mkdir("/mnt/a", 0755), 0);
  ASSERT_EQ(mkdir("/mnt/a/b", 0700), 0);
  ASSERT_EQ(chown("/mnt/a", 1, static_cast<gid_t>(-1)), 0);
  const std::string why = "pin_path /mnt/a/b/weir: /mnt/a belongs to user 1, who can replace it";
  EXPECT_EQ(WhyNot("/mnt/a/b/weir"), why);
  ASSERT_EQ(mkdir("/mnt/a/b/weir", 0700), 0);
  EXPECT_EQ(WhyNot("/mnt/a/b/weir"), why);
  ASSERT_EQ(chown("/mnt/a", 0, static_cast<gid_t>(-1)), 0);
  EXPECT_EQ(WhyNot("/mnt/a/b/weir"), "");
}

}  // namespace
}  // namespace weir::ebpf
