// SPDX-License-Identifier: Apache-2.0
// Collects all mistakes of a configuration file, to report them together.
#ifndef WEIR_CORE_CONFIG_TEXT_DIAGNOSTICS_H_
#define WEIR_CORE_CONFIG_TEXT_DIAGNOSTICS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/config/text/config_location.h"

namespace weir::config {

// Returns the location of a byte of a text. Immutable; any thread.
class LineIndex {
 public:
  LineIndex() : LineIndex("") {}
  explicit LineIndex(std::string_view text);
  ConfigLocation LocationOf(size_t offset) const;

 private:
  std::vector<size_t> line_starts_;
  size_t byte_order_mark_;  // bytes in front of the first column
};

// One thread.
class Diagnostics {
 public:
  // Further mistakes are counted and not kept: a hostile file must not use memory and time.
  static constexpr size_t kMaxKept = 1000;

  explicit Diagnostics(std::string_view file_name) : file_name_(file_name) {}

  void Add(ConfigLocation location, std::string sentence);

  // Counts mistakes that the caller did not keep.
  void CountUnkept(size_t count) { not_kept_ += count; }

  bool empty() const { return errors_.empty(); }
  bool full() const { return errors_.size() >= kMaxKept; }

  // Returns INVALID_ARGUMENT with at most `max_lines` lines, sorted by location, or OK without
  // mistakes. Identical lines are merged.
  absl::Status ToStatus(size_t max_lines) const;

 private:
  struct Error {
    ConfigLocation location;
    std::string sentence;
  };
  std::string file_name_;
  std::vector<Error> errors_;
  size_t not_kept_ = 0;
};

// Returns `text` in single quotes for a message: escaped, and shortened if it is long.
std::string Quoted(std::string_view text);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_TEXT_DIAGNOSTICS_H_
