// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/testing/file_sink_fixture.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;
using sdk::testing::FakeHost;

TEST_F(FileSinkTest, AFullOrBrokenDiskIsAnErrorWithThePathAndSpoilsNothing) {
  const std::pair<int, std::string> errors[] = {
      {ENOSPC, "No space left on device"},
      {EDQUOT, "Disk quota exceeded"},
      {EFBIG, "File too large (limit of `ulimit -f`, RLIMIT_FSIZE, or of the file system)"},
      {EIO, "Input/output error"}};
  for (const auto& [error, text] : errors) {
    // The disk takes a limited number of bytes, mostly up to the middle of a line.
    for (const size_t room : {size_t{0}, size_t{1}, size_t{1000}, Lines(0, 20).size()}) {
      SetUp();
      calls_ = FaultyCalls();
      FakeHost host("archive");
      auto sink = Make(Config("flows"), &host);
      ASSERT_TRUE(sink->Start().ok());
      EXPECT_TRUE(host.Feed(sink.get(), Records(0, 20)).ok());
      calls_.error_ = error;
      calls_.room_ = room;
      EXPECT_EQ(host.Feed(sink.get(), Records(20, 100)).message(),
                "write " + In("flows") + ": " + text);
      host.ExpectBalanced();
      const uint64_t delivered = host.delivered();
      EXPECT_EQ(host.dropped("stage_failed"), 120 - delivered);
      EXPECT_TRUE(sink->Stop().ok());
      EXPECT_EQ(ReadFile(In("flows")), Lines(0, delivered));
      EXPECT_GT(ReadFile(In("flows")).size() + Lines(delivered, 1).size(),
                Lines(0, 20).size() + room);
    }
  }
}

// The kernel's limit. It sends SIGXFSZ, which `weir run` ignores.
TEST_F(FileSinkTest, ALimitOfTheSizeOfFilesIsAnErrorThatSpoilsNothing) {
  for (const File::Format format : {File::JSON, File::CSV, File::RAW}) {
    for (const File::Compression compression : {File::NONE, File::GZIP}) {
      SetUp();
      FakeHost host("archive");
      File config = Config("flows");
      config.set_format(format);
      config.set_compression(compression);
      const auto former = signal(SIGXFSZ, SIG_IGN);
      rlimit limit;
      ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
      const rlimit small = {2000, limit.rlim_max};
      ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
      auto sink = Make(config, &host);
      const bool started = sink->Start().ok();
      sdk::Status status;
      for (size_t i = 0; i < 200 && status.ok(); i += 10) {
        status = host.Feed(sink.get(), Records(i, 10));
        if (status.ok()) status = sink->Tick(i * kSecond);
      }
      const bool stopped = sink->Stop().ok();
      ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);  // before anything else is written
      ASSERT_NE(signal(SIGXFSZ, former), SIG_ERR);
      EXPECT_TRUE(started && stopped);
      EXPECT_EQ(status.message().find("write " + In("flows") + ": File too large"), 0u)
          << status.message();
      // Only a pipeline drops the records of a failed Tick; this host does not.
      if (compression == File::NONE) host.ExpectBalanced();
      const std::string text = Contents(In("flows"), compression);
      const size_t lines = format == File::RAW ? text.size() / sizeof(RawRecord)
                                               : std::count(text.begin(), text.end(), '\n') -
                                                     (format == File::CSV && !text.empty() ? 1 : 0);
      EXPECT_EQ(lines, host.delivered()) << format << " " << compression;
    }
  }
}

TEST_F(FileSinkTest, AFileThatCannotBeOpenedIsNoMissingPrivilege) {
  fs::create_directories(In("folder"));
  const std::string impossible[] = {"/proc/flows", "/sys/flows", "/dev/null/flows", In("folder"),
                                    In("none/flows")};
  for (const std::string& path : impossible) {
    File config;
    config.set_path(path);
    const sdk::Status status = Make(config)->Start();
    EXPECT_FALSE(status.ok()) << path;
    EXPECT_NE(status.code(), WEIR_PERMISSION_DENIED) << status.message();
    EXPECT_NE(status.code(), WEIR_UNIMPLEMENTED) << status.message();
  }
}

TEST_F(FileSinkTest, ABlockThatDoesNotFitIsTakenBackWhole) {
  for (const File::Compression compression : {File::GZIP, File::ZSTD}) {
    SetUp();
    calls_ = FaultyCalls();
    FakeHost host("archive");
    File config = Config("%F");
    config.set_compression(compression);
    auto sink = Make(config, &host);
    ASSERT_TRUE(sink->Start().ok());
    EXPECT_TRUE(host.Feed(sink.get(), Records(0, 20)).ok());
    EXPECT_TRUE(sink->Tick(1).ok());
    EXPECT_TRUE(host.Feed(sink.get(), Records(20, 20)).ok());
    calls_.error_ = ENOSPC;
    calls_.room_ = 100;
    EXPECT_EQ(sink->Tick(2 * kSecond).message(),
              "write " + In(".2022-08-23.part") + ": No space left on device");
    EXPECT_EQ(host.delivered(), 20u);
    EXPECT_EQ(host.counts().held, 0u);
    EXPECT_TRUE(sink->Stop().ok());
    EXPECT_EQ(Contents(In("2022-08-23"), compression), Lines(0, 20));
  }
}

// A file that cannot be cut back does not get its final name; the next start repairs it.
TEST_F(FileSinkTest, AFileThatCannotBeMendedStaysUnfinished) {
  auto sink = Started(Config("%F"));
  calls_.error_ = EIO;
  calls_.room_ = 100;
  calls_.truncate_error_ = EIO;
  const std::string part = In(".2022-08-23.part");
  EXPECT_EQ(host_.Feed(sink.get(), Records(0, 20)).message(),
            "write " + part + ": Input/output error; truncate " + part + ": Input/output error");
  EXPECT_EQ(host_.delivered(), 0u);
  EXPECT_TRUE(sink->Stop().ok());
  EXPECT_EQ(Names(), NameList({".2022-08-23.part"}));
  host_.ExpectBalanced();
}

TEST_F(FileSinkTest, FailuresToSyncCloseAndRenameAreErrorsWithThePath) {
  const std::string part = In(".2022-08-23.part");
  const auto error_of_stop = [&](int FaultyCalls::*call) {
    SetUp();
    calls_ = FaultyCalls();
    auto sink = Started(Config("%F"));
    EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 2)).ok());
    calls_.*call = EIO;
    return sink->Stop().message();
  };
  EXPECT_EQ(error_of_stop(&FaultyCalls::sync_error_), "fsync " + part + ": Input/output error");
  EXPECT_EQ(Names(), NameList({".2022-08-23.part"}));
  EXPECT_EQ(error_of_stop(&FaultyCalls::close_error_), "close " + part + ": Input/output error");
  EXPECT_EQ(error_of_stop(&FaultyCalls::rename_error_),
            "rename " + part + " to " + In("2022-08-23") + ": Input/output error");
}

TEST_F(FileSinkTest, SyncsAsOftenAsItIsTold) {
  const auto syncs = [&](File::Fsync policy) {
    SetUp();
    calls_ = FaultyCalls();
    File config = Config("%F");
    config.set_fsync(policy);
    auto sink = Started(config);
    EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 10), 1).ok());
    End(sink.get());
    return calls_.syncs_;
  };
  EXPECT_EQ(syncs(File::NEVER), 0);
  EXPECT_EQ(syncs(File::ROTATION), 2);    // the file and its folder
  EXPECT_EQ(syncs(File::BATCH), 10 + 2);  // and each batch
}

TEST_F(FileSinkTest, WhatTheDiskDidNotTakeWasNotDelivered) {
  File config = Config("flows");
  config.set_fsync(File::BATCH);
  auto sink = Started(config);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 10)).ok());
  calls_.sync_error_ = EIO;
  EXPECT_EQ(host_.Feed(sink.get(), Records(10, 10)).message(),
            "fsync " + In("flows") + ": Input/output error");
  EXPECT_EQ(host_.delivered(), 10u);
  EXPECT_EQ(ReadFile(In("flows")), Lines(0, 10));
  host_.ExpectBalanced();
}

}  // namespace
}  // namespace weir::sinks
