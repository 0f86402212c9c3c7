// SPDX-License-Identifier: Apache-2.0
// Reads raw records (raw_record.h) from a stream of bytes, such as a recording or standard input.
// Not part of the SDK.
#ifndef WEIR_CORE_RECORD_RAW_RECORD_READER_H_
#define WEIR_CORE_RECORD_RAW_RECORD_READER_H_

#include <cstddef>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "core/record/raw_record.h"

namespace weir {

// Reads up to `size` (at least 1) bytes into `to`. Returns their number; 0 at the end.
using ByteReader = std::function<absl::StatusOr<size_t>(void* to, size_t size)>;

// Returns the next record, or nothing at the end of the input. DATA_LOSS with the number of bytes:
// the input ends inside a record. Passes on an error of `reader`.
absl::StatusOr<std::optional<RawRecord>> ReadFrom(const ByteReader& reader);

}  // namespace weir

#endif  // WEIR_CORE_RECORD_RAW_RECORD_READER_H_
