// SPDX-License-Identifier: Apache-2.0
#include "sinks/file/file_sink.h"

#include <fcntl.h>  // keep: AT_FDCWD
#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "tests/vectors/vectors.h"
#include "zlib.h"
#include "zstd.h"

namespace weir::sinks {
namespace {

namespace fs = std::filesystem;
using sdk::testing::FakeHost;
using NameList = std::vector<std::string>;

constexpr uint64_t kSecond = 1'000'000'000;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns the content of all members of a gzip file.
std::string Gunzip(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  char block[65536];
  int got = 0;
  while ((got = gzread(file, block, sizeof(block))) > 0) text.append(block, got);
  EXPECT_EQ(gzclose(file), Z_OK) << path;  // fails if the last member is cut off
  return text;
}

// Returns the content of all frames of a zstd file.
std::string Unzstd(const std::string& path) {
  const std::string bytes = Read(path);
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = ZSTD_findFrameCompressedSize(bytes.data() + at, bytes.size() - at);
    EXPECT_FALSE(ZSTD_isError(size)) << path;
    if (ZSTD_isError(size)) break;
    std::string frame(ZSTD_getFrameContentSize(bytes.data() + at, size), '\0');
    EXPECT_EQ(ZSTD_decompress(frame.data(), frame.size(), bytes.data() + at, size), frame.size());
    text += frame;
    at += size;
  }
  return text;
}

std::string Contents(const std::string& path, File::Compression compression) {
  if (compression == File::GZIP) return Gunzip(path);
  return compression == File::ZSTD ? Unzstd(path) : Read(path);
}

// System calls that fail on demand.
class FaultyCalls : public FileCalls {
 public:
  ssize_t Write(int fd, const void* from, size_t size) override {
    if (error_ == 0) return FileCalls::Write(fd, from, size);
    if (room_ == 0) {
      errno = error_;
      return -1;
    }
    const ssize_t count = FileCalls::Write(fd, from, std::min(size, room_));
    room_ -= static_cast<size_t>(count);
    return count;
  }
  int Truncate(int fd, off_t size) override {
    return Fail(truncate_error_) ? -1 : FileCalls::Truncate(fd, size);
  }
  int Sync(int fd) override {
    ++syncs_;
    return Fail(sync_error_) ? -1 : FileCalls::Sync(fd);
  }
  int Close(int fd) override {
    const int result = FileCalls::Close(fd);
    return Fail(close_error_) ? -1 : result;
  }
  int Rename(const char* from, const char* to) override {
    return Fail(rename_error_) ? -1 : FileCalls::Rename(from, to);
  }

  size_t room_ = 0;  // the bytes that writes still take
  int error_ = 0;    // of writes when room_ is 0
  int truncate_error_ = 0;
  int sync_error_ = 0;
  int close_error_ = 0;
  int rename_error_ = 0;
  int syncs_ = 0;

 private:
  static bool Fail(int error) {
    if (error != 0) errno = error;
    return error != 0;
  }
};

class FileSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "file_sink";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  std::string In(const std::string& name) const { return folder_ + "/" + name; }
  File Config(const std::string& name) const {
    File config;
    config.set_path(In(name));
    return config;
  }
  std::unique_ptr<FileSink> Make(const File& config, FakeHost* host = nullptr) {
    auto sink = FileSink::Create(config, (host == nullptr ? &host_ : host)->MakeStage(), &calls_);
    EXPECT_TRUE(sink.ok()) << sink.status().message();
    return sink.ok() ? *std::move(sink) : nullptr;
  }
  std::unique_ptr<FileSink> Started(const File& config) {
    auto sink = Make(config);
    const sdk::Status status = sink->Start();
    EXPECT_TRUE(status.ok()) << status.message();
    return sink;
  }
  static void End(FileSink* sink) {
    EXPECT_TRUE(sink->Flush().ok());
    const sdk::Status status = sink->Stop();
    EXPECT_TRUE(status.ok()) << status.message();
  }
  // Returns the names of all files, sorted.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (!entry.is_directory()) names.push_back(entry.path().string().substr(folder_.size() + 1));
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::string Lines(size_t from, size_t count) {
    static const std::vector<std::string> lines = vectors::ReadLines(vectors::kRecords);
    std::string text;
    for (size_t i = from; i < from + count; ++i) text += lines[i] + "\n";
    return text;
  }
  static std::vector<Record> Records(size_t from, size_t count) {
    static const std::vector<Record> records = vectors::InputRecords();
    return {records.begin() + static_cast<long>(from),
            records.begin() + static_cast<long>(from + count)};
  }

  FakeHost host_{"archive"};
  FaultyCalls calls_;
  std::string folder_;
};

// ---- One file -------------------------------------------------------------------

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
  EXPECT_EQ(Read(config.path()), vectors::ReadFile(vectors::kRawRecords));
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
  const std::string bytes = Read(config.path());
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

// ---- Files that somebody deletes or moves while they are written ------------------

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
    EXPECT_EQ(Read(In(".2022-08-23.part")), Lines(50, 50));
    fs::rename(In(".2022-08-23.part"), In("mine"));
    if (by_tick) {
      EXPECT_TRUE(sink->Tick(2).ok());
      EXPECT_TRUE(host_.Feed(sink.get(), Records(100, 50)).ok());
    }
    End(sink.get());
    EXPECT_EQ(Read(In("mine")), Lines(50, 50));
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
  EXPECT_EQ(Read(In("sub/flows")), Lines(10, 10));
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
  EXPECT_EQ(Read(In("flows")), Lines(50, 50));
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

// ---- One file after another -------------------------------------------------------

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
    const std::string text = Read(In(name));
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
  EXPECT_EQ(Read(In("2022-08-23.jsonl")), Lines(0, 20));
  EXPECT_EQ(Read(In("2022-08-24.jsonl")), Lines(20, 10));
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
    EXPECT_EQ(Read(In("2022-08-23.1.jsonl")), "somebody else's\n");
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

// ---- What a run that was killed has left ------------------------------------------

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
    const std::string part = Read(In(".2022-08-23.jsonl.part"));
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
  EXPECT_EQ(Read(In(".2022-08-23.part.damaged")), zeros);
  EXPECT_TRUE(host_.HasLog("does not begin with '{'"));
}

TEST_F(FileSinkTest, TakesTheTornEndOffTheFileThatItAppendsTo) {
  std::ofstream(In("flows")) << Lines(0, 3) << Lines(3, 1).substr(0, 50);
  auto sink = Started(Config("flows"));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(3, 3)).ok());
  End(sink.get());
  EXPECT_EQ(Read(In("flows")), Lines(0, 6));
}

TEST_F(FileSinkTest, LeavesAFileOfAnotherKindAlone) {
  std::ofstream(In("flows")) << "root:x:0:0::/root:/bin/sh";
  auto sink = Make(Config("flows"));
  EXPECT_EQ(sink->Start().code(), WEIR_FAILED_PRECONDITION);
  EXPECT_EQ(Read(In("flows")), "root:x:0:0::/root:/bin/sh");
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

// ---- Disks that are full or broken ------------------------------------------------

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
      EXPECT_EQ(Read(In("flows")), Lines(0, delivered));
      EXPECT_GT(Read(In("flows")).size() + Lines(delivered, 1).size(), Lines(0, 20).size() + room);
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
  EXPECT_EQ(Read(In("flows")), Lines(0, 10));
  host_.ExpectBalanced();
}

// ---- What an administrator expects --------------------------------------------------

TEST_F(FileSinkTest, PermissionsAreAsConfiguredWhateverTheUmask) {
  const mode_t former = umask(0077);
  File config = Config("flows");
  EXPECT_TRUE(Started(config)->Stop().ok());
  config = Config("public");
  config.set_mode("644");
  EXPECT_TRUE(Started(config)->Stop().ok());
  umask(former);
  struct stat info;
  ASSERT_EQ(stat(In("flows").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  ASSERT_EQ(stat(In("public").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u);
  // The permissions of an existing file stay as its owner set them.
  config.set_mode("600");
  EXPECT_TRUE(Started(config)->Stop().ok());
  ASSERT_EQ(stat(In("public").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u);
}

TEST_F(FileSinkTest, FollowsNoLinkAndWritesToRegularFilesOnly) {
  fs::create_symlink("elsewhere", In("link"));
  EXPECT_EQ(Make(Config("link"))->Start().message(),
            "open " + In("link") + ": it is a symbolic link, which is not followed");
  ASSERT_EQ(mkfifo(In("pipe").c_str(), 0600), 0);
  EXPECT_EQ(Make(Config("pipe"))->Start().message(),
            "open " + In("pipe") + ": it is no regular file");
  fs::create_directories(In("folder"));
  EXPECT_EQ(Make(Config("folder"))->Start().message(), "open " + In("folder") + ": Is a directory");
  EXPECT_EQ(Names(), NameList({"link", "pipe"}));
}

TEST_F(FileSinkTest, FoldersAreMadeOnlyIfAskedFor) {
  EXPECT_EQ(Make(Config("none/flows"))->Start().message(),
            "open " + In("none/flows") + ": No such file or directory");
  EXPECT_EQ(Make(Config("none/%F"))->Start().message(),
            "write to the folder " + In("none") + ": No such file or directory");
  File config = Config("none/of/them/flows");
  config.set_create_folders(true);
  EXPECT_TRUE(Started(config)->Stop().ok());
  struct stat info;
  ASSERT_EQ(stat(In("none/of").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0027, 0u);
}

TEST_F(FileSinkTest, TwoStagesDoNotWriteTheSameFile) {
  FakeHost other("second", &host_);
  auto sink = Make(Config("flows"));
  EXPECT_EQ(FileSink::Create(Config("./flows"), other.MakeStage()).status().message(),
            "path: sink 'archive' has it too");
  // Another process, or the same file by another name.
  FakeHost stranger;
  fs::create_directory_symlink(".", In("same"));
  auto second = Make(Config("same/flows"), &stranger);
  ASSERT_TRUE(sink->Start().ok());
  EXPECT_EQ(second->Start().message(),
            "open " + In("same/flows") + ": another stage or process is writing to it");
  EXPECT_TRUE(sink->Stop().ok());
  EXPECT_TRUE(second->Start().ok());
  EXPECT_TRUE(second->Stop().ok());
  sink.reset();
  EXPECT_TRUE(FileSink::Create(Config("flows"), other.MakeStage()).ok());
}

TEST_F(FileSinkTest, AnotherProcessesUnfinishedFileIsNotTaken) {
  auto sink = Started(Config("%F"));
  EXPECT_TRUE(host_.Feed(sink.get(), Records(0, 2)).ok());
  FakeHost stranger;
  EXPECT_EQ(Make(Config("%F"), &stranger)->Start().message(),
            "open " + In(".2022-08-23.part") + ": another stage or process is writing to it");
  End(sink.get());
}

TEST_F(FileSinkTest, RotationWantsATimeInThePath) {
  File config = Config("flows");
  config.set_rotate_bytes(1000);
  EXPECT_EQ(FileSink::Create(config, host_.MakeStage()).status().message(),
            "rotate_bytes: `path` must have a time in it, such as %Y%m%d-%H%M%S, for one file to "
            "follow another");
}

// ---- Diagnosis ------------------------------------------------------------------

class FileSinkDiagnosisTest : public FileSinkTest {
 protected:
  // The test fails if the folder changes.
  sdk::Finding Diagnose(const File& config) {
    const NameList before = Names();
    const std::vector<sdk::Finding> findings = host_.Diagnose(Make(config).get());
    EXPECT_EQ(Names(), before);
    EXPECT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].subject, "path");
    return findings[0];
  }
  std::string WhyMissing(const File& config) {
    const sdk::Finding finding = Diagnose(config);
    EXPECT_EQ(finding.severity, WEIR_FINDING_MISSING);
    EXPECT_FALSE(Make(config)->Start().ok());
    return finding.text;
  }
};

TEST_F(FileSinkDiagnosisTest, AFileThatStartsIsWritable) {
  EXPECT_EQ(Diagnose(Config("flows")).severity, WEIR_FINDING_OK);
  EXPECT_EQ(Diagnose(Config("%F")).text, In("2022-08-23") + " can be written");
  std::ofstream(In("there")) << Lines(0, 2);
  EXPECT_EQ(Diagnose(Config("there")).severity, WEIR_FINDING_OK);
  EXPECT_EQ(Read(In("there")), Lines(0, 2));
}

TEST_F(FileSinkDiagnosisTest, WhatStartRefusesIsMissing) {
  EXPECT_EQ(WhyMissing(Config("none/flows")),
            "write to the folder " + In("none") + ": No such file or directory");
  EXPECT_EQ(WhyMissing(Config("none/%F")),
            "write to the folder " + In("none") + ": No such file or directory");
  std::ofstream(In("text")) << "This is no record.\n";
  EXPECT_EQ(WhyMissing(Config("text/%F")),
            "write to the folder " + In("text") + ": Not a directory");
  const std::string refused = Make(Config("text"))->Start().message();
  EXPECT_EQ(WhyMissing(Config("text")), refused);
  fs::create_directories(In("folder"));
  EXPECT_EQ(WhyMissing(Config("folder")), "open " + In("folder") + ": Is a directory");
  fs::create_symlink("elsewhere", In("link"));
  EXPECT_EQ(WhyMissing(Config("link")),
            "open " + In("link") + ": it is a symbolic link, which is not followed");
}

TEST_F(FileSinkDiagnosisTest, AFileThatAnotherProcessWritesIsMissing) {
  auto sink = Started(Config("flows"));
  auto rotating = Started(Config("%F"));
  EXPECT_TRUE(host_.Feed(rotating.get(), Records(0, 2)).ok());
  FakeHost stranger;
  for (const char* const name : {"flows", "%F"}) {
    auto other = Make(Config(name), &stranger);
    const std::vector<sdk::Finding> findings = stranger.Diagnose(other.get());
    EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
    EXPECT_EQ(findings[0].text, other->Start().message());
  }
  End(sink.get());
  End(rotating.get());
}

TEST_F(FileSinkDiagnosisTest, FoldersThatAreMadeNeedAFolderThatIsThere) {
  File config = Config("none/of/them/flows");
  config.set_create_folders(true);
  EXPECT_EQ(Diagnose(config).severity, WEIR_FINDING_OK);
  EXPECT_FALSE(fs::exists(In("none")));
  std::ofstream(In("text")) << "x";
  config.set_path(In("text/none/flows"));
  EXPECT_EQ(WhyMissing(config), "write to the folder " + In("text/none") + ": Not a directory");
}

// A process without capabilities needs the permission of the folder, also as root.
TEST_F(FileSinkDiagnosisTest, AFolderWithoutPermissionIsMissing) {
  fs::create_directories(In("closed"));
  ASSERT_EQ(chmod(In("closed").c_str(), 0500), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capset, &header, none) != 0) _exit(2);
    const sdk::Finding finding = Diagnose(Config("closed/%F"));
    const bool as_expected =
        finding.severity == WEIR_FINDING_MISSING &&
        finding.text == "write to the folder " + In("closed") + ": Permission denied";
    _exit(as_expected ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
}

}  // namespace
}  // namespace weir::sinks
