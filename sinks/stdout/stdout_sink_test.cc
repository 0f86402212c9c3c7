// SPDX-License-Identifier: Apache-2.0
#include "sinks/stdout/stdout_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "tests/vectors/vectors.h"

namespace weir::sinks {
namespace {

using sdk::testing::FakeHost;

// A sink that writes to a pipe; the test reads it.
class StdoutSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(std::signal(SIGPIPE, SIG_IGN), SIG_ERR);  // as the program does
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_fd_ = ends[0];
    write_fd_ = ends[1];
  }
  void TearDown() override {
    CloseReader();
    CloseWriter();
  }

  void CloseReader() {
    if (read_fd_ < 0) return;
    EXPECT_EQ(close(std::exchange(read_fd_, -1)), 0);
  }
  void CloseWriter() {
    if (write_fd_ < 0) return;
    EXPECT_EQ(close(std::exchange(write_fd_, -1)), 0);
  }

  std::unique_ptr<StdoutSink> Started(const Stdout& config, int fd) {
    auto sink = std::make_unique<StdoutSink>(config, host_.MakeStage(), fd);
    const sdk::Status status = sink->Start();
    EXPECT_TRUE(status.ok()) << status.message();
    return sink;
  }

  // Reads `size` bytes, or fewer at the end.
  std::string Read(size_t size) {
    std::string text(size, '\0');
    size_t have = 0;
    while (have < size) {
      const ssize_t got = read(read_fd_, text.data() + have, size - have);
      if (got < 0 && errno == EINTR) continue;
      EXPECT_GE(got, 0);
      if (got <= 0) break;
      have += static_cast<size_t>(got);
    }
    text.resize(have);
    return text;
  }

  static std::string Expected(int times) {
    std::string once;
    for (const std::string& line : vectors::ReadLines(vectors::kRecords)) once += line + "\n";
    std::string all;
    for (int i = 0; i < times; ++i) all += once;
    return all;
  }
  static std::vector<Record> Input(int times) {
    const std::vector<Record> once = vectors::InputRecords();
    std::vector<Record> all;
    for (int i = 0; i < times; ++i) all.insert(all.end(), once.begin(), once.end());
    return all;
  }

  FakeHost host_;
  int read_fd_ = -1;
  int write_fd_ = -1;
};

// A pipe is not a terminal, so the format is JSON. The text is many times the size of the pipe, so
// that every write is partial.
TEST_F(StdoutSinkTest, WritesJsonToABlockingPipe) {
  const auto sink = Started(Stdout(), write_fd_);
  CloseWriter();
  std::string got;
  std::thread reader([&] { got = Read(Expected(20).size() + 1); });
  EXPECT_TRUE(host_.Feed(sink.get(), Input(20), 3000).ok());
  EXPECT_TRUE(sink->Stop().ok());
  reader.join();
  EXPECT_TRUE(got == Expected(20));
  EXPECT_EQ(host_.delivered(), 4000u);
  host_.ExpectBalanced();
}

// Another process may have made the shared pipe non-blocking.
TEST_F(StdoutSinkTest, WaitsForTheReaderOfANonBlockingPipe) {
  ASSERT_EQ(fcntl(write_fd_, F_SETFL, O_NONBLOCK), 0);
  const auto sink = Started(Stdout(), write_fd_);
  CloseWriter();
  std::string got;
  std::thread reader([&] { got = Read(Expected(20).size() + 1); });
  EXPECT_TRUE(host_.Feed(sink.get(), Input(20), 1000).ok());
  EXPECT_TRUE(sink->Stop().ok());
  reader.join();
  EXPECT_TRUE(got == Expected(20));
  EXPECT_EQ(host_.delivered(), 4000u);
}

TEST_F(StdoutSinkTest, EndsInOrderWhenTheReaderHasGone) {
  const auto sink = Started(Stdout(), write_fd_);
  CloseReader();
  EXPECT_TRUE(host_.Feed(sink.get(), Input(3), 100).ok());
  EXPECT_EQ(host_.delivered(), 0u);
  EXPECT_EQ(host_.dropped("reader_gone"), 600u);
  EXPECT_EQ(host_.stop_requests(),
            std::vector<std::string>{"the reader of standard output has gone"});
  EXPECT_TRUE(sink->Stop().ok());
  host_.ExpectBalanced();
}

// The reader goes in the middle of a line: whole lines only are delivered.
TEST_F(StdoutSinkTest, CountsWholeLinesWhenTheReaderGoesInTheMiddle) {
  const int capacity = fcntl(write_fd_, F_SETPIPE_SZ, 4096);
  ASSERT_GE(capacity, 4096);
  const auto sink = Started(Stdout(), write_fd_);
  CloseWriter();
  const std::string expected = Expected(1);
  ASSERT_GT(expected.size(), 2 * static_cast<size_t>(capacity));
  std::thread reader([&] {
    EXPECT_EQ(Read(1), expected.substr(0, 1));
    CloseReader();
  });
  EXPECT_TRUE(host_.Feed(sink.get(), Input(1)).ok());
  reader.join();
  // The kernel took at least one pipe full, and at most one pipe full plus what was read.
  const auto lines_in = [&](size_t bytes) {
    return static_cast<uint64_t>(std::count(expected.begin(), expected.begin() + bytes, '\n'));
  };
  EXPECT_GE(host_.delivered(), lines_in(static_cast<size_t>(capacity)));
  EXPECT_LE(host_.delivered(), lines_in(2 * static_cast<size_t>(capacity)));
  EXPECT_EQ(host_.delivered() + host_.dropped("reader_gone"), 200u);
  EXPECT_EQ(host_.stop_requests().size(), 1u);
}

TEST_F(StdoutSinkTest, OtherFailuresAreErrors) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) GTEST_SKIP() << "SKIPPED: no /dev/full";
  const auto sink = Started(Stdout(), full);
  EXPECT_EQ(close(full), 0);
  const sdk::Status status = host_.Feed(sink.get(), Input(1));
  EXPECT_EQ(status.code(), WEIR_RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.message(), "write to standard output: No space left on device");
  EXPECT_EQ(host_.delivered(), 0u);
  EXPECT_TRUE(host_.stop_requests().empty());
  host_.ExpectBalanced();
}

TEST_F(StdoutSinkTest, SaysThatStandardOutputIsClosed) {
  EXPECT_EQ(StdoutSink(Stdout(), host_.MakeStage(), 987654).Start().message(),
            "open standard output: Bad file descriptor");
}

// The header is written once, however many batches and writes there are.
TEST_F(StdoutSinkTest, WritesCsvOnDemand) {
  Stdout config;
  config.set_format(Stdout::CSV);
  const auto sink = Started(config, write_fd_);
  CloseWriter();
  std::string got;
  std::thread reader([&] { got = Read(16 << 20); });
  EXPECT_TRUE(host_.Feed(sink.get(), Input(20), 3000).ok());
  EXPECT_TRUE(sink->Stop().ok());
  reader.join();
  EXPECT_EQ(got.find("Etype,FlowDirection,SrcMac,"), 0u);
  EXPECT_EQ(got.find("Etype", 1), std::string::npos);
  EXPECT_EQ(std::count(got.begin(), got.end(), '\n'), 4001);
  EXPECT_EQ(host_.delivered(), 4000u);
  host_.ExpectBalanced();
}

TEST_F(StdoutSinkTest, WritesATableOnDemandAndOnATerminal) {
  Stdout config;
  config.set_format(Stdout::TABLE);
  const auto sink = Started(config, write_fd_);
  EXPECT_TRUE(host_.Feed(sink.get(), {Record{}}).ok());
  EXPECT_EQ(Read(11), "START (UTC)");

  const int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) GTEST_SKIP() << "SKIPPED: no /dev/ptmx";
  ASSERT_EQ(grantpt(terminal), 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  const int slave = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) {
    close(terminal);
    GTEST_SKIP() << "SKIPPED: no pseudo terminals";
  }
  const auto on_terminal = Started(Stdout(), slave);
  EXPECT_TRUE(host_.Feed(on_terminal.get(), {Record{}}).ok());
  char text[11];
  EXPECT_EQ(read(terminal, text, sizeof(text)), static_cast<ssize_t>(sizeof(text)));
  EXPECT_EQ(std::string(text, sizeof(text)), "START (UTC)");
  close(slave);
  close(terminal);
}

TEST_F(StdoutSinkTest, DiagnosesStandardOutput) {
  StdoutSink good(Stdout(), host_.MakeStage(), write_fd_);
  EXPECT_EQ(host_.Diagnose(&good)[0].severity, WEIR_FINDING_OK);
  StdoutSink closed(Stdout(), host_.MakeStage(), 1'000'000);
  const std::vector<sdk::Finding> findings = host_.Diagnose(&closed);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[0].text, closed.Start().message());
}

}  // namespace
}  // namespace weir::sinks
