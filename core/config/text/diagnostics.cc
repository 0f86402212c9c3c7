// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/config/text/lexer.h"

namespace weir::config {

LineIndex::LineIndex(std::string_view text) : byte_order_mark_(ByteOrderMarkLength(text)) {
  line_starts_.push_back(0);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
}

ConfigLocation LineIndex::LocationOf(size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const size_t line = static_cast<size_t>(after - line_starts_.begin());
  size_t column = offset - line_starts_[line - 1];
  // Editors do not show a byte order mark.
  if (line == 1) column -= std::min(column, byte_order_mark_);
  return {static_cast<int>(line), static_cast<int>(column) + 1};
}

void Diagnostics::Add(ConfigLocation location, std::string sentence) {
  if (full()) {
    ++not_kept_;
    return;
  }
  errors_.push_back({location, std::move(sentence)});
}

absl::Status Diagnostics::ToStatus(size_t max_lines) const {
  if (errors_.empty()) return absl::OkStatus();
  std::vector<Error> sorted = errors_;
  const auto key = [](const Error& error) {
    return std::tie(error.location.line, error.location.column, error.sentence);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Error& a, const Error& b) {
    return std::tie(a.location.line, a.location.column) <
           std::tie(b.location.line, b.location.column);
  });
  const auto equal = [&](const Error& a, const Error& b) { return key(a) == key(b); };
  sorted.erase(std::unique(sorted.begin(), sorted.end(), equal), sorted.end());

  std::string message;
  for (size_t i = 0; i < std::min(sorted.size(), max_lines); ++i) {
    absl::StrAppend(&message, i == 0 ? "" : "\n", file_name_, ":", sorted[i].location.line, ":",
                    sorted[i].location.column, ": ", sorted[i].sentence);
  }
  const size_t left = not_kept_ + sorted.size() - std::min(sorted.size(), max_lines);
  if (left > 0) absl::StrAppend(&message, "\n", file_name_, ": and ", left, " more");
  return absl::InvalidArgumentError(message);
}

std::string Quoted(std::string_view text) {
  constexpr size_t kMaxBytes = 64;
  if (text.size() <= kMaxBytes) return absl::StrCat("'", absl::Utf8SafeCHexEscape(text), "'");
  // Do not cut a character.
  size_t length = kMaxBytes;
  while (length > kMaxBytes - 3 && (text[length] & 0xC0) == 0x80) --length;
  return absl::StrCat("'", absl::Utf8SafeCHexEscape(text.substr(0, length)), "...'");
}

}  // namespace weir::config
