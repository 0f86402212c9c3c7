// SPDX-License-Identifier: Apache-2.0
// Replaces the content of a file, all or nothing.
#ifndef WEIR_TOOLS_WEIR_REPLACE_FILE_H_
#define WEIR_TOOLS_WEIR_REPLACE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace weir {

// Writes `content` to a new file in the same folder, and renames it to the file `path`: other
// processes see the old or the new content. Keeps mode, owner and group, but no extended
// attributes; follows symbolic links. Other hard links keep the old content. After an error the
// file is unchanged. INVALID_ARGUMENT if it is not a regular file.
//
// SIGINT, SIGTERM and SIGHUP of the calling thread wait for the end of the call. Any thread.
absl::Status ReplaceFile(const std::string& path, std::string_view content);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_REPLACE_FILE_H_
