// SPDX-License-Identifier: Apache-2.0
// The reference vectors as C++ values, for tests.
#ifndef WEIR_TESTS_VECTORS_VECTORS_H_
#define WEIR_TESTS_VECTORS_VECTORS_H_

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "core/record/raw_record.h"
#include "core/record/record.h"
#include "gtest/gtest.h"

namespace weir::vectors {

// The clock readings of the reference run.
inline constexpr ClockPair kClocks = {1661272402123456789, 10'000'000'000'000};

// The paths of the files, relative to the folder in which Bazel runs tests.
inline constexpr char kRawRecords[] = "tests/vectors/raw_records.bin";
inline constexpr char kRecords[] = "tests/vectors/records.jsonl";
inline constexpr char kAccounted[] = "tests/vectors/accounted.jsonl";

inline std::string Name(uint32_t if_index) {
  return if_index <= 7 ? "eth" + std::to_string(if_index) : kUnknownInterface;
}

inline std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::vector<std::string> ReadLines(const char* path) {
  std::istringstream text(ReadFile(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// Returns all input records, as NewRecord of the reference makes them.
inline std::vector<Record> InputRecords() {
  const std::string bytes = ReadFile(kRawRecords);
  EXPECT_EQ(bytes.size(), 200 * sizeof(RawRecord));
  std::vector<Record> records;
  for (size_t at = 0; at + sizeof(RawRecord) <= bytes.size(); at += sizeof(RawRecord)) {
    RawRecord raw;
    std::memcpy(&raw, bytes.data() + at, sizeof(raw));
    records.push_back(NewRecord(raw.key, raw.metrics, kClocks.wall_ns, kClocks.monotonic_ns, Name));
  }
  return records;
}

}  // namespace weir::vectors

#endif  // WEIR_TESTS_VECTORS_VECTORS_H_
