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
  if (fd.get() < 0) return sdk::FileErrnoStatus("open " + name, errno);
  return fd;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Returns the digits at the beginning of `text`.
std::string_view Digits(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && IsDigit(text[size])) ++size;
  return text.substr(0, size);
}

// Returns a value below, equal to or above 0, as strcmp does. Numbers may have any length.
int CompareNumbers(std::string_view left, std::string_view right) {
  left.remove_prefix(std::min(left.find_first_not_of('0'), left.size()));
  right.remove_prefix(std::min(right.find_first_not_of('0'), right.size()));
  if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
  return left.compare(right);
}

// Returns the regular files of a folder, and links to regular files.
sdk::Result<std::vector<std::string>> FilesIn(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    const bool hidden = entry->path().filename().string().front() == '.';
    // A file that was deleted meanwhile has no type and is left out. One that cannot be examined
    // may be a regular file.
    std::error_code failure;
    const std::filesystem::file_type type = entry->status(failure).type();
    if (!hidden &&
        (type == std::filesystem::file_type::regular || type == std::filesystem::file_type::none)) {
      paths.push_back(entry->path().string());
    }
    entry.increment(error);
  }
  if (error) return sdk::FileErrnoStatus("read the folder " + folder, error.value());
  std::sort(paths.begin(), paths.end(), ComesBefore);
  return paths;
}

sdk::Status Add(const std::string& path, bool from_folder, std::vector<CaptureFile>* files) {
  CaptureFile file;
  file.path = path;
  file.from_folder = from_folder;
  file.name = path == "-" ? "standard input" : path;
  if (from_folder) {
    struct stat info;
    const bool is_known = stat(path.c_str(), &info) == 0;
    // tcpdump deletes the oldest files of a ring. Other errors are reported when the file is
    // opened.
    if (!is_known && errno == ENOENT) return sdk::OkStatus();
    file.size = is_known ? static_cast<uint64_t>(info.st_size) : 0;
    files->push_back(std::move(file));
    return sdk::OkStatus();
  }
  sdk::Result<sdk::UniqueFd> fd = Open(path, file.name);
  if (!fd.ok()) return fd.status();
  struct stat info;
  if (fstat(fd->get(), &info) != 0) return sdk::FileErrnoStatus("open " + file.name, errno);
  if (S_ISDIR(info.st_mode)) {
    if (path == "-") return sdk::FileErrnoStatus("open " + file.name, EISDIR);
    sdk::Result<std::vector<std::string>> within = FilesIn(path);
    if (!within.ok()) return within.status();
    for (const std::string& one : *within) {
      if (sdk::Status status = Add(one, true, files); !status.ok()) return status;
    }
    return sdk::OkStatus();
  }
  if (S_ISREG(info.st_mode)) file.size = static_cast<uint64_t>(info.st_size);
  // Regular files are opened later, because there may be more files than descriptors. Anything else
  // can be opened only once.
  if (!file.size.has_value() || path == "-") file.fd = *std::move(fd);
  files->push_back(std::move(file));
  return sdk::OkStatus();
}

}  // namespace

bool ComesBefore(std::string_view left, std::string_view right) {
  std::string_view l = left;
  std::string_view r = right;
  while (!l.empty() && !r.empty()) {
    const std::string_view left_number = Digits(l);
    const std::string_view right_number = Digits(r);
    if (left_number.empty() || right_number.empty()) {
      if (l.front() != r.front()) {
        return static_cast<uint8_t>(l.front()) < static_cast<uint8_t>(r.front());
      }
      l.remove_prefix(1);
      r.remove_prefix(1);
    } else {
      const int order = CompareNumbers(left_number, right_number);
      if (order != 0) return order < 0;
      l.remove_prefix(left_number.size());
      r.remove_prefix(right_number.size());
    }
  }
  if (l.empty() != r.empty()) return l.empty();
  return left < right;  // "7" and "07"
}

sdk::Result<std::vector<CaptureFile>> FindCaptures(const std::vector<std::string>& paths) {
  std::vector<CaptureFile> files;
  for (const std::string& path : paths) {
    if (sdk::Status status = AddCaptures(path, &files); !status.ok()) return status;
  }
  if (files.empty()) return NoCapture(paths.front());
  return files;
}

sdk::Status AddCaptures(const std::string& path, std::vector<CaptureFile>* files) {
  return Add(path, false, files);
}

sdk::Status NoCapture(const std::string& path) {
  return {WEIR_NOT_FOUND, "there is no file in " + path};
}

sdk::Result<sdk::UniqueFd> OpenCapture(CaptureFile* file) {
  if (file->fd.get() >= 0) return std::move(file->fd);
  return Open(file->path, file->name);
}

}  // namespace weir::pcap
