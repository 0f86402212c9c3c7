// SPDX-License-Identifier: Apache-2.0
// A path that contains a time: makes file names, and finds the files that it has made.
#ifndef WEIR_SINKS_FILE_OUTPUT_PATH_PATTERN_H_
#define WEIR_SINKS_FILE_OUTPUT_PATH_PATTERN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdk/status.h"

namespace weir::sinks {

// Times are in UTC, like the times in records: names sort in the order of time, and no hour is
// repeated or missing. Every conversion has a fixed width, so that files of this path are
// recognised with certainty. Immutable.
class PathPattern {
 public:
  // The error says what is wrong with `path`.
  static sdk::Result<PathPattern> Parse(const std::string& path);

  bool has_time() const { return has_time_; }
  // The path without redundant parts: the same for "a//b" and "a/./b".
  const std::string& normal() const { return path_; }

  // Returns the file name at this time, in ns since 1970.
  std::string At(int64_t wall_ns) const;

  // Returns the hidden name under which the file is written.
  static std::string Unfinished(const std::string& path);
  // Returns the final name of a hidden name.
  static std::string Finished(const std::string& unfinished);
  // Inserts a number in front of the ending; 0 inserts nothing. The ending includes ".gz" or ".zst"
  // and the ending before it.
  static std::string Numbered(const std::string& path, uint64_t number);

  struct Files {
    std::vector<std::string> finished;  // with and without a number
    std::vector<std::string> unfinished;
  };
  // Returns the regular files whose names can come from this path, in no order. Folders that cannot
  // be read are skipped.
  Files Find() const;

 private:
  PathPattern() = default;
  void FindIn(const std::string& folder, size_t component, Files* files) const;
  void Sort(const std::string& path, std::string_view name, Files* files) const;

  std::string path_;
  // The parts between slashes, in which kDigit replaces each digit of a time.
  std::vector<std::string> components_;
  bool has_time_ = false;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_OUTPUT_PATH_PATTERN_H_
