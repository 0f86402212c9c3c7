// SPDX-License-Identifier: Apache-2.0
// A file that is written, and never ends inside a record for longer than a write takes.
#ifndef WEIR_SINKS_FILE_OUTPUT_FILE_H_
#define WEIR_SINKS_FILE_OUTPUT_FILE_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "plugins/sdk/status.h"
#include "sinks/file/file_calls.h"

namespace weir::sinks {

// Regular files only; a symbolic link in place of the file is not followed. Nobody else can
// open the same file by this class meanwhile (flock(2)). Errors have the path in them.
// One thread.
class OutputFile {
 public:
  // `calls` must outlive it.
  explicit OutputFile(FileCalls* calls) : calls_(calls) {}
  ~OutputFile();  // closes what Close has not; nothing was to be learnt from that
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // A file that must not be there yet, with exactly these permissions.
  sdk::Status OpenNew(const std::string& path, mode_t mode);
  // One that is there, to go on behind its end.
  sdk::Status OpenExisting(const std::string& path);
  // Whichever of the two it is.
  sdk::Status Open(const std::string& path, mode_t mode);

  bool is_open() const { return fd_ >= 0; }
  const std::string& path() const { return path_; }
  int fd() const { return fd_; }
  // Bytes that it had at the last call of Look, and what Append and Truncate changed since.
  uint64_t size() const { return size_; }

  // Where the open file is now.
  enum class Place {
    kAtPath,
    kElsewhere,  // it was renamed, or its path leads to another file or to none
    kDeleted,    // no name leads to it: what is written to it is lost when it is closed
  };
  // Reads the size too, which is smaller after logrotate's copytruncate. If the path cannot
  // be looked at, the file is taken to be there.
  sdk::Result<Place> Look();

  // Writes all of `bytes` behind what is there. When that fails, what is behind the last
  // whole record is taken back: whole(n) is how many of n bytes records fill, and `stayed`
  // how many stay.
  sdk::Status Append(std::string_view bytes, const std::function<size_t(size_t)>& whole,
                     size_t* stayed);
  sdk::Status Truncate(uint64_t size);
  // Returns when the disk has it.
  sdk::Status Sync();
  sdk::Status Close();

  // False if half a record is in it, because it could not be taken back.
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
  bool is_known_by_number_ = true;  // lstat(2) gives the same inode number as fstat(2)
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_FILE_H_
