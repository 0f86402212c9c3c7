// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_sink.h"
#include "sinks/file/testing/file_sink_fixture.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;
using sdk::testing::FakeHost;

TEST_F(FileSinkTest, WhatComesAfterADeletionGoesToANewFile) {
  for (const File::Format format : {File::JSON, File::CSV, File::PROTOBUF, File::RAW}) {
    for (const File::Compression compression : {File::NONE, File::GZIP, File::ZSTD}) {
      SetUp();
      File config = Config("whole");
      config.set_format(format);
      config.set_compression(compression);
      auto whole = Started(config);
      EXPECT_TRUE(host_.Feed(whole.get(), Records(50, 100)).ok());
      End(whole.get());

      config.set_path(In("flows"));
      auto sink = Started(config);
      EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 50)).ok());
      EXPECT_TRUE(sink->Flush().ok());
      // A part of a compressed block is held while the file is deleted; it is not lost.
      if (compression != File::NONE) {
        EXPECT_TRUE(host_.Feed(sink.get(), Records(50, 30)).ok());
      }
      fs::remove(In("flows"));
      const size_t from = compression != File::NONE ? 80 : 50;
      EXPECT_TRUE(host_.Feed(sink.get(), Records(from, 150 - from), 7).ok());
      End(sink.get());
      EXPECT_EQ(Contents(In("flows"), compression), Contents(In("whole"), compression))
          << format << " " << compression;
    }
  }
  EXPECT_TRUE(host_.HasLog(In("flows") + " was deleted, and 4200 bytes of records with it"));
  host_.ExpectBalanced();
}

// A tick notices it, so that the file is there again even if no records come.
TEST_F(FileSinkTest, AFileThatIsNotAtItsPathIsOpenedAnewWithoutRecords) {
  const std::pair<std::string, std::function<void()>> changes[] = {
      {"deleted", [&] { fs::remove(In("sub/flows")); }},
      {"renamed", [&] { fs::rename(In("sub/flows"), In("sub/flows.1")); }},
      {"replaced",
       [&] {
         std::ofstream(In("new")) << Lines(100, 1);
         fs::rename(In("new"), In("sub/flows"));
       }},
      {"folder deleted",
       [&] {
         fs::remove_all(In("sub"));
         fs::create_directories(In("sub"));
       }},
      {"folder renamed",
       [&] {
         fs::rename(In("sub"), In("other"));
         fs::create_directories(In("sub"));
       }},
      {"moved and deleted",
       [&] {
         fs::rename(In("sub/flows"), In("sub/flows.1"));
         fs::remove(In("sub/flows.1"));
       }},
  };
  for (const File::Compression compression : {File::NONE, File::GZIP}) {
    for (const auto& [what, change] : changes) {
      if (what == "replaced" && compression != File::NONE)
        continue;  // the replacement is a text file
      SetUp();
      fs::create_directories(In("sub"));
      File config = Config("sub/flows");
      config.set_compression(compression);
      config.set_flush_interval("1h");
      auto sink = Started(config);
      EXPECT_LE(sink->TickIntervalNs(), kSecond / 2);
      EXPECT_TRUE(sink->Tick(0).ok());
      EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 50)).ok());
      change();
      EXPECT_TRUE(sink->Tick(kSecond / 2).ok()) << what;
      ASSERT_TRUE(fs::exists(In("sub/flows"))) << what;
      EXPECT_TRUE(host_.Feed(sink.get(), Records(101, 50)).ok());
      End(sink.get());
      const std::string text = Contents(In("sub/flows"), compression);
      const std::string after = what == "replaced" ? Lines(100, 51) : Lines(101, 50);
      const bool renamed = fs::exists(In("sub/flows.1")) || fs::exists(In("other/flows"));
      // The held records were not in the deleted file.
      EXPECT_EQ(text, compression == File::GZIP && !renamed ? Lines(0, 50) + after : after) << what;
      if (renamed) {
        const std::string moved =
            fs::exists(In("sub/flows.1")) ? In("sub/flows.1") : In("other/flows");
        EXPECT_EQ(Contents(moved, compression), Lines(0, 50)) << what;
      }
    }
  }
  host_.ExpectBalanced();
}

TEST_F(FileSinkTest, OneOfManyFilesThatIsDeletedOrMovedIsNotMissed) {
  for (const bool by_tick : {true, false}) {
    SetUp();
    auto sink = Started(Config("%F"));
    EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 50)).ok());
    fs::remove(In(".2022-08-23.part"));
    if (by_tick) {
      EXPECT_TRUE(sink->Tick(1).ok());
    }
    EXPECT_TRUE(host_.Feed(sink.get(), Records(50, 50)).ok());
    EXPECT_EQ(ReadFile(In(".2022-08-23.part")), Lines(50, 50));
    fs::rename(In(".2022-08-23.part"), In("mine"));
    if (by_tick) {
      EXPECT_TRUE(sink->Tick(2).ok());
      EXPECT_TRUE(host_.Feed(sink.get(), Records(100, 50)).ok());
    }
    End(sink.get());
    EXPECT_EQ(ReadFile(In("mine")), Lines(50, 50));
    EXPECT_EQ(Names(), by_tick ? NameList({"2022-08-23", "mine"}) : NameList({"mine"}));
  }
  host_.ExpectBalanced();
}

// Also at the end, when nothing was written since then: the run does not fail.
TEST_F(FileSinkTest, ADeletedFileFailsNoRun) {
  for (const char* const name : {"flows", "%F"}) {
    auto sink = Started(Config(name));
    EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 50)).ok());
    for (const std::string& file : Names()) fs::remove(In(file));
    EXPECT_TRUE(sink->Stop().ok());
  }
}

TEST_F(FileSinkTest, RecordsWaitForAFolderThatIsMadeAgain) {
  for (const File::Compression compression : {File::NONE, File::ZSTD}) {
    SetUp();
    FakeHost host("archive");
    fs::create_directories(In("sub"));
    File config = Config("sub/flows");
    config.set_compression(compression);
    auto sink = Make(config, &host);
    ASSERT_TRUE(sink->Start().ok());
    fs::remove_all(In("sub"));
    EXPECT_TRUE(sink->Tick(kSecond).ok());
    EXPECT_TRUE(host.HasLog("open " + In("sub/flows") + ": No such file or directory"));
    // While no records wait, the folder may be missing for any time.
    host.AdvanceClocks(100 * FileSink::kPatienceNs);
    EXPECT_TRUE(sink->Tick(2 * kSecond).ok());
    EXPECT_TRUE(sink->Reopen().ok());
    std::thread other([&] {
      if (compression == File::NONE) {
        host.WaitFor([&] { return host.counts().received >= 100; });
        EXPECT_EQ(host.delivered(), 0u);
      }
      fs::create_directories(In("sub"));
      host.AdvanceClocks(FileSink::kPatienceNs / 2);
    });
    EXPECT_TRUE(host.Feed(sink.get(), Records(0, 100)).ok());
    other.join();
    EXPECT_TRUE(sink->Tick(3 * kSecond).ok());
    End(sink.get());
    EXPECT_EQ(Contents(In("sub/flows"), compression), Lines(0, 100));
    EXPECT_TRUE(host.HasLog("opened " + In("sub/flows")));
    EXPECT_EQ(host.delivered(), 100u);
    host.ExpectBalanced();
  }
}

TEST_F(FileSinkTest, RecordsDoNotWaitForAFolderForEver) {
  const std::string error = "open " + In("sub/flows") + ": No such file or directory";
  for (const bool interrupted : {false, true}) {
    SetUp();
    FakeHost host("archive");
    fs::create_directories(In("sub"));
    auto sink = Make(Config("sub/flows"), &host);
    ASSERT_TRUE(sink->Start().ok());
    fs::remove_all(In("sub"));
    std::thread other([&] {
      host.WaitFor([&] { return host.HasLog(error); });
      if (interrupted) {
        sink->Interrupt();
      } else {
        host.AdvanceClocks(FileSink::kPatienceNs);
      }
    });
    const sdk::Status status = host.Feed(sink.get(), Records(0, 100));
    other.join();
    EXPECT_EQ(status.message(), error);
    EXPECT_EQ(status.code(), interrupted ? WEIR_CANCELLED : WEIR_NOT_FOUND);
    EXPECT_TRUE(sink->Stop().ok());
    EXPECT_EQ(host.dropped("stage_failed"), 100u);
    host.ExpectBalanced();
  }
}

// Compressed records that wait at the end of the run, and would otherwise be lost silently.
TEST_F(FileSinkTest, RecordsThatWaitInVainAreAnErrorAtTheEnd) {
  fs::create_directories(In("sub"));
  File config = Config("sub/flows");
  config.set_compression(File::GZIP);
  auto sink = Started(config);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 100)).ok());
  fs::remove_all(In("sub"));
  EXPECT_TRUE(sink->Tick(kSecond).ok());
  EXPECT_EQ(host_.counts().held, 100u);
  EXPECT_EQ(sink->Flush().message(), "open " + In("sub/flows") + ": No such file or directory");
  EXPECT_EQ(host_.delivered(), 0u);
}

TEST_F(FileSinkTest, MakesAFolderAnewIfItMayMakeFolders) {
  File config = Config("sub/flows");
  config.set_create_folders(true);
  auto sink = Started(config);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 10)).ok());
  fs::remove_all(In("sub"));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(10, 10)).ok());
  End(sink.get());
  EXPECT_EQ(ReadFile(In("sub/flows")), Lines(10, 10));
}

}  // namespace
}  // namespace weir::sinks
