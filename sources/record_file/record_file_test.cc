// SPDX-License-Identifier: Apache-2.0
#include "sources/record_file/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/record/json.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "tests/vectors/vectors.h"

namespace weir::sources {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::MakeComponent;

RecordFile Config(const std::string& path) {
  RecordFile config;
  config.set_path(path);
  config.set_wall_clock("2022-08-23T16:33:22.123456789Z");
  config.set_mono_clock_ns(10'000'000'000'000);
  return config;
}

std::unique_ptr<RecordFileSource> Make(FakeHost* host, const RecordFile& config) {
  auto made = MakeComponent<RecordFileSource>(host, config);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return *std::move(made);
}

std::string TemporaryFile(const std::string& name, const std::string& bytes) {
  const std::string path = ::testing::TempDir() + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string ErrorOfCreate(const RecordFile& config) {
  FakeHost host;
  return MakeComponent<RecordFileSource>(&host, config).status().message();
}

TEST(RecordFileTest, ReadsTheReferencesRecords) {
  FakeHost host;
  const auto source = Make(&host, Config(vectors::kRawRecords));
  ASSERT_TRUE(source->Start().ok());
  ASSERT_TRUE(source->Run().ok());
  EXPECT_TRUE(source->Stop().ok());
  const std::vector<std::string> expected = vectors::ReadLines(vectors::kRecords);
  const std::vector<Record> records = host.records();
  ASSERT_EQ(records.size(), expected.size());
  for (size_t i = 0; i < records.size(); ++i) {
    Record named = records[i];
    EXPECT_EQ(InterfaceName(named), "");
    SetInterfaceName(vectors::Name(named.if_index), &named);
    std::string json;
    AppendJson(named, &json);
    EXPECT_EQ(json, expected[i]);
  }
  host.ExpectBalanced();
}

// Larger than a block, and not a multiple of one.
TEST(RecordFileTest, ReadsAcrossBlocks) {
  const std::string bytes = vectors::ReadFile(vectors::kRawRecords);
  std::string large;
  for (int i = 0; i < 50; ++i) large += bytes;
  const std::string path = TemporaryFile("large.bin", large);
  FakeHost host;
  const auto source = Make(&host, Config(path));
  ASSERT_TRUE(source->Start().ok());
  ASSERT_TRUE(source->Run().ok());
  const std::vector<Record> records = host.records();
  ASSERT_EQ(records.size(), 10000u);
  EXPECT_EQ(host.batches()[0].records.size(), sdk::BatchWriter::kDefaultRows);
  for (size_t i = 200; i < records.size(); ++i) {
    ASSERT_EQ(std::memcmp(&records[i], &records[i % 200], sizeof(Record)), 0) << i;
  }
  host.ExpectBalanced();
}

TEST(RecordFileTest, ShortInputIsAnErrorAfterAllThatIsWhole) {
  const std::string bytes = vectors::ReadFile(vectors::kRawRecords).substr(0, 3 * 84 + 80);
  const std::string path = TemporaryFile("short.bin", bytes);
  FakeHost host;
  const auto source = Make(&host, Config(path));
  ASSERT_TRUE(source->Start().ok());
  const sdk::Status status = source->Run();
  EXPECT_EQ(status.code(), WEIR_DATA_LOSS);
  EXPECT_EQ(status.message(),
            path + ": at byte 252: input ends inside a record: 80 of 84 bytes came");
  EXPECT_EQ(host.records().size(), 3u);
  host.ExpectBalanced();
}

TEST(RecordFileTest, AnEmptyRecordingIsNoError) {
  FakeHost host;
  const auto source = Make(&host, Config(TemporaryFile("empty.bin", "")));
  ASSERT_TRUE(source->Start().ok());
  EXPECT_TRUE(source->Run().ok());
  EXPECT_TRUE(host.batches().empty());
}

TEST(RecordFileTest, SaysWhatCannotBeOpened) {
  FakeHost host;
  const auto missing = Make(&host, Config("/nonexistent"))->Start();
  EXPECT_EQ(missing.code(), WEIR_NOT_FOUND);
  EXPECT_EQ(missing.message(), "open /nonexistent: No such file or directory");
  EXPECT_EQ(Make(&host, Config("/"))->Start().message(), "open /: Is a directory");
}

TEST(RecordFileTest, WantsBothClocksOrNeither) {
  RecordFile config = Config("-");
  config.clear_mono_clock_ns();
  EXPECT_EQ(ErrorOfCreate(config), "wall_clock and mono_clock_ns: give both or neither");
  config.clear_wall_clock();
  EXPECT_EQ(ErrorOfCreate(config), "");
  config.set_mono_clock_ns(1);
  EXPECT_NE(ErrorOfCreate(config), "");
  EXPECT_EQ(ErrorOfCreate(RecordFile()), "path: is required");
}

TEST(RecordFileTest, TakesOnlyInstantsThatItCanKeep) {
  RecordFile config = Config("-");
  for (const char* bad : {"yesterday", "2022-08-23", "infinite-future", "9999-01-01T00:00:00Z"}) {
    config.set_wall_clock(bad);
    EXPECT_EQ(ErrorOfCreate(config).find("wall_clock: "), 0u) << bad;
  }
  config.set_wall_clock("2022-08-23T18:33:22.123456789+02:00");
  EXPECT_EQ(ErrorOfCreate(config), "");
}

TEST(RecordFileTest, TakesTheClocksOfNowIfNoneAreGiven) {
  FakeHost host;
  host.SetClocks(5'000'000'000, 10'000'000'000'000);
  RecordFile config;
  config.set_path(vectors::kRawRecords);
  const auto source = Make(&host, config);
  ASSERT_TRUE(source->Start().ok());
  ASSERT_TRUE(source->Run().ok());
  const Record record = host.records()[0];
  EXPECT_EQ(record.end_wall_time_ns,
            5'000'000'000 - (10'000'000'000'000 - static_cast<int64_t>(record.end_mono_time_ns)));
}

TEST(RecordFileTest, GivesUpWhenTheHostTakesNoMore) {
  FakeHost host;
  const auto source = Make(&host, Config(vectors::kRawRecords));
  ASSERT_TRUE(source->Start().ok());
  host.FailEmits(WEIR_CANCELLED);
  const sdk::Status status = source->Run();
  EXPECT_EQ(status.code(), WEIR_CANCELLED);
  EXPECT_EQ(status.message(), "the pipeline takes no more records");
  host.ExpectBalanced();
}

// A named pipe, as from a live feed.
class PipeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "feed." + std::to_string(getpid());
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    source_ = Make(&host_, Config(path_));
    ASSERT_TRUE(source_->Start().ok());  // does not wait for the writer
    thread_ = std::thread([this] { status_ = source_->Run(); });
  }
  void TearDown() override {
    if (thread_.joinable()) {
      source_->Interrupt();
      thread_.join();
    }
    EXPECT_EQ(unlink(path_.c_str()), 0);
  }
  void Write(int fd, const std::string& bytes) {
    ASSERT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  std::string path_;
  FakeHost host_;
  std::unique_ptr<RecordFileSource> source_;
  sdk::Status status_;
  std::thread thread_;
};

TEST_F(PipeTest, EmitsWhatHasComeBeforeItWaitsForMore) {
  const std::string bytes = vectors::ReadFile(vectors::kRawRecords);
  const int fd = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  Write(fd, bytes.substr(0, 84 + 40));
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 1; }));
  Write(fd, bytes.substr(84 + 40, 44));
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 2; }));
  close(fd);
  thread_.join();  // at the end of the input
  EXPECT_TRUE(status_.ok()) << status_.message();
  host_.ExpectBalanced();
}

TEST_F(PipeTest, IsInterruptedWhileItWaits) {
  const int fd = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  Write(fd, vectors::ReadFile(vectors::kRawRecords).substr(0, 84 + 1));
  EXPECT_TRUE(host_.WaitFor([&] { return host_.records().size() == 1; }));
  source_->Interrupt();
  source_->Interrupt();
  thread_.join();
  EXPECT_TRUE(status_.ok()) << status_.message();  // an incomplete record is then no error
  close(fd);
}

TEST_F(PipeTest, IsInterruptedWhileNobodyWrites) {
  source_->Interrupt();
  thread_.join();
  EXPECT_TRUE(status_.ok()) << status_.message();
}

std::vector<sdk::Finding> Diagnose(const std::string& path) {
  FakeHost host;
  const auto source = Make(&host, Config(path));
  return host.Diagnose(source.get());
}

TEST(RecordFileTest, DiagnosesTheRecording) {
  const std::vector<sdk::Finding> good = Diagnose(vectors::kRawRecords);
  ASSERT_EQ(good.size(), 1u);
  EXPECT_EQ(good[0].severity, WEIR_FINDING_OK);
  const std::vector<sdk::Finding> none = Diagnose("/nowhere/flows.bin");
  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(none[0].text, "open /nowhere/flows.bin: No such file or directory");
  EXPECT_EQ(Diagnose(::testing::TempDir())[0].severity, WEIR_FINDING_MISSING);
  const std::string cut = TemporaryFile("cut.bin", std::string(84 + 80, 'x'));
  const std::vector<sdk::Finding> findings = Diagnose(cut);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(findings[0].text,
            cut +
                ": is no recording, or was cut: it ends inside a record of 84 bytes: a run reads "
                "the records before it, then fails");
  const std::string text = TemporaryFile("text.bin", "root:x:0:0\n");
  EXPECT_EQ(Diagnose(text)[0].severity, WEIR_FINDING_MISSING);
  EXPECT_EQ(Diagnose(text)[0].text, text + ": is no recording: it has 11 bytes; a record has 84");
  EXPECT_EQ(Diagnose(TemporaryFile("empty.bin", ""))[0].severity, WEIR_FINDING_OK);
  const std::string pipe = ::testing::TempDir() + "diagnosed_pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(Diagnose(pipe)[0].text, pipe + ": a named pipe");
  EXPECT_EQ(unlink(pipe.c_str()), 0);
}

}  // namespace
}  // namespace weir::sources
