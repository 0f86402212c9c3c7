// SPDX-License-Identifier: Apache-2.0
// A path with a time in it: the names that it makes, and the files that it has made.
#ifndef WEIR_SINKS_FILE_PATH_PATTERN_H_
#define WEIR_SINKS_FILE_PATH_PATTERN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdk/status.h"

namespace weir::sinks {

// Times are in UTC, as those in records are: names sort as the files began, and no hour
// comes twice or not at all. All that is allowed in a path has a fixed width, so that a name
// of this path and another one are told apart with certainty. Immutable.
class PathPattern {
 public:
  // An error says what is wrong with `path`.
  static sdk::Result<PathPattern> Parse(const std::string& path);

  bool has_time() const { return has_time_; }
  // Another spelling of the same path, "a//b" or "a/./b", is the same here.
  const std::string& normal() const { return path_; }

  // The file's name at that time, since 1970 and in ns.
  std::string At(int64_t wall_ns) const;

  // Under which the file of that name is written.
  static std::string Unfinished(const std::string& path);
  // The other way round.
  static std::string Finished(const std::string& unfinished);
  // `path` with a number in front of its ending (".gz" and ".zst" and what is in front of
  // them are one); with 0, as it is.
  static std::string Numbered(const std::string& path, uint64_t number);

  struct Files {
    std::vector<std::string> finished;  // with and without number
    std::vector<std::string> unfinished;
  };
  // The regular files whose names this path can have made, in no order. What cannot be
  // looked into is passed over.
  Files Find() const;

 private:
  PathPattern() = default;
  void FindIn(const std::string& folder, size_t component, Files* files) const;
  void Sort(const std::string& path, std::string_view name, Files* files) const;

  std::string path_;
  // Parts between slashes, with kDigit in place of each digit of a time.
  std::vector<std::string> components_;
  bool has_time_ = false;
};

}  // namespace weir::sinks

#endif  // WEIR_SINKS_FILE_PATH_PATTERN_H_
