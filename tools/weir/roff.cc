// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/roff.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weir {
namespace {

void AppendCharacter(char character, std::string* out) {
  switch (character) {
    case '\\':
      out->append("\\e");
      break;
    // Unescaped, a renderer replaces these by typographic characters, which no shell takes.
    case '-':
      out->append("\\-");
      break;
    case '\'':
      out->append("\\(aq");
      break;
    case '`':
      out->append("\\(ga");
      break;
    case '^':
      out->append("\\(ha");
      break;
    case '~':
      out->append("\\(ti");
      break;
    default:
      out->push_back(character);
  }
}

}  // namespace

std::string RoffText(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char character : text) {
    // A dot at the start of a line begins a request. So does an apostrophe; it is always escaped.
    if (line_begins && character == '.') out.append("\\&");
    AppendCharacter(character, &out);
    line_begins = character == '\n';
  }
  return out;
}

std::string RoffProse(std::string_view text) {
  std::string out;
  bool bold = false;
  for (const std::string_view part : absl::StrSplit(text, '`')) {
    if (!bold) {
      out += RoffText(part);
    } else {
      absl::StrAppend(&out, "\\fB", RoffText(part), "\\fR");
    }
    bold = !bold;
  }
  return out;
}

std::string RoffExample(std::string_view lines) {
  absl::ConsumeSuffix(&lines, "\n");
  return absl::StrCat(".RS 4\n.nf\n", RoffText(lines), "\n.fi\n.RE\n");
}

}  // namespace weir
