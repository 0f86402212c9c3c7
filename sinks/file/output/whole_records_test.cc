// SPDX-License-Identifier: Apache-2.0
// Cuts files at every length: what is found must be exactly the whole records.
#include "sinks/file/output/whole_records.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/record/csv.h"
#include "core/record/encoded_records.h"
#include "core/record/json.h"
#include "core/record/protobuf.h"
#include "core/record/raw_encoder.h"
#include "core/record/testing/random_records.h"
#include "gtest/gtest.h"
#include "plugins/sdk/unique_fd.h"
#include "sinks/file/output/compressor.h"

namespace weir::sinks {
namespace {

struct Encoded {
  std::string bytes;
  std::vector<size_t> ends;  // of records or blocks, starting with 0
};

template <typename Encoder>
Encoded Encode(Encoder encoder, size_t count) {
  Encoded encoded{"", {0}};
  char text[EncodedRecords::kMaxRecordBytes];
  for (const Record& record : weir::testing::RandomRecords(3).OfTraffic(count)) {
    encoded.bytes.append(text, encoder.Write(record, text));
    encoded.ends.push_back(encoded.bytes.size());
  }
  return encoded;
}

Encoded Compress(Compressor* compressor, size_t blocks) {
  Encoded encoded{"", {0}};
  for (size_t i = 0; i < blocks; ++i) {
    auto block = compressor->Compress(Encode(JsonEncoder(), 1 + i).bytes);
    EXPECT_TRUE(block.ok());
    encoded.bytes += *block;
    encoded.ends.push_back(encoded.bytes.size());
  }
  return encoded;
}

sdk::Result<uint64_t> Find(const std::string& bytes, File::Format format,
                           File::Compression compression = File::NONE) {
  const std::string path = ::testing::TempDir() + "whole";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  const sdk::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_GE(fd.get(), 0);
  return FindWholeBytes(fd.get(), "/x", format, compression);
}

void ExpectFoundAtEveryLength(const Encoded& encoded, File::Format format,
                              File::Compression compression = File::NONE) {
  const std::string path = ::testing::TempDir() + "cut";
  std::ofstream(path, std::ios::binary | std::ios::trunc) << encoded.bytes;
  const sdk::UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_GE(fd.get(), 0);
  size_t whole = encoded.ends.size() - 1;
  for (size_t size = encoded.bytes.size() + 1; size-- > 0;) {
    ASSERT_EQ(ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    if (encoded.ends[whole] > size) --whole;
    auto found = FindWholeBytes(fd.get(), "/x", format, compression);
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(*found, encoded.ends[whole]) << size;
  }
}

TEST(WholeRecordsTest, Json) { ExpectFoundAtEveryLength(Encode(JsonEncoder(), 5), File::JSON); }

TEST(WholeRecordsTest, Csv) {
  Encoded encoded = Encode(CsvEncoder(), 5);
  encoded.ends.insert(encoded.ends.begin() + 1, sizeof(CsvEncoder::kHeader) - 1);
  ExpectFoundAtEveryLength(encoded, File::CSV);
}

TEST(WholeRecordsTest, Protobuf) {
  ExpectFoundAtEveryLength(
      Encode(ProtobufEncoder({ProtobufOptions::Framing::kDelimited, std::nullopt}), 5),
      File::PROTOBUF);
}

TEST(WholeRecordsTest, Raw) { ExpectFoundAtEveryLength(Encode(RawEncoder(), 5), File::RAW); }

TEST(WholeRecordsTest, Gzip) {
  ExpectFoundAtEveryLength(Compress(MakeGzipCompressor().get(), 4), File::JSON, File::GZIP);
}

TEST(WholeRecordsTest, Zstd) {
  ExpectFoundAtEveryLength(Compress(MakeZstdCompressor().get(), 4), File::JSON, File::ZSTD);
}

// Longer than one read, and cut off.
TEST(WholeRecordsTest, LongFiles) {
  const auto expect_found = [](const Encoded& encoded, File::Format format,
                               File::Compression compression) {
    auto found = Find(encoded.bytes + encoded.bytes.substr(0, 20), format, compression);
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_EQ(*found, encoded.bytes.size());
  };
  expect_found(Encode(JsonEncoder(), 5000), File::JSON, File::NONE);
  expect_found(Encode(RawEncoder(), 5000), File::RAW, File::NONE);
  expect_found(Encode(ProtobufEncoder({ProtobufOptions::Framing::kDelimited, std::nullopt}), 5000),
               File::PROTOBUF, File::NONE);
  expect_found(Compress(MakeGzipCompressor().get(), 300), File::JSON, File::GZIP);
  expect_found(Compress(MakeZstdCompressor().get(), 300), File::JSON, File::ZSTD);
}

TEST(WholeRecordsTest, RefusesOtherKindsOfFiles) {
  const std::string zeros(1 << 20, '\0');
  const std::string words(2 * EncodedRecords::kMaxRecordBytes, 'x');
  for (const std::string& bytes :
       {zeros, words, "{\"Etype\":" + words, std::string("root:x:0:0\n")}) {
    for (const File::Format format : {File::JSON, File::CSV}) {
      EXPECT_EQ(Find(bytes, format).status().code(), WEIR_FAILED_PRECONDITION);
    }
  }
  for (const std::string& bytes : {zeros, std::string(words.size(), '\xFF')}) {
    EXPECT_EQ(Find(bytes, File::PROTOBUF).status().code(), WEIR_FAILED_PRECONDITION);
  }
  for (const File::Compression compression : {File::GZIP, File::ZSTD}) {
    EXPECT_EQ(Find(zeros, File::JSON, compression).status().code(), WEIR_FAILED_PRECONDITION);
  }
  EXPECT_EQ(Find("{\"Etype\":" + words, File::JSON).status().message(),
            "/x is not JSON lines that this sink wrote: the last " +
                std::to_string(EncodedRecords::kMaxRecordBytes + 1) +
                " bytes are no records; "
                "move it away");
}

// Each kind of file is opened as every other kind: nothing is taken for the rest of a cut write.
TEST(WholeRecordsTest, RefusesWhatAnotherSettingWrote) {
  struct Kind {
    std::string bytes;
    File::Format format;
    File::Compression compression;
  };
  const ProtobufEncoder protobuf({ProtobufOptions::Framing::kDelimited, std::nullopt});
  const Kind kinds[] = {
      {Encode(JsonEncoder(), 40).bytes, File::JSON, File::NONE},
      {CsvEncoder::kHeader + Encode(CsvEncoder(), 40).bytes, File::CSV, File::NONE},
      {Encode(protobuf, 40).bytes, File::PROTOBUF, File::NONE},
      {Encode(RawEncoder(), 40).bytes, File::RAW, File::NONE},
      {Compress(MakeGzipCompressor().get(), 9).bytes, File::JSON, File::GZIP},
      {Compress(MakeZstdCompressor().get(), 9).bytes, File::JSON, File::ZSTD}};
  for (const Kind& written : kinds) {
    for (const Kind& now : kinds) {
      for (const size_t size : {size_t{40}, size_t{84}, written.bytes.size() - 5}) {
        const auto found = Find(written.bytes.substr(0, size), now.format, now.compression);
        EXPECT_EQ(found.ok(), &written == &now) << written.format << written.compression << " as "
                                                << now.format << now.compression << ", " << size;
      }
    }
  }
}

TEST(WholeRecordsTest, RefusesTexts) {
  for (const std::string text : {"root:x:0:0:root:/root:/bin/bash\n", "{\"a\": 1}", "hi there\n",
                                 "{\n  \"Etype\": 1\n}\n", "<html>", "\x1f\x8b\x08\x08notes.txt"}) {
    for (const File::Format format : {File::JSON, File::CSV, File::PROTOBUF, File::RAW}) {
      EXPECT_EQ(Find(text, format).status().code(), WEIR_FAILED_PRECONDITION) << text << format;
    }
    for (const File::Compression compression : {File::GZIP, File::ZSTD}) {
      EXPECT_EQ(Find(text, File::JSON, compression).status().code(), WEIR_FAILED_PRECONDITION)
          << text << compression;
    }
  }
}

// A power failure can leave zeros in place of the last bytes that were written.
TEST(WholeRecordsTest, TakesOffZerosAtTheEnd) {
  const ProtobufEncoder protobuf({ProtobufOptions::Framing::kDelimited, std::nullopt});
  const auto expect_found = [](const Encoded& encoded, File::Format format,
                               File::Compression compression) {
    for (const size_t kept : {0, 5, 30}) {
      const std::string cut = encoded.bytes + encoded.bytes.substr(0, kept);
      const auto found = Find(cut + std::string(1024, '\0'), format, compression);
      ASSERT_TRUE(found.ok()) << found.status().message();
      EXPECT_EQ(*found, encoded.bytes.size()) << format << compression << kept;
    }
  };
  expect_found(Encode(JsonEncoder(), 3), File::JSON, File::NONE);
  expect_found(Encode(protobuf, 3), File::PROTOBUF, File::NONE);
  expect_found(Compress(MakeGzipCompressor().get(), 3), File::JSON, File::GZIP);
  expect_found(Compress(MakeZstdCompressor().get(), 3), File::JSON, File::ZSTD);
}

TEST(WholeRecordsTest, ADamagedBlockIsNoCutWrite) {
  for (const File::Compression compression : {File::GZIP, File::ZSTD}) {
    const auto compressor = compression == File::GZIP ? MakeGzipCompressor() : MakeZstdCompressor();
    Encoded encoded = Compress(compressor.get(), 4);
    encoded.bytes[encoded.ends[2] + 40] ^= 0x10;
    EXPECT_EQ(Find(encoded.bytes, File::JSON, compression).status().code(),
              WEIR_FAILED_PRECONDITION);
  }
}

}  // namespace
}  // namespace weir::sinks
