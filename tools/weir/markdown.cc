// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/markdown.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weir {
namespace {

// Removes the indentation that all lines have.
std::string Unindented(std::string_view text) {
  size_t indent = std::string_view::npos;
  for (const std::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    indent = std::min(indent, line.find_first_not_of(' '));
  }
  std::string out;
  for (std::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    line.remove_prefix(std::min(indent, line.size()));
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

}  // namespace

std::string MarkdownProse(std::string_view text) {
  std::string out;
  bool in_code = false;
  for (const char c : text) {
    if (c == '`') in_code = !in_code;
    if (!in_code && absl::StrContains("*<[\\", std::string_view(&c, 1))) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string MarkdownCell(std::string_view text) {
  const std::string line = absl::StrReplaceAll(absl::StripAsciiWhitespace(text), {{"\n", " "}});
  return absl::StrReplaceAll(MarkdownProse(line), {{"|", "\\|"}, {"  ", " "}});
}

std::string MarkdownComment(std::string_view comment, std::string_view language) {
  std::string out;
  std::string block;
  const auto end_block = [&] {
    if (!block.empty())
      absl::StrAppend(&out, "\n", MarkdownBlock(language, Unindented(block)), "\n");
    block.clear();
  };
  for (const std::string_view line :
       absl::StrSplit(absl::StripTrailingAsciiWhitespace(comment), '\n')) {
    // A comment's text begins with a space.
    if (absl::StartsWith(line, "  ")) {
      absl::StrAppend(&block, line, "\n");
      continue;
    }
    end_block();
    absl::StrAppend(&out, MarkdownProse(absl::StripAsciiWhitespace(line)), "\n");
  }
  end_block();
  return absl::StrReplaceAll(out, {{"\n\n\n", "\n\n"}});
}

std::string MarkdownBlock(std::string_view info, std::string_view text) {
  return absl::StrCat("```", info, "\n", text, "```\n");
}

std::string MarkdownAnchor(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') {
      anchor.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
    } else if (c == ' ') {
      anchor.push_back('-');
    }
  }
  return anchor;
}

}  // namespace weir
