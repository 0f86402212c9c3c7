// SPDX-License-Identifier: Apache-2.0
// The files that a configuration names.
#ifndef WEIR_SOURCES_PCAP_FILES_CAPTURE_FILES_H_
#define WEIR_SOURCES_PCAP_FILES_CAPTURE_FILES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::pcap {

struct CaptureFile {
  std::string path;
  std::string name;              // for messages
  std::optional<uint64_t> size;  // bytes; none where it cannot be known, as of a pipe
  sdk::UniqueFd fd;              // open already; files of a known size are not
};

// All of `paths` in their order, a folder as the regular files in it by their names.
// An error, with the path in it, for what cannot be opened or read.
sdk::Result<std::vector<CaptureFile>> FindCaptures(const std::vector<std::string>& paths);

// `file`, to be read; of a pipe that is the descriptor it has. Does not wait for a writer.
sdk::Result<sdk::UniqueFd> OpenCapture(CaptureFile* file);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_CAPTURE_FILES_H_
