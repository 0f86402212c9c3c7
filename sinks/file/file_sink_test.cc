// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/file_sink.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/testing/file_sink_fixture.h"
#include "tests/vectors/vectors.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;

TEST_F(FileSinkTest, AppendsToOneFileInEachFormat) {
  for (const File::Format format : {File::JSON, File::CSV, File::PROTOBUF, File::RAW}) {
    for (const File::Compression compression : {File::NONE, File::GZIP, File::ZSTD}) {
      File config = Config("flows-" + std::to_string(format) + std::to_string(compression));
      config.set_format(format);
      config.set_compression(compression);
      auto once = Started(config);
      EXPECT_TRUE(host_.Feed(once.get(), Records(0, 200)).ok());
      End(once.get());
      const std::string whole = Contents(config.path(), compression);
      fs::remove(config.path());
      once.reset();
      for (const size_t from : {0u, 80u}) {
        auto sink = Started(config);
        EXPECT_TRUE(host_.Feed(sink.get(), Records(from, from == 0 ? 80 : 120), 7).ok());
        End(sink.get());
      }
      EXPECT_EQ(Contents(config.path(), compression), whole) << format << " " << compression;
      if (format == File::JSON) {
        EXPECT_EQ(whole, Lines(0, 200));
      }
    }
  }
  EXPECT_EQ(host_.delivered(), 12u * 400);
  host_.ExpectBalanced();
}

// The file is identical to the recording that record_file has read.
TEST_F(FileSinkTest, RawIsWhatRecordingsHold) {
  File config = Config("flows.bin");
  config.set_format(File::RAW);
  auto sink = Started(config);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 200)).ok());
  End(sink.get());
  EXPECT_EQ(ReadFile(config.path()), vectors::ReadFile(vectors::kRawRecords));
}

TEST_F(FileSinkTest, RawHasTheMostPacketsThatItCanHave) {
  File config = Config("flows.bin");
  config.set_format(File::RAW);
  auto sink = Started(config);
  Record record = Records(0, 1)[0];
  record.packets = uint64_t{1} << 40;
  EXPECT_TRUE(host_.Feed(sink.get(), {record}).ok());
  End(sink.get());
  RawRecord raw;
  const std::string bytes = ReadFile(config.path());
  ASSERT_EQ(bytes.size(), sizeof(raw));
  std::memcpy(&raw, bytes.data(), sizeof(raw));
  EXPECT_EQ(raw.metrics.packets, 0xFFFFFFFFu);
}

// As logrotate does it: moves the file away and sends a signal.
TEST_F(FileSinkTest, ReopensByItsName) {
  File config = Config("flows");
  config.set_compression(File::GZIP);
  auto sink = Started(config);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 50)).ok());
  fs::rename(In("flows"), In("flows.1"));
  EXPECT_TRUE(sink->Reopen().ok());
  EXPECT_TRUE(host_.Feed(sink.get(), Records(50, 50)).ok());
  End(sink.get());
  EXPECT_EQ(Gunzip(In("flows.1")), Lines(0, 50));
  EXPECT_EQ(Gunzip(In("flows")), Lines(50, 50));
  host_.ExpectBalanced();
}

// Ticks come more often than blocks are written, in order to check the path.
TEST_F(FileSinkTest, HoldsRecordsForTheFlushIntervalAndNoLonger) {
  const std::pair<std::string, uint64_t> intervals[] = {
      {"10ms", kSecond / 100}, {"700ms", kSecond / 10 * 7}, {"1s", kSecond}, {"90s", 90 * kSecond}};
  for (const auto& [interval, interval_ns] : intervals) {
    File config = Config(interval);
    config.set_compression(File::GZIP);
    config.set_flush_interval(interval);
    auto sink = Started(config);
    const uint64_t tick_ns = sink->TickIntervalNs();
    EXPECT_LE(tick_ns, FileSink::kLookIntervalNs);
    uint64_t ticks = 0;
    for (int blocks = 0; blocks < 3; ++blocks) {
      EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 20)).ok());
      const uint64_t begin = ticks;
      while (host_.counts().held > 0) {
        ++ticks;
        const uint64_t late_ns = ticks % 3 * tick_ns / 10;
        EXPECT_TRUE(sink->Tick(ticks * tick_ns + late_ns).ok());
      }
      const uint64_t waited_ns = (ticks - begin) * tick_ns;
      if (blocks > 0) {
        EXPECT_EQ(waited_ns, interval_ns);
      }
    }
    End(sink.get());
  }
}

// Someone truncates the open file, as logrotate's copytruncate does.
TEST_F(FileSinkTest, GoesOnBehindTheEndOfAFileThatWasCut) {
  auto sink = Started(Config("flows"));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 50)).ok());
  fs::resize_file(In("flows"), 0);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(50, 50)).ok());
  calls_.error_ = ENOSPC;
  EXPECT_FALSE(host_.Feed(sink.get(), Records(100, 50)).ok());
  EXPECT_EQ(ReadFile(In("flows")), Lines(50, 50));
}

TEST_F(FileSinkTest, HoldsWhatWaitsToBeCompressed) {
  File config = Config("flows");
  config.set_compression(File::ZSTD);
  auto sink = Started(config);
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 20)).ok());
  EXPECT_EQ(host_.counts().held, 20u);
  EXPECT_EQ(host_.delivered(), 0u);
  host_.ExpectBalanced();
  EXPECT_TRUE(sink->Tick(kSecond).ok());
  EXPECT_EQ(host_.counts().held, 0u);
  EXPECT_EQ(host_.delivered(), 20u);
  EXPECT_EQ(Unzstd(In("flows")), Lines(0, 20));
  End(sink.get());
}

}  // namespace
}  // namespace weir::sinks
