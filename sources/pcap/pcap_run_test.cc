// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/pcap/pcap.pb.h"
#include "sources/pcap/pcap_source.h"
#include "sources/pcap/testing/run_capture.h"
#include "sources/pcap/testing/test_capture.h"

namespace weir::sources {
namespace {

using pcap::TestPcap;
using sdk::testing::FakeHost;

TEST(PcapTest, GivesUpWhenTheHostTakesNoMore) {
  TestPcap capture;
  for (int i = 0; i < 5000; ++i) capture.Add(Frame());
  FakeHost host;
  host.FailEmits(WEIR_CANCELLED);
  const sdk::Status status = RunFiles(&host, {CaptureFile("a.pcap", capture.bytes())});
  EXPECT_EQ(status.code(), WEIR_CANCELLED);
  EXPECT_LT(host.counts().received, 5000u);
}

TEST(PcapTest, GivesUpWhenMemoryIsShort) {
  TestPcap capture;
  capture.Add(Frame());
  FakeHost host;
  host.FailAllocations(true);
  EXPECT_EQ(RunFiles(&host, {CaptureFile("a.pcap", capture.bytes())}).code(),
            WEIR_RESOURCE_EXHAUSTED);
}

TEST(PcapTest, AnInterruptionBeforeTheRunEndsIt) {
  TestPcap capture;
  capture.Add(Frame());
  FakeHost host;
  const auto source = Make(&host, Config({CaptureFile("a.pcap", capture.bytes())}));
  ASSERT_TRUE(source->Start().ok());
  source->Interrupt();
  EXPECT_TRUE(source->Run().ok());
  EXPECT_TRUE(host.records().empty());
}

// A source that runs on a thread of its own.
class RunningTest : public ::testing::Test {
 protected:
  void RunOn(const Pcap& config) {
    source_ = Make(&host_, config);
    ASSERT_TRUE(source_->Start().ok());
    thread_ = std::thread([this] { status_ = source_->Run(); });
  }
  void TearDown() override {
    if (source_ == nullptr) return;
    source_->Interrupt();
    if (thread_.joinable()) thread_.join();
    EXPECT_TRUE(status_.ok()) << status_.message();
    host_.ExpectBalanced();
  }

  FakeHost host_;
  std::unique_ptr<PcapSource> source_;
  sdk::Status status_;
  std::thread thread_;
};

TEST_F(RunningTest, EmitsWhatHasComeOutOfAPipeBeforeItWaitsForMore) {
  const std::string path = ::testing::TempDir() + "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  RunOn(Config({path}));
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  TestPcap capture;
  capture.Add(Frame());
  capture.Add(Frame());
  const std::string& bytes = capture.bytes();
  const size_t part = bytes.size() - 10;
  ASSERT_EQ(write(fd, bytes.data(), part), static_cast<ssize_t>(part));
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 1; }));
  ASSERT_EQ(write(fd, bytes.data() + part, 10), 10);
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 2; }));
  // Then it is interrupted while it waits.
  source_->Interrupt();
  thread_.join();
  close(fd);
  EXPECT_EQ(host_.metric("weir_pcap_damaged_files_total"), 0);
}

TEST_F(RunningTest, InRealTimePacketsLeaveByTheClock) {
  TestPcap capture;
  for (const uint32_t seconds : {100, 103, 102, 5000}) capture.Add(Frame(), seconds);
  Pcap config = Config({CaptureFile("slow.pcap", capture.bytes())});
  config.set_realtime(true);
  RunOn(config);
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 1; }));
  host_.AdvanceClocks(2'999'999'999);
  EXPECT_EQ(host_.records().size(), 1u);
  host_.AdvanceClocks(1);
  // What is dated before has to wait for nothing.
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 3; }));
  source_->Interrupt();
  thread_.join();
  EXPECT_EQ(host_.records().size(), 3u);
}

}  // namespace
}  // namespace weir::sources
