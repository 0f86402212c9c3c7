// SPDX-License-Identifier: Apache-2.0
// Finds the last whole record of a file after an unfinished write: weir was killed, or the power
// failed.
#ifndef WEIR_SINKS_FILE_OUTPUT_WHOLE_RECORDS_H_
#define WEIR_SINKS_FILE_OUTPUT_WHOLE_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/sdk/status.h"
#include "sinks/file/file.pb.h"

namespace weir::sinks {

// Returns the number of bytes at the beginning of `fd` that are whole records, or whole blocks in a
// compressed file. `path` is for messages. FAILED_PRECONDITION: the bytes behind them are not what
// an unfinished write can leave (the beginning of one write, or zeros after a power failure). Then
// the file is damaged, or this sink did not write it with these settings.
//
// Reads a few bytes of JSON, CSV and RAW, and the whole file otherwise. Memory is bounded.
sdk::Result<uint64_t> FindWholeBytes(int fd, const std::string& path, File::Format format,
                                     File::Compression compression);

// The most text that is compressed, or written, at once.
inline constexpr size_t kBlockBytes = 256 * 1024;

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_WHOLE_RECORDS_H_
