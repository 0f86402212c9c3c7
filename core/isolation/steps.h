// SPDX-License-Identifier: Apache-2.0
// The steps of a child process and their verdicts. Each is sent to the parent at once, as
// the next step may end the child.
#ifndef WEIR_CORE_ISOLATION_STEPS_H_
#define WEIR_CORE_ISOLATION_STEPS_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace weir::isolation {

// The outcome of a step.
struct Verdict {
  enum class Kind : char {
    kOk = 'O',
    kFailed = 'F',
    kSkipped = 'S',       // the step has nothing to check here
    kUnsupported = 'U',   // skipped: a privilege or kernel feature is missing
    kUnconfigured = 'N',  // skipped: it needs a configuration that only the user can give
    kAlone = 'A',         // skipped: it cannot run beside another instance
    kMistake = 'M',       // failed: the user's own words are wrong
  };
  Kind kind = Kind::kOk;
  std::string text;  // the reason; empty for kOk

  static Verdict Ok() { return {}; }
  static Verdict Failed(std::string_view sentence) {
    return {Kind::kFailed, std::string(sentence)};
  }
  static Verdict Skipped(std::string_view reason) { return {Kind::kSkipped, std::string(reason)}; }
  // Returns Ok if `status` is OK, else Failed with its message.
  static Verdict Of(const absl::Status& status);

  bool ok() const { return kind == Kind::kOk; }
};

// The child's side. One thread.
class Steps {
 public:
  // Writes to the pipe `fd`, which must stay open.
  explicit Steps(int fd) : fd_(fd) {}

  // Reports that the step `name` begins, runs it and reports its verdict. Returns true if
  // the next step should follow: for kOk and kSkipped.
  bool Run(std::string_view name, const std::function<Verdict()>& step);

  // Sends a named value to the parent. The name must not contain a space.
  void SendValue(std::string_view name, std::string_view value);

 private:
  void Write(char kind, std::string_view text);

  const int fd_;
};

}  // namespace weir::isolation

#endif  // WEIR_CORE_ISOLATION_STEPS_H_
