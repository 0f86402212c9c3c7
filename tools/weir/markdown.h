// SPDX-License-Identifier: Apache-2.0
// Text as Markdown.
#ifndef WEIR_TOOLS_WEIR_MARKDOWN_H_
#define WEIR_TOOLS_WEIR_MARKDOWN_H_

#include <string>
#include <string_view>

namespace weir {

// `text` as a part of a paragraph. Text between backticks stays as it is; elsewhere characters
// that Markdown would interpret are escaped.
std::string MarkdownProse(std::string_view text);

// The same for a cell of a table: one line.
std::string MarkdownCell(std::string_view text);

// A comment of a .proto as paragraphs. Lines that are indented by more than the comment's own
// space become a code block of `language`.
std::string MarkdownComment(std::string_view comment, std::string_view language);

// A code block; `text` ends in a newline.
std::string MarkdownBlock(std::string_view info, std::string_view text);

// What a link has behind # for this heading, as GitHub writes it.
std::string MarkdownAnchor(std::string_view heading);

}  // namespace weir

#endif  // WEIR_TOOLS_WEIR_MARKDOWN_H_
