// SPDX-License-Identifier: Apache-2.0
// Collects all that is wrong with a configuration file, to be reported at once.
#ifndef WEIR_CORE_CONFIG_DIAGNOSTICS_H_
#define WEIR_CORE_CONFIG_DIAGNOSTICS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/config/position.h"

namespace weir::config {

// One thread.
class Diagnostics {
 public:
  // More are counted, not kept: a hostile file has no claim on memory or time.
  static constexpr size_t kMaxKept = 1000;

  explicit Diagnostics(std::string_view file_name) : file_name_(file_name) {}

  void Add(Position position, std::string sentence);

  bool empty() const { return errors_.empty(); }
  bool full() const { return errors_.size() >= kMaxKept; }

  // INVALID_ARGUMENT with a line for each, sorted by place, `max_lines` at most; OK
  // if there are none. The same sentence at the same place is told once.
  absl::Status ToStatus(size_t max_lines) const;

 private:
  struct Error {
    Position position;
    std::string sentence;
  };
  std::string file_name_;
  std::vector<Error> errors_;
  size_t not_kept_ = 0;
};

// `text` in single quotes for a message: escaped, and shortened if it is long.
std::string Quoted(std::string_view text);

}  // namespace weir::config

#endif  // WEIR_CORE_CONFIG_DIAGNOSTICS_H_
