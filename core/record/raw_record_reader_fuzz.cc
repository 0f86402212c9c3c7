// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of recordings. For any bytes, in pieces of any size, each whole record is read
// unchanged, and a rest is an error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/record/json.h"
#include "core/record/raw_record_reader.h"
#include "core/record/record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  size_t given = 0;
  const weir::ByteReader reader = [&](void* to, size_t wanted) -> absl::StatusOr<size_t> {
    // Pieces of 1 to 64 bytes, chosen by the input.
    const size_t piece = given < size ? data[given] % 64 + 1 : 0;
    const size_t count = std::min({wanted, piece, size - given});
    if (count > 0) std::memcpy(to, data + given, count);
    given += count;
    return count;
  };
  size_t records = 0;
  while (true) {
    const auto raw = weir::ReadFrom(reader);
    if (!raw.ok() || !raw->has_value()) {
      const bool has_rest = size % sizeof(weir::RawRecord) != 0;
      if (raw.ok() == has_rest || records != size / sizeof(weir::RawRecord)) std::abort();
      return 0;
    }
    if (std::memcmp(&**raw, data + records * sizeof(weir::RawRecord), sizeof(**raw)) != 0) {
      std::abort();
    }
    ++records;
    std::string text;
    weir::AppendJson(weir::NewRecord((*raw)->key, (*raw)->metrics, 0, 0, nullptr), &text);
    if (text.front() != '{' || text.back() != '}') std::abort();
  }
}
