// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/formatter.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/config/text/diagnostics.h"
#include "core/config/text/foreign_format.h"
#include "core/config/text/lexer.h"
#include "core/config/text/outline.h"
#include "core/config/text/stage_titles.h"
#include "core/config/text/syntax_tree.h"

namespace weir::config {
namespace {

using Kind = SyntaxValue::Kind;

constexpr size_t kColumns = 100;
constexpr size_t kReportedErrors = 20;

std::string Joined(const std::vector<SyntaxNode>& nodes, std::string_view separator,
                   std::string (*text)(const SyntaxNode&)) {
  std::string joined;
  for (const SyntaxNode& node : nodes) {
    absl::StrAppend(&joined, joined.empty() ? "" : separator, text(node));
  }
  return joined;
}

// A value or field on one line; it has no comments.
std::string ValueInLine(const SyntaxValue& value);

std::string FieldInLine(const SyntaxNode& field) {
  return absl::StrCat(field.text, field.value.kind == Kind::kBlock ? " " : ": ",
                      ValueInLine(field.value));
}

std::string ValueInLine(const SyntaxValue& value) {
  switch (value.kind) {
    case Kind::kScalar:
      return Joined(value.nodes, " ", [](const SyntaxNode& part) { return part.text; });
    case Kind::kList:
      return absl::StrCat(
          "[",
          Joined(value.nodes, ", ", [](const SyntaxNode& node) { return ValueInLine(node.value); }),
          "]");
    case Kind::kBlock:
      break;
  }
  if (value.nodes.empty()) return "{}";
  return absl::StrCat("{ ", Joined(value.nodes, " ", FieldInLine), " }");
}

class Printer {
 public:
  std::string Run(const SyntaxValue& root) {
    for (size_t i = 0; i < root.nodes.size();) {
      const size_t end = EndOfTable(root.nodes, i);
      if (end > i + 1) {
        PrintTable(root.nodes, i, end);
        i = end;
      } else {
        PrintNode(root.nodes, i++, 0);
      }
    }
    return std::move(out_);
  }

 private:
  // True if the value has no comments, is on one line in the source, and fits into a line
  // behind `used` columns.
  static bool FitsInLine(const SyntaxValue& value, size_t used) {
    if (value.nodes.empty() && value.open_comment.empty()) return true;
    return value.one_line && used + ValueInLine(value).size() <= kColumns;
  }

  void Line(size_t indent, std::string_view text, std::string_view comment = "") {
    absl::StrAppend(&out_, std::string(indent, ' '), text, comment.empty() ? "" : "  ", comment,
                    "\n");
  }

  void PrintNode(const std::vector<SyntaxNode>& nodes, size_t index, size_t indent) {
    const SyntaxNode& node = nodes[index];
    if (node.blank_before && index > 0) out_ += "\n";
    if (node.is_comment) {
      Line(indent, node.text);
    } else {
      PrintValue(absl::StrCat(node.text, node.value.kind == Kind::kBlock ? " " : ": "), node.value,
                 "", node.trailing_comment, indent);
    }
  }

  void PrintNodes(const std::vector<SyntaxNode>& nodes, size_t indent) {
    for (size_t i = 0; i < nodes.size(); ++i) PrintNode(nodes, i, indent);
  }

  // `head` comes before the value, and `tail` behind it.
  void PrintValue(const std::string& head, const SyntaxValue& value, std::string_view tail,
                  std::string_view comment, size_t indent) {
    if (FitsInLine(value, indent + head.size() + tail.size())) {
      Line(indent, absl::StrCat(head, ValueInLine(value), tail), comment);
    } else if (value.kind == Kind::kScalar) {
      PrintParts(head, value.nodes, tail, comment, indent);
    } else {
      const bool block = value.kind == Kind::kBlock;
      Line(indent, absl::StrCat(head, block ? "{" : "["), value.open_comment);
      if (block) {
        PrintNodes(value.nodes, indent + 2);
      } else {
        PrintElements(value.nodes, indent + 2);
      }
      Line(indent, absl::StrCat(block ? "}" : "]", tail), comment);
    }
  }

  // The strings of a text, one below the other. Behind a long name they are indented less, so
  // that the size of the result is linear in that of the source.
  void PrintParts(const std::string& head, const std::vector<SyntaxNode>& parts,
                  std::string_view tail, std::string_view comment, size_t indent) {
    const size_t further = indent + (head.size() > kColumns / 2 ? 4 : head.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      const bool last = i + 1 == parts.size();
      const std::string text = absl::StrCat(parts[i].text, last ? tail : "");
      const std::string_view trailing = last ? comment : parts[i].trailing_comment;
      if (parts[i].blank_before && i > 0) out_ += "\n";
      if (i == 0) {
        Line(indent, absl::StrCat(head, text), trailing);
      } else {
        Line(further, text, trailing);
      }
    }
  }

  void PrintElements(const std::vector<SyntaxNode>& nodes, size_t indent) {
    size_t left = static_cast<size_t>(std::count_if(
        nodes.begin(), nodes.end(), [](const SyntaxNode& node) { return !node.is_comment; }));
    for (size_t i = 0; i < nodes.size(); ++i) {
      const SyntaxNode& node = nodes[i];
      if (node.is_comment) {
        PrintNode(nodes, i, indent);
        continue;
      }
      if (node.blank_before && i > 0) out_ += "\n";
      --left;
      PrintValue("", node.value, left > 0 ? "," : "", node.trailing_comment, indent);
    }
  }

  // True for a stage on one line that begins with its name and type.
  static bool IsTableRow(const SyntaxNode& node) {
    if (node.is_comment || node.value.kind != Kind::kBlock) return false;
    const std::vector<SyntaxNode>& fields = node.value.nodes;
    return fields.size() >= 2 && fields[0].text == "name" && fields[1].text == "type" &&
           fields[0].value.kind == Kind::kScalar && fields[1].value.kind == Kind::kScalar &&
           FitsInLine(node.value, node.text.size() + 1);
  }

  // The end of the rows on neighbouring lines from `begin` on; `begin` if it is no row.
  static size_t EndOfTable(const std::vector<SyntaxNode>& nodes, size_t begin) {
    size_t end = begin;
    while (end < nodes.size() && IsTableRow(nodes[end]) &&
           (end == begin || !nodes[end].blank_before)) {
      ++end;
    }
    return end;
  }

  void PrintTable(const std::vector<SyntaxNode>& nodes, size_t begin, size_t end) {
    size_t width[3] = {};
    for (size_t i = begin; i < end; ++i) {
      width[0] = std::max(width[0], nodes[i].text.size());
      for (size_t k = 0; k < 2; ++k) {
        width[k + 1] = std::max(width[k + 1], FieldInLine(nodes[i].value.nodes[k]).size());
      }
    }
    if (nodes[begin].blank_before && begin > 0) out_ += "\n";
    for (size_t i = begin; i < end; ++i) PrintRow(nodes[i], width);
  }

  void PrintRow(const SyntaxNode& node, const size_t (&width)[3]) {
    const std::vector<SyntaxNode>& fields = node.value.nodes;
    std::string line = Padded(node.text, width[0]);
    absl::StrAppend(&line, " { ", Padded(FieldInLine(fields[0]), width[1]), " ");
    for (size_t k = 1; k < fields.size(); ++k) {
      const std::string field = FieldInLine(fields[k]);
      absl::StrAppend(&line, k == 1 && fields.size() > 2 ? Padded(field, width[2]) : field, " ");
    }
    Line(0, absl::StrCat(line, "}"), node.trailing_comment);
  }

  static std::string Padded(std::string text, size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
  }

  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> FormatText(std::string_view text, std::string_view file_name) {
  Diagnostics diagnostics(file_name);
  const LineIndex lines(text);
  std::vector<std::pair<size_t, std::string>> mistakes;
  const MistakeReport report = [&](size_t offset, std::string sentence) {
    if (mistakes.size() < Diagnostics::kMaxKept) {
      mistakes.emplace_back(offset, std::move(sentence));
    } else {
      diagnostics.CountUnkept(1);
    }
  };
  const std::vector<Token> tokens = Lex(text, report);
  if (std::string foreign = ForeignFormat(text, tokens); !foreign.empty()) {
    diagnostics.Add({}, std::move(foreign));
    return diagnostics.ToStatus(kReportedErrors);
  }
  SyntaxValue root;
  Outline outline;
  if (mistakes.empty() && outline.Build(text, report)) ParseSyntax(text, tokens, report, &root);
  const StageTitles titles(text, tokens);
  for (const auto& [offset, sentence] : mistakes) {
    diagnostics.Add(lines.LocationOf(offset), absl::StrCat(titles.Around(offset), sentence));
  }
  if (!diagnostics.empty()) return diagnostics.ToStatus(kReportedErrors);
  return Printer().Run(root);
}

}  // namespace weir::config
