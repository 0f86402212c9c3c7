// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the sink `file` share: its folder, system calls that fail on demand, and the
// content of files.
#ifndef WEIR_SINKS_FILE_TESTING_FILE_SINK_FIXTURE_H_
#define WEIR_SINKS_FILE_TESTING_FILE_SINK_FIXTURE_H_

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/record/record.h"
#include "gtest/gtest.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/file_sink.h"
#include "sinks/file/output/file_calls.h"
#include "tests/vectors/vectors.h"
#include "zlib.h"
#include "zstd.h"

namespace weir::sinks {

using NameList = std::vector<std::string>;

inline constexpr uint64_t kSecond = 1'000'000'000;

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Returns the content of all members of a gzip file.
inline std::string Gunzip(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  char block[65536];
  int got = 0;
  while ((got = gzread(file, block, sizeof(block))) > 0) text.append(block, got);
  EXPECT_EQ(gzclose(file), Z_OK) << path;  // fails if the last member is cut off
  return text;
}

// Returns the content of all frames of a zstd file.
inline std::string Unzstd(const std::string& path) {
  const std::string bytes = ReadFile(path);
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

inline std::string Contents(const std::string& path, File::Compression compression) {
  if (compression == File::GZIP) return Gunzip(path);
  return compression == File::ZSTD ? Unzstd(path) : ReadFile(path);
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
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  std::string In(const std::string& name) const { return folder_ + "/" + name; }
  File Config(const std::string& name) const {
    File config;
    config.set_path(In(name));
    return config;
  }
  std::unique_ptr<FileSink> Make(const File& config, sdk::testing::FakeHost* host = nullptr) {
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
  NameList Names() const {
    NameList names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
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

  sdk::testing::FakeHost host_{"archive"};
  FaultyCalls calls_;
  std::string folder_;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_TESTING_FILE_SINK_FIXTURE_H_
