// SPDX-License-Identifier: Apache-2.0
// Finds the files that a configuration names.
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
  std::optional<uint64_t> size;  // in bytes; none if it is not known, as for a pipe
  sdk::UniqueFd fd;              // already open, unless the size is known
  bool from_folder = false;      // the configuration names the folder
};

// The captures of `paths`, in that order. A folder stands for the regular files in it, in the
// natural order of their names (see ComesBefore), without those whose names begin with a dot.
// Errors contain the path. NOT_FOUND also if all of `paths` are empty folders.
sdk::Result<std::vector<CaptureFile>> FindCaptures(const std::vector<std::string>& paths);

// Appends the captures of one path to `files`; none for an empty folder.
sdk::Status AddCaptures(const std::string& path, std::vector<CaptureFile>* files);
// The error of FindCaptures for folders without a file; `path` is the first one.
sdk::Status NoCapture(const std::string& path);

// Returns true if the name `left` sorts before `right`. Numbers in names are compared as numbers:
// "out.pcap", "out.pcap2", "out.pcap10".
bool ComesBefore(std::string_view left, std::string_view right);

// Opens `file` for reading, or moves out the descriptor of a pipe. Does not wait for a writer.
sdk::Result<sdk::UniqueFd> OpenCapture(CaptureFile* file);

}  // namespace weir::pcap

#endif  // WEIR_SOURCES_PCAP_FILES_CAPTURE_FILES_H_
