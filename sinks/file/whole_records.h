// SPDX-License-Identifier: Apache-2.0
// Where the last whole record of a file ends, after a write that was not finished: weir was
// killed, or the machine lost its power.
#ifndef WEIR_SINKS_FILE_WHOLE_RECORDS_H_
#define WEIR_SINKS_FILE_WHOLE_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/sdk/status.h"
#include "sinks/file/file.pb.h"

namespace weir::sinks {

// The first bytes of `fd` that are whole records, or whole blocks of them where the file is
// compressed; 0 if there is none. `path` is for messages. FAILED_PRECONDITION: what is
// there is more than a write can have left behind, so that this is another kind of file.
//
// Of JSON, CSV and RAW a few bytes are read, of the others the whole file; memory is
// bounded in any case.
sdk::Result<uint64_t> FindWholeBytes(int fd, const std::string& path, File::Format format,
                                     File::Compression compression);

// Text that is compressed at a time, and written at a time where it is not.
inline constexpr size_t kBlockBytes = 256 * 1024;

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_WHOLE_RECORDS_H_
