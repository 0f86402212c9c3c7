// SPDX-License-Identifier: Apache-2.0
// Reads, makes and prints records, and compares with the output of netobserv-ebpf-agent.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/record/json.h"
#include "core/record/raw_record_reader.h"
#include "core/record/record.h"
#include "gtest/gtest.h"
#include "tests/vectors/vectors.h"

namespace weir {
namespace {

// Returns `bytes` in pieces of at most `piece` bytes, like a pipe.
ByteReader ReaderOf(std::string bytes, size_t piece) {
  return [bytes = std::move(bytes), piece, at = size_t{0}](void* to, size_t size) mutable {
    const size_t count = std::min({size, piece, bytes.size() - at});
    std::memcpy(to, bytes.data() + at, count);
    at += count;
    return absl::StatusOr<size_t>(count);
  };
}

// Byte for byte, with the keys in the same order.
TEST(VectorsTest, EveryRecordPrintsAsTheReferencePrintsIt) {
  const std::vector<std::string> expected = vectors::ReadLines(vectors::kRecords);
  ASSERT_EQ(expected.size(), 200u);
  const ByteReader reader = ReaderOf(vectors::ReadFile(vectors::kRawRecords), 13);
  for (const std::string& line : expected) {
    const absl::StatusOr<std::optional<RawRecord>> raw = ReadFrom(reader);
    ASSERT_TRUE(raw.ok() && raw->has_value());
    const Record record = NewRecord((*raw)->key, (*raw)->metrics, vectors::kClocks.wall_ns,
                                    vectors::kClocks.monotonic_ns, vectors::Name);
    std::string json;
    AppendJson(record, &json);
    EXPECT_EQ(json, line);
  }
  const absl::StatusOr<std::optional<RawRecord>> end = ReadFrom(reader);
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->has_value());
}

TEST(ReadFromTest, SaysHowManyBytesOfTheLastRecordCame) {
  const std::string bytes = vectors::ReadFile(vectors::kRawRecords).substr(0, 84 + 83);
  const ByteReader reader = ReaderOf(bytes, bytes.size());
  EXPECT_TRUE(ReadFrom(reader).ok());
  const absl::Status status = ReadFrom(reader).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "input ends inside a record: 83 of 84 bytes came");
}

TEST(ReadFromTest, PassesOnTheErrorOfItsReader) {
  const ByteReader reader = [](void*, size_t) -> absl::StatusOr<size_t> {
    return absl::PermissionDeniedError("no");
  };
  EXPECT_EQ(ReadFrom(reader).status(), absl::PermissionDeniedError("no"));
}

}  // namespace
}  // namespace weir
