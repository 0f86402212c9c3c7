// SPDX-License-Identifier: Apache-2.0
#include "plugins/sdk/trusted_path.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "plugins/abi/weir_plugin.h"
#include "plugins/sdk/status.h"

namespace weir::sdk {
namespace {

constexpr uid_t kUser = 7;
constexpr uid_t kOther = 8;

// Folders below a mount of its own, in a mount namespace of its own: /mnt/a/b.
class TrustedPathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755,size=64k") != 0) {
      GTEST_SKIP() << "SKIPPED: mount a tmpfs: " << std::strerror(errno);
    }
    mounted_ = true;
    if (lchown("/mnt", kOther, static_cast<gid_t>(-1)) != 0 ||
        lchown("/mnt", 0, static_cast<gid_t>(-1)) != 0) {
      GTEST_SKIP() << "SKIPPED: give a folder to another user: " << std::strerror(errno);
    }
    ASSERT_EQ(mkdir("/mnt/a", 0755), 0);
    ASSERT_EQ(mkdir("/mnt/a/b", 0755), 0);
  }
  void TearDown() override {
    if (!mounted_) return;
    EXPECT_EQ(umount2("/mnt", MNT_DETACH), 0) << std::strerror(errno);
  }

  static std::string WhyNot(const std::string& path) {
    const Status status = CheckTrustedPath(path, kUser);
    if (status.ok()) return "";
    EXPECT_EQ(status.code(), WEIR_FAILED_PRECONDITION);
    return status.message();
  }
  static void GiveTo(const char* path, uid_t user) {
    ASSERT_EQ(lchown(path, user, static_cast<gid_t>(-1)), 0) << std::strerror(errno);
  }

  bool mounted_ = false;
};

TEST_F(TrustedPathTest, EachFolderIsRootsOrTheUsers) {
  EXPECT_EQ(WhyNot("/mnt/a/b"), "");
  for (const char* const folder : {"/mnt", "/mnt/a", "/mnt/a/b"}) {
    GiveTo(folder, kUser);
    EXPECT_EQ(WhyNot("/mnt/a/b"), "");
    GiveTo(folder, kOther);
    EXPECT_EQ(WhyNot("/mnt//a/./b/"),
              std::string(folder) + " belongs to user 8, who can replace it");
    GiveTo(folder, 0);
  }
  EXPECT_EQ(CheckTrustedPath("/mnt/a/c", kUser).code(), WEIR_NOT_FOUND);
}

TEST_F(TrustedPathTest, OthersCanWriteOnlyWithAStickyBit) {
  for (const mode_t mode : {0775u, 0757u}) {
    ASSERT_EQ(chmod("/mnt", mode), 0);
    EXPECT_EQ(WhyNot("/mnt/a/b"), "other users can write to /mnt, which has no sticky bit");
    ASSERT_EQ(chmod("/mnt", mode | S_ISVTX), 0);
    EXPECT_EQ(WhyNot("/mnt/a/b"), "");
  }
  GiveTo("/mnt/a", kOther);
  EXPECT_EQ(WhyNot("/mnt/a/b"), "/mnt/a belongs to user 8, who can replace it");
}

TEST_F(TrustedPathTest, LooksWhereSymbolicLinksLead) {
  ASSERT_EQ(mkdir("/mnt/theirs", 0755), 0);
  GiveTo("/mnt/theirs", kOther);
  // A link of theirs between two of root's.
  ASSERT_EQ(symlink("/mnt/theirs/link", "/mnt/first"), 0);
  ASSERT_EQ(symlink("../a", "/mnt/theirs/link"), 0);
  EXPECT_EQ(WhyNot("/mnt/first/b"), "/mnt/theirs belongs to user 8, who can replace it");
  ASSERT_EQ(symlink("a/../a", "/mnt/second"), 0);
  EXPECT_EQ(WhyNot("/mnt/second/b"), "");
  // Who made it does not matter where they can make none any more.
  GiveTo("/mnt/second", kOther);
  EXPECT_EQ(WhyNot("/mnt/second/b"), "");
  ASSERT_EQ(chmod("/mnt", 01777), 0);
  EXPECT_EQ(WhyNot("/mnt/second/b"), "/mnt/second belongs to user 8, who can replace it");
}

TEST_F(TrustedPathTest, EndsWhereLinksDoNot) {
  ASSERT_EQ(symlink("loop", "/mnt/loop"), 0);
  EXPECT_NE(CheckTrustedPath("/mnt/loop/a", kUser).message().find("Too many levels"),
            std::string::npos);
}

TEST_F(TrustedPathTest, IsOfFolders) {
  ASSERT_EQ(mknod("/mnt/a/file", S_IFREG | 0600, 0), 0);
  EXPECT_EQ(WhyNot("/mnt/a/file"), "/mnt/a/file is not a folder");
}

}  // namespace
}  // namespace weir::sdk
