// SPDX-License-Identifier: Apache-2.0
// The configuration of the sink `file`, checked and converted to the units of the code.
#ifndef WEIR_SINKS_FILE_OUTPUT_FILE_SETTINGS_H_
#define WEIR_SINKS_FILE_OUTPUT_FILE_SETTINGS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "plugins/sdk/status.h"
#include "sinks/file/file.pb.h"
#include "sinks/file/output/path_pattern.h"

namespace weir::sinks {

struct FileSettings {
  static sdk::Result<FileSettings> Of(const File& config);

  // True if the sink writes one file after another: `path` contains a time.
  bool rotates() const { return path.has_time(); }

  PathPattern path;
  File::Format format;
  File::Compression compression;
  uint64_t flush_interval_ns;
  std::optional<uint64_t> rotate_bytes;
  std::optional<int64_t> rotate_interval_ns;
  std::optional<uint64_t> max_files;
  std::optional<int64_t> max_age_ns;
  File::Fsync fsync;
  mode_t mode;
  bool create_folders;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_FILE_SETTINGS_H_
