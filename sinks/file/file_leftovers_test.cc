// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_sink.h"
#include "sinks/file/testing/file_sink_fixture.h"

namespace weir::sinks {
namespace {

using sdk::testing::FakeHost;

TEST_F(FileSinkTest, FinishesWhatAFormerRunHasLeftWithoutItsTornEnd) {
  for (const File::Compression compression : {File::NONE, File::GZIP, File::ZSTD}) {
    SetUp();
    File config = Config("%F.jsonl");
    config.set_compression(compression);
    {
      auto killed = Started(config);  // never stopped
      EXPECT_TRUE(host_.Feed(killed.get(), Records(0, 10)).ok());
      EXPECT_TRUE(killed->Tick(1).ok());
    }
    const std::string part = ReadFile(In(".2022-08-23.jsonl.part"));
    std::ofstream(In(".2022-08-23.jsonl.part"), std::ios::app) << part.substr(0, 100);
    auto sink = Started(config);
    EXPECT_EQ(Names(), NameList({"2022-08-23.jsonl"}));
    EXPECT_EQ(Contents(In("2022-08-23.jsonl"), compression), Lines(0, 10));
    End(sink.get());
  }
  EXPECT_TRUE(host_.HasLog("the last 100 bytes were no whole record"));
}

TEST_F(FileSinkTest, ALeftoverWithoutAWholeRecordGoes) {
  std::ofstream(In(".2022-08-23.part")) << "{\"Etype\":20";
  auto sink = Started(Config("%F"));
  EXPECT_TRUE(Names().empty());
}

TEST_F(FileSinkTest, ALeftoverThatIsDamagedIsSetAside) {
  const std::string zeros(100'000, '\0');
  std::ofstream(In(".2022-08-23.part")) << zeros;
  auto sink = Started(Config("%F"));
  EXPECT_EQ(Names(), NameList({".2022-08-23.part.damaged"}));
  EXPECT_EQ(ReadFile(In(".2022-08-23.part.damaged")), zeros);
  EXPECT_TRUE(host_.HasLog("does not begin with '{\"Etype\":'"));
}

TEST_F(FileSinkTest, TakesTheTornEndOffTheFileThatItAppendsTo) {
  std::ofstream(In("flows")) << Lines(0, 3) << Lines(3, 1).substr(0, 50);
  auto sink = Started(Config("flows"));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(3, 3)).ok());
  End(sink.get());
  EXPECT_EQ(ReadFile(In("flows")), Lines(0, 6));
}

TEST_F(FileSinkTest, LeavesAFileOfAnotherKindAlone) {
  std::ofstream(In("flows")) << "root:x:0:0::/root:/bin/sh";
  auto sink = Make(Config("flows"));
  EXPECT_EQ(sink->Start().code(), WEIR_FAILED_PRECONDITION);
  EXPECT_EQ(ReadFile(In("flows")), "root:x:0:0::/root:/bin/sh");
}

// Kills a process that writes as fast as it can, again and again. The records are numbered, so that
// an incomplete, repeated or misplaced record is noticed.
TEST_F(FileSinkTest, AKillInTheMiddleOfWritingTearsNoRecord) {
  struct Kind {
    File::Format format;
    File::Compression compression;
  };
  for (const Kind kind : {Kind{File::JSON, File::NONE}, Kind{File::RAW, File::NONE},
                          Kind{File::RAW, File::GZIP}, Kind{File::RAW, File::ZSTD}}) {
    SetUp();
    File config = Config("%F");
    config.set_format(kind.format);
    config.set_compression(kind.compression);
    config.set_rotate_bytes(kind.compression == File::NONE ? 1'000'000 : 30'000);
    config.set_fsync(File::NEVER);
    for (int kill_number = 0; kill_number < 6; ++kill_number) {
      const size_t files = Names().size();
      const pid_t child = fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        FakeHost host;
        auto sink = FileSink::Create(config, host.MakeStage());
        if (!sink.ok() || !(*sink)->Start().ok()) _exit(1);
        std::vector<Record> records(2000);
        for (uint32_t next = 0;;) {
          for (Record& record : records) record.if_index = next++;
          if (!host.Feed(sink->get(), records, 2000).ok()) _exit(2);
        }
      }
      // Several files and a part of one.
      while (Names().size() < files + 3) {
        ASSERT_EQ(waitpid(child, nullptr, WNOHANG), 0);
        usleep(100 + 700 * kill_number);
      }
      ASSERT_EQ(kill(child, SIGKILL), 0);
      ASSERT_EQ(waitpid(child, nullptr, 0), child);
    }
    End(Started(config).get());
    size_t records = 0;
    for (const std::string& name : Names()) {
      ASSERT_NE(name[0], '.') << name;
      const std::string text = Contents(In(name), kind.compression);
      if (kind.format == File::JSON) {
        ASSERT_EQ(text.back(), '\n');
        records += static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
        continue;
      }
      ASSERT_EQ(text.size() % sizeof(RawRecord), 0u) << name;
      RawRecord first;
      for (size_t at = 0; at < text.size(); at += sizeof(RawRecord), ++records) {
        RawRecord raw;
        std::memcpy(&raw, text.data() + at, sizeof(raw));
        if (at == 0) first = raw;
        ASSERT_EQ(raw.key.if_index, first.key.if_index + at / sizeof(RawRecord)) << name;
      }
    }
    EXPECT_GT(records, 10'000u);
  }
}

}  // namespace
}  // namespace weir::sinks
