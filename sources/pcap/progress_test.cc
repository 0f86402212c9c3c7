// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/progress.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "plugins/sdk/stage.h"
#include "plugins/sdk/testing/fake_host.h"

namespace weir::pcap {
namespace {

class ProgressTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe2(pipe_, O_CLOEXEC | O_NONBLOCK), 0); }
  void TearDown() override {
    close(pipe_[0]);
    close(pipe_[1]);
  }
  // What was drawn since the last time.
  std::string Drawn() const {
    char text[1024];
    const ssize_t count = read(pipe_[0], text, sizeof(text));
    return count > 0 ? std::string(text, static_cast<size_t>(count)) : "";
  }

  int pipe_[2] = {-1, -1};
  sdk::testing::FakeHost host_;
  const sdk::Stage stage_ = host_.MakeStage();
};

TEST_F(ProgressTest, IsDrawnFiveTimesASecond) {
  Progress progress(&stage_, pipe_[1], 4096);
  host_.AdvanceClocks(1'000'000'000);
  progress.Update("a.pcap", 1024, 500);
  EXPECT_EQ(Drawn(), "\r\x1b[Ka.pcap: 25% of 4.00 KiB, 500 packets, 500/s");
  host_.AdvanceClocks(199'999'999);
  progress.Update("a.pcap", 1500, 600);
  EXPECT_EQ(Drawn(), "");
  host_.AdvanceClocks(800'000'001);
  progress.Update("/a/very/long/way/to/some/b.pcap", 2048, 1000);
  EXPECT_EQ(Drawn(), "\r\x1b[K...ng/way/to/some/b.pcap: 50% of 4.00 KiB, 1000 packets, 500/s");
  progress.Clear();
  EXPECT_EQ(Drawn(), "\r\x1b[K");
  progress.Clear();
  EXPECT_EQ(Drawn(), "");
  progress.Update("b.pcap", 9000, 2000);  // the file has grown
  EXPECT_EQ(Drawn(), "\r\x1b[Kb.pcap: 100% of 4.00 KiB, 2000 packets, 1000/s");
  progress.Finish();
  EXPECT_EQ(Drawn(), "\r\x1b[Kb.pcap: 100% of 4.00 KiB, 2000 packets, 1000/s\n");
}

TEST_F(ProgressTest, CountsWhereNoSizeIsKnown) {
  Progress progress(&stage_, pipe_[1], std::nullopt);
  host_.AdvanceClocks(2'000'000'000);
  progress.Update("standard input", 2048, 10);
  EXPECT_EQ(Drawn(), "\r\x1b[Kstandard input: 2.00 KiB, 10 packets, 5/s");
}

TEST_F(ProgressTest, WritesNothingWithoutATerminal) {
  Progress progress(&stage_, -1, std::nullopt);
  progress.Update("a", 1, 1);
  progress.Clear();
  progress.Finish();
  EXPECT_FALSE(HasTerminal(pipe_[1], STDOUT_FILENO));
}

TEST_F(ProgressTest, SharesNoTerminalWithRecords) {
  const auto open_terminal = [] {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    EXPECT_EQ(grantpt(terminal), 0);
    EXPECT_EQ(unlockpt(terminal), 0);
    return terminal;
  };
  const int one = open_terminal();
  const int another = open_terminal();
  ASSERT_GE(one, 0);
  const int screen = open(ptsname(one), O_RDWR | O_NOCTTY | O_CLOEXEC);
  const int other_screen = open(ptsname(another), O_RDWR | O_NOCTTY | O_CLOEXEC);
  EXPECT_TRUE(HasTerminal(screen, pipe_[1]));
  EXPECT_TRUE(HasTerminal(screen, other_screen));
  EXPECT_FALSE(HasTerminal(screen, screen));
  for (const int fd : {one, another, screen, other_screen}) close(fd);
}

}  // namespace
}  // namespace weir::pcap
