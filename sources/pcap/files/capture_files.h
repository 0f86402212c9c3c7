// SPDX-License-Identifier: Apache-2.0
// The files that a configuration names.
#ifndef WEIR_SOURCES_PCAP_FILES_CAPTURE_FILES_H_
#define WEIR_SOURCES_PCAP_FILES_CAPTURE_FILES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdk/status.h"
#include "plugins/sdk/unique_fd.h"

namespace weir::pcap {

struct CaptureFile {
  std::string path;
  std::string name;              // for messages
  std::optional<uint64_t> size;  // bytes; none where it cannot be known, as of a pipe
  sdk::UniqueFd fd;              // open already; files of a known size are not
  bool from_folder = false;      // the user named its folder, not the file
};

// All of `paths` in their order. A folder stands for the regular files in it, without those
// whose names begin with a dot, in the natural order of their names (see ComesBefore).
// An error, with the path in it, for what cannot be opened or read.
sdk::Result<std::vector<CaptureFile>> FindCaptures(const std::vector<std::string>& paths);

// True if the name `left` stands before `right` where numbers in names count as numbers:
// "out.pcap", "out.pcap2", "out.pcap10".
bool ComesBefore(std::string_view left, std::string_view right);

// `file`, to be read; of a pipe that is the descriptor it has. Does not wait for a writer.
sdk::Result<sdk::UniqueFd> OpenCapture(CaptureFile* file);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_CAPTURE_FILES_H_
