// SPDX-License-Identifier: Apache-2.0
// Reads packed 84-byte records from a stream of bytes: ring-buffer events,
// recordings, standard input. Host side only; not part of the SDK.
#ifndef WEIR_CORE_RECORD_RAW_RECORD_READER_H_
#define WEIR_CORE_RECORD_RAW_RECORD_READER_H_

#include <cstddef>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "core/record/raw_record.h"

namespace weir {

// Reads up to `size` (at least 1) bytes into `to` and returns how many; 0 is the end.
using ByteReader = std::function<absl::StatusOr<size_t>(void* to, size_t size)>;

// The next record, or nothing at the end of the input. Input that ends inside a
// record is DATA_LOSS and says how many bytes came; a reader's error is passed on.
absl::StatusOr<std::optional<RawRecord>> ReadFrom(const ByteReader& reader);

}  // namespace weir

#endif  // WEIR_CORE_RECORD_RAW_RECORD_READER_H_
