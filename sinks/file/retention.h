// SPDX-License-Identifier: Apache-2.0
// Which files stay of those that a path has made.
#ifndef WEIR_SINKS_FILE_RETENTION_H_
#define WEIR_SINKS_FILE_RETENTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"
#include "sinks/file/file_settings.h"

namespace weir::sinks {

// Removes finished files beyond max_files, those that were changed last staying, and those
// that were not changed for max_age before `wall_ns`. Nothing but what settings.path can
// have made, and no links. Adds the names of those that it removed to `removed`. An error
// names the first file that could not be removed; the others were.
sdk::Status RemoveOldFiles(const FileSettings& settings, int64_t wall_ns,
                           std::vector<std::string>* removed);

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_RETENTION_H_
