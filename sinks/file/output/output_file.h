// SPDX-License-Identifier: Apache-2.0
// A file that is written and, except during a write, always ends with a whole record.
#ifndef WEIR_SINKS_FILE_OUTPUT_OUTPUT_FILE_H_
#define WEIR_SINKS_FILE_OUTPUT_OUTPUT_FILE_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "plugins/sdk/status.h"
#include "sinks/file/output/file_calls.h"

namespace weir::sinks {

// Regular files only. Does not follow a symbolic link in place of the file. The file is locked with
// flock(2), so no other OutputFile can open it. Errors contain the path. One thread.
class OutputFile {
 public:
  // `calls` must outlive it.
  explicit OutputFile(FileCalls* calls) : calls_(calls) {}
  ~OutputFile();  // closes the file if Close was not called, and ignores errors
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Creates a file, which must not exist, with exactly these permissions.
  sdk::Status OpenNew(const std::string& path, mode_t mode);
  // Opens a file that exists, to append to it.
  sdk::Status OpenExisting(const std::string& path);
  // Opens a file, or creates it.
  sdk::Status Open(const std::string& path, mode_t mode);

  bool is_open() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }
  int fd() const { return fd_; }
  // The size at the last Look, plus the changes by Append and Truncate since then.
  uint64_t size() const { return size_; }

  // Where the open file is now.
  enum class Place {
    kAtPath,
    kElsewhere,  // it was renamed, or its path leads to another file or to none
    kDeleted,    // it has no name: the data is lost when the file is closed
  };
  // Also reads the size, which is smaller after logrotate's copytruncate. If the path cannot be
  // examined, the result is kAtPath.
  sdk::Result<Place> Look();

  // Appends all of `bytes`. If that fails, cuts the file back to its last whole record: whole(n)
  // returns how many of the first n bytes are whole records. Sets `stayed` to the number of bytes
  // that stay.
  sdk::Status Append(std::string_view bytes, const std::function<size_t(size_t)>& whole,
                     size_t* stayed);
  sdk::Status Truncate(uint64_t size);
  // Returns when the disk has the data.
  sdk::Status Sync();
  sdk::Status Close();

  // False if the file ends with an incomplete record that could not be cut off.
  bool is_whole() const { return whole_; }

 private:
  sdk::Status OpenWith(const std::string& path, int flags, mode_t mode);
  sdk::Status CheckAndLock();
  bool PathLeadsTo(const struct stat& file) const;
  sdk::Status Failed(const char* what, int error) const;

  FileCalls* const calls_;
  std::string path_;
  int fd_ = -1;
  uint64_t size_ = 0;
  bool whole_ = true;
  bool is_known_by_number_ = true;  // lstat(2) and fstat(2) give the same inode number
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_OUTPUT_FILE_H_
