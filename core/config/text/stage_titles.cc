// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/stage_titles.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/config/text/diagnostics.h"

namespace weir::config {
namespace {

bool IsStageKind(std::string_view word) {
  return word == "source" || word == "transform" || word == "sink";
}

}  // namespace

StageTitles::StageTitles(std::string_view text, const std::vector<Token>& tokens) {
  const auto text_of = [&](size_t token) {
    return text.substr(tokens[token].begin, tokens[token].end - tokens[token].begin);
  };
  size_t depth = 0;
  std::string_view kind;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view word = text_of(i);
    if (tokens[i].kind == TokenKind::kWord && depth == 0) {
      kind = IsStageKind(word) ? word : "";
    } else if (tokens[i].kind == TokenKind::kString && depth == 1 && i >= 2 && word.size() >= 2 &&
               word.front() == word.back() && text_of(i - 1) == ":" && text_of(i - 2) == "name") {
      changes_.back().name = word.substr(1, word.size() - 2);
    } else if (word == "{" || word == "<") {
      if (depth++ == 0) changes_.push_back({tokens[i].begin, kind, ""});
    } else if ((word == "}" || word == ">") && depth > 0) {
      if (--depth == 0) changes_.push_back({tokens[i].end, "", ""});
    }
  }
}

std::string StageTitles::Around(size_t offset) const {
  const auto after =
      std::upper_bound(changes_.begin(), changes_.end(), offset,
                       [](size_t value, const Change& change) { return value < change.offset; });
  if (after == changes_.begin()) return "";
  const Change& last = *(after - 1);
  if (last.kind.empty()) return "";
  if (last.name.empty()) return absl::StrCat(last.kind, ": ");
  return absl::StrCat(last.kind, " ", Quoted(last.name), ": ");
}

}  // namespace weir::config
