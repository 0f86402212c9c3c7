// SPDX-License-Identifier: Apache-2.0
#include "core/record/raw_record_reader.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace weir {

absl::StatusOr<std::optional<RawRecord>> ReadFrom(const ByteReader& reader) {
  RawRecord record;
  auto* const bytes = reinterpret_cast<char*>(&record);
  size_t have = 0;
  while (have < sizeof(record)) {
    const absl::StatusOr<size_t> got = reader(bytes + have, sizeof(record) - have);
    if (!got.ok()) return got.status();
    if (*got == 0) {
      if (have == 0) return std::nullopt;
      return absl::DataLossError(absl::StrCat("input ends inside a record: ", have, " of ",
                                              sizeof(record), " bytes came"));
    }
    have += *got;
  }
  return record;
}

}  // namespace weir
