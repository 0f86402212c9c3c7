// SPDX-License-Identifier: Apache-2.0
// Removes old files of a path.
#ifndef WEIR_SINKS_FILE_OUTPUT_RETENTION_H_
#define WEIR_SINKS_FILE_OUTPUT_RETENTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"
#include "sinks/file/output/file_settings.h"

namespace weir::sinks {

// Keeps the max_files most recently changed finished files and removes the others, and those that
// were not changed for max_age before `wall_ns`. Removes only files whose names settings.path can
// have made, and no links. Adds the removed names to `removed`. An error names the first file that
// could not be removed; the others are removed.
sdk::Status RemoveOldFiles(const FileSettings& settings, int64_t wall_ns,
                           std::vector<std::string>* removed);

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_RETENTION_H_
