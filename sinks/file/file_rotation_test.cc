// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>  // keep: AT_FDCWD

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_sink.h"
#include "sinks/file/testing/file_sink_fixture.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;

TEST_F(FileSinkTest, AFileHasItsNameOnceItIsComplete) {
  File config = Config("%Y/flows-%H%M%S.csv");
  config.set_format(File::CSV);
  config.set_create_folders(true);
  config.set_rotate_interval("1h");
  auto sink = Started(config);
  EXPECT_TRUE(Names().empty());  // nothing to write yet
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 10)).ok());
  EXPECT_EQ(Names(), NameList({"2022/.flows-163322.csv.part"}));
  host_.AdvanceClocks(1590 * kSecond);  // 16:59:52
  EXPECT_TRUE(sink->Tick(1).ok());
  EXPECT_EQ(Names(), NameList({"2022/.flows-163322.csv.part"}));
  host_.AdvanceClocks(13 * kSecond);
  EXPECT_TRUE(sink->Tick(2).ok());
  EXPECT_EQ(Names(), NameList({"2022/flows-163322.csv"}));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(10, 10)).ok());
  EXPECT_TRUE(sink->Reopen().ok());
  EXPECT_EQ(Names(), NameList({"2022/flows-163322.csv", "2022/flows-170005.csv"}));
  for (const std::string& name : Names()) {
    const std::string text = ReadFile(In(name));
    EXPECT_EQ(text.find(CsvEncoder::kHeader), 0u) << name;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11) << name;
  }
  EXPECT_TRUE(sink->Reopen().ok());
  End(sink.get());
  EXPECT_EQ(Names().size(), 2u);
}

TEST_F(FileSinkTest, WithoutARuleAFileLastsAsLongAsItsName) {
  auto sink = Started(Config("%F.jsonl"));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 10)).ok());
  host_.AdvanceClocks(7 * 3600 * kSecond);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(10, 10)).ok());
  EXPECT_EQ(Names(), NameList({".2022-08-23.jsonl.part"}));
  host_.AdvanceClocks(3600 * kSecond);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(20, 10)).ok());
  EXPECT_EQ(Names(), NameList({".2022-08-24.jsonl.part", "2022-08-23.jsonl"}));
  End(sink.get());
  EXPECT_EQ(ReadFile(In("2022-08-23.jsonl")), Lines(0, 20));
  EXPECT_EQ(ReadFile(In("2022-08-24.jsonl")), Lines(20, 10));
}

TEST_F(FileSinkTest, FilesOfOneNameAreNumberedAndHoldEachRecordOnce) {
  for (const File::Compression compression : {File::NONE, File::GZIP, File::ZSTD}) {
    SetUp();
    File config = Config("%F.jsonl");
    config.set_rotate_bytes(10'000);
    config.set_compression(compression);
    config.set_max_files(1000);
    std::ofstream(In("2022-08-23.1.jsonl")) << "somebody else's\n";
    auto sink = Started(config);
    for (size_t i = 0; i < 200; i += 5) {
      EXPECT_TRUE(host_.Feed(sink.get(), Records(i, 5), 2).ok());
      EXPECT_TRUE(sink->Tick(i * kSecond).ok());
    }
    End(sink.get());
    EXPECT_EQ(ReadFile(In("2022-08-23.1.jsonl")), "somebody else's\n");
    const size_t files = Names().size();
    ASSERT_GE(files, 3u);
    std::string all = Contents(In("2022-08-23.jsonl"), compression);
    for (size_t number = 2; number < files; ++number) {
      all += Contents(In("2022-08-23." + std::to_string(number) + ".jsonl"), compression);
    }
    EXPECT_EQ(all, Lines(0, 200));
  }
  host_.ExpectBalanced();
}

TEST_F(FileSinkTest, RemovesWhatIsTooMuchOrTooOldAndNothingElse) {
  File config = Config("%H%M%S");
  config.set_max_files(3);
  config.set_max_age("1h");
  const auto make = [&](const std::string& name, int64_t age_seconds) {
    std::ofstream(In(name)) << "x";
    const timespec times[2] = {{1661272402 - age_seconds, 0}, {1661272402 - age_seconds, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, In(name).c_str(), times, 0), 0);
  };
  make("000001", 3500);
  make("000002", 20);
  make("000003", 10);
  make("000004", 5);
  make("00000x", 10'000);
  make("0000001", 10'000);
  fs::create_symlink("00000x", In("000005"));
  auto sink = Started(config);
  EXPECT_EQ(Names(), NameList({"0000001", "000002", "000003", "000004", "000005", "00000x"}));
  host_.AdvanceClocks(3585 * kSecond);
  EXPECT_TRUE(sink->Tick(3585 * kSecond).ok());
  EXPECT_EQ(Names(), NameList({"0000001", "000003", "000004", "000005", "00000x"}));
  EXPECT_TRUE(host_.HasLog("removed " + In("000002")));
  End(sink.get());
}

TEST_F(FileSinkTest, RotationWantsATimeInThePath) {
  File config = Config("flows");
  config.set_rotate_bytes(1000);
  EXPECT_EQ(FileSink::Create(config, host_.MakeStage()).status().message(),
            "rotate_bytes: `path` must have a time in it, such as %Y%m%d-%H%M%S, for one file to "
            "follow another");
}

}  // namespace
}  // namespace weir::sinks
