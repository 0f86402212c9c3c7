// SPDX-License-Identifier: Apache-2.0
#include "core/isolation/steps.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace weir::isolation {

Verdict Verdict::Of(const absl::Status& status) {
  return status.ok() ? Ok() : Failed(status.message());
}

bool Steps::Run(std::string_view name, const std::function<Verdict()>& step) {
  Write('B', name);
  const Verdict verdict = step();
  Write(static_cast<char>(verdict.kind), verdict.text);
  return verdict.ok() || verdict.kind == Verdict::Kind::kSkipped;
}

void Steps::SendValue(std::string_view name, std::string_view value) {
  Write('V', absl::StrCat(name, " ", value));
}

void Steps::Write(char kind, std::string_view text) {
  // One message is one line, so a plugin's text cannot forge another message.
  const std::string line =
      absl::StrCat(std::string(1, kind), absl::StrReplaceAll(text, {{"\n", "; "}}), "\n");
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) std::_Exit(EXIT_FAILURE);  // the parent has ended
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace weir::isolation
