// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/token_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/config/text/diagnostics.h"

namespace weir::config {
namespace {

std::string_view TextOf(std::string_view text, const Token& token) {
  return text.substr(token.begin, token.end - token.begin);
}

}  // namespace

std::string FoundToken(std::string_view text, const Token& token) {
  if (token.kind == TokenKind::kEnd) return "the end of the file";
  const std::string_view found = TextOf(text, token);
  if (token.kind != TokenKind::kString) return Quoted(found);
  return absl::StrCat("the text ", Quoted(found.substr(1, found.size() - 2)));
}

std::string GluedTokens(std::string_view text, const std::vector<Token>& tokens, size_t begin) {
  size_t end = begin;
  while (tokens[end].kind != TokenKind::kEnd && tokens[end].kind != TokenKind::kComment) {
    const bool ends = tokens[end].kind == TokenKind::kSymbol &&
                      absl::StrContains(",;[]{}<>", TextOf(text, tokens[end]));
    if (end > begin && (ends || tokens[end].begin != tokens[end - 1].end)) break;
    ++end;
    if (ends) break;
  }
  if (end == begin) return "";
  const size_t first = tokens[begin].begin;
  return std::string(text.substr(first, tokens[end - 1].end - first));
}

}  // namespace weir::config
