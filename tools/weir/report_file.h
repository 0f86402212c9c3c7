// SPDX-License-Identifier: Apache-2.0
// The file of --report=FILE: a reader sees a whole report or the one before it.
#ifndef WEIR_TOOLS_WEIR_REPORT_FILE_H_
#define WEIR_TOOLS_WEIR_REPORT_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace weir {

// Says before a run whether WriteReportFile(path) can work: INVALID_ARGUMENT if `path` exists and
// is not a regular file (a link is none), else the error of a new file beside it. Changes nothing.
absl::Status CheckReportFile(const std::string& path);

// Writes `text` to a temporary file beside `path` and renames it to `path`. An error leaves `path`
// as it was. Any thread.
absl::Status WriteReportFile(const std::string& path, std::string_view text);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_REPORT_FILE_H_
