// SPDX-License-Identifier: Apache-2.0
#include "core/config/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace weir::config {

void Diagnostics::Add(Position position, std::string sentence) {
  if (full()) {
    ++not_kept_;
    return;
  }
  errors_.push_back({position, std::move(sentence)});
}

absl::Status Diagnostics::ToStatus(size_t max_lines) const {
  if (errors_.empty()) return absl::OkStatus();
  std::vector<Error> sorted = errors_;
  const auto key = [](const Error& error) {
    return std::tie(error.position.line, error.position.column, error.sentence);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Error& a, const Error& b) {
    return std::tie(a.position.line, a.position.column) <
           std::tie(b.position.line, b.position.column);
  });
  const auto equal = [&](const Error& a, const Error& b) { return key(a) == key(b); };
  sorted.erase(std::unique(sorted.begin(), sorted.end(), equal), sorted.end());

  std::string message;
  for (size_t i = 0; i < std::min(sorted.size(), max_lines); ++i) {
    absl::StrAppend(&message, i == 0 ? "" : "\n", file_name_, ":", sorted[i].position.line, ":",
                    sorted[i].position.column, ": ", sorted[i].sentence);
  }
  const size_t untold = not_kept_ + sorted.size() - std::min(sorted.size(), max_lines);
  if (untold > 0) absl::StrAppend(&message, "\n", file_name_, ": and ", untold, " more");
  return absl::InvalidArgumentError(message);
}

std::string Quoted(std::string_view text) {
  constexpr size_t kMaxBytes = 64;
  if (text.size() <= kMaxBytes) return absl::StrCat("'", absl::Utf8SafeCHexEscape(text), "'");
  // Not in the middle of a character.
  size_t length = kMaxBytes;
  while (length > kMaxBytes - 3 && (text[length] & 0xC0) == 0x80) --length;
  return absl::StrCat("'", absl::Utf8SafeCHexEscape(text.substr(0, length)), "...'");
}

}  // namespace weir::config
