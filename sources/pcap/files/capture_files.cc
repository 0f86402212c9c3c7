// SPDX-License-Identifier: Apache-2.0
#include "sources/pcap/files/capture_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "plugins/sdk/errno_status.h"

namespace weir::pcap {

namespace {

sdk::Result<sdk::UniqueFd> Open(const std::string& path, const std::string& name) {
  sdk::UniqueFd fd(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                               : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return sdk::ErrnoStatus("open " + name, errno);
  return fd;
}

// The regular files of a folder, and links to such.
sdk::Result<std::vector<std::string>> FilesIn(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    if (entry->is_regular_file(error)) paths.push_back(entry->path().string());
    if (!error) entry.increment(error);
  }
  if (error) return sdk::ErrnoStatus("read the folder " + folder, error.value());
  std::sort(paths.begin(), paths.end());
  return paths;
}

sdk::Status Add(const std::string& path, bool may_be_folder, std::vector<CaptureFile>* files) {
  CaptureFile file;
  file.path = path;
  file.name = path == "-" ? "standard input" : path;
  sdk::Result<sdk::UniqueFd> fd = Open(path, file.name);
  if (!fd.ok()) return fd.status();
  struct stat info;
  if (fstat(fd->get(), &info) != 0) return sdk::ErrnoStatus("open " + file.name, errno);
  if (S_ISDIR(info.st_mode)) {
    if (!may_be_folder) return sdk::ErrnoStatus("open " + file.name, EISDIR);
    sdk::Result<std::vector<std::string>> within = FilesIn(path);
    if (!within.ok()) return within.status();
    for (const std::string& one : *within) {
      if (sdk::Status status = Add(one, false, files); !status.ok()) return status;
    }
    return sdk::OkStatus();
  }
  if (S_ISREG(info.st_mode)) file.size = static_cast<uint64_t>(info.st_size);
  // Not all at once: there may be more files than descriptors. What is not a file can be
  // opened once only.
  if (!file.size.has_value() || path == "-") file.fd = *std::move(fd);
  files->push_back(std::move(file));
  return sdk::OkStatus();
}

}  // namespace

sdk::Result<std::vector<CaptureFile>> FindCaptures(const std::vector<std::string>& paths) {
  std::vector<CaptureFile> files;
  for (const std::string& path : paths) {
    if (sdk::Status status = Add(path, path != "-", &files); !status.ok()) return status;
  }
  if (files.empty()) return sdk::Status(WEIR_NOT_FOUND, "there is no file in " + paths.front());
  return files;
}

sdk::Result<sdk::UniqueFd> OpenCapture(CaptureFile* file) {
  if (file->fd.get() >= 0) return std::move(file->fd);
  return Open(file->path, file->name);
}

}  // namespace weir::pcap
