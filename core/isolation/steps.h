// SPDX-License-Identifier: Apache-2.0
// What a trial of a plugin says of each step, from a child process that the step may end,
// to the parent that writes the report.
#ifndef WEIR_CORE_ISOLATION_STEPS_H_
#define WEIR_CORE_ISOLATION_STEPS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace weir::isolation {

// How a step came out.
struct Verdict {
  enum class Kind : char {
    kOk = 'O',
    kFailed = 'F',
    kSkipped = 'S',       // it has nothing to try here
    kUnsupported = 'U',   // skipped for a privilege or kernel feature that is missing
    kUnconfigured = 'N',  // skipped for a configuration that only the user can give
  };
  Kind kind = Kind::kOk;
  std::string text;  // why; empty for kOk

  static Verdict Ok() { return {}; }
  static Verdict Failed(std::string_view sentence) {
    return {Kind::kFailed, std::string(sentence)};
  }
  static Verdict Skipped(std::string_view reason) { return {Kind::kSkipped, std::string(reason)}; }
  // Ok if `status` is, else failed with its message.
  static Verdict Of(const absl::Status& status);

  bool ok() const { return kind == Kind::kOk; }
};

// The child's side. One thread.
class Steps {
 public:
  // Writes to the pipe `fd`, which it borrows.
  explicit Steps(int fd) : fd_(fd) {}

  // Says that the step `name` begins, does it, and says how it came out. True if
  // it is to be gone on: for kOk and kSkipped.
  bool Run(std::string_view name, const std::function<Verdict()>& step);

  // Hands a value that later children need to the parent.
  void Tell(std::string_view name, std::string_view value);

 private:
  void Write(char kind, std::string_view text);

  const int fd_;
};

}  // namespace weir::isolation

#endif  // WEIR_CORE_ISOLATION_STEPS_H_
