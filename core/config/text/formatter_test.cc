// SPDX-License-Identifier: Apache-2.0
#include "core/config/text/formatter.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace weir::config {
namespace {

std::string Format(const std::string& text) {
  const absl::StatusOr<std::string> formatted = FormatText(text, "f");
  EXPECT_TRUE(formatted.ok()) << formatted.status() << "\n" << text;
  if (!formatted.ok()) return "";
  const absl::StatusOr<std::string> again = FormatText(*formatted, "f");
  EXPECT_TRUE(again.ok()) << again.status() << "\n" << *formatted;
  if (again.ok()) {
    EXPECT_EQ(*again, *formatted);
  }
  return *formatted;
}

std::string ErrorOf(const std::string& text) {
  return std::string(FormatText(text, "f").status().message());
}

TEST(FormatterTest, PutsStagesOfNeighbouringLinesIntoColumns) {
  EXPECT_EQ(
      Format("source{name:'flows' type:'ebpf_map',config{cache_max_flows:5}}\n"
             "transform < name: \"n\"; type: \"interface_namer\" input: 'flows' >  # named\n"
             "sink { name: 'a' type: 'b' }\n"),
      "source    { name: \"flows\" type: \"ebpf_map\"        config { cache_max_flows: 5 } }\n"
      "transform { name: \"n\"     type: \"interface_namer\" input: \"flows\" }  # named\n"
      "sink      { name: \"a\"     type: \"b\" }\n");
  EXPECT_EQ(Format("source { name: 'a' type: 'b' }\n\n\n\nsink { name: 'c' type: 'd' }"),
            "source { name: \"a\" type: \"b\" }\n\nsink { name: \"c\" type: \"d\" }\n");
}

TEST(FormatterTest, KeepsLineBreaksOfBlocksAndBreaksLongLines) {
  EXPECT_EQ(Format("sink { name: 'a'\n type: 'b' config: { x: 1, y: -2.5 } z {\n} }"),
            "sink {\n  name: \"a\"\n  type: \"b\"\n  config { x: 1 y: -2.5 }\n  z {}\n}\n");
  const std::string path(90, 'p');
  EXPECT_EQ(Format("sink { name: 'a' config { path: '" + path + "' } }"),
            "sink {\n  name: \"a\"\n  config {\n    path: \"" + path + "\"\n  }\n}\n");
}

// Its size would grow with the product of the name's and the number of strings.
TEST(FormatterTest, BoundsTheIndentOfStringsBehindALongName) {
  const std::string name(60, 'n');
  EXPECT_EQ(Format(name + ": 'x'\n'y'"), name + ": \"x\"\n    \"y\"\n");
}

TEST(FormatterTest, KeepsEveryCommentInItsPlace) {
  EXPECT_EQ(Format("# head  \r\n\n\n#second\nsink { # open\n\n  # before name\n name: 'a' # name\n"
                   "   # last\n} # closed\n\n# end"),
            "# head\n\n#second\nsink {  # open\n  # before name\n  name: \"a\"  # name\n  # last\n"
            "}  # closed\n\n# end\n");
  EXPECT_EQ(Format("a: [ # list\n 1, # one\n # two\n 2 ]\nb: 'x' # x\n  # and\n 'y' # y\n"),
            "a: [  # list\n  1,  # one\n  # two\n  2\n]\n"
            "b: \"x\"  # x\n   # and\n   \"y\"  # y\n");
  EXPECT_EQ(Format("a # odd\n: # place\n 1"), "# odd\n# place\na: 1\n");
  // Before and behind a separator, in a block and in a list.
  EXPECT_EQ(Format("a: 1 # 1\n# 2\n, # 3\n# 4\nb: 2\n# 5\n; # 6\nc: 3 ; # 7\n"),
            "a: 1  # 1\n# 2\n# 3\n# 4\nb: 2\n# 5\n# 6\nc: 3  # 7\n");
  EXPECT_EQ(Format("a: [ 1 # 1\n# 2\n, # 3\n# 4\n2\n# 5\n, # 6\n3, # 7\n4 ]\n"),
            "a: [\n  1,  # 1\n  # 2\n  # 3\n  # 4\n  2,\n  # 5\n  # 6\n  3,  # 7\n  4\n]\n");
}

TEST(FormatterTest, KeepsTheMeaningOfStringsAndVariables) {
  EXPECT_EQ(Format("a: '\\'' b: '\"' c: \"'\" d: '${A:-x}' e: ${B}0 f: '$${A}'"),
            "a: \"\\'\"\nb: '\"'\nc: \"'\"\nd: \"${A:-x}\"\ne: ${B}0\nf: \"$${A}\"\n");
  EXPECT_EQ(Format("a: 'x' 'y'\nb: 'x'\n'y'\n"), "a: \"x\" \"y\"\nb: \"x\"\n   \"y\"\n");
  EXPECT_EQ(Format("config { [ weir / a.B ] : < x: [ {y:1} , {y:2} ] > }"),
            "config { [weir/a.B] { x: [{ y: 1 }, { y: 2 }] } }\n");
  EXPECT_EQ(Format("filter [ {x:1}, < x:2 > ]\nrules [ # none\n { x: 1 } ]"),
            "filter: [{ x: 1 }, { x: 2 }]\nrules: [  # none\n  { x: 1 }\n]\n");
}

TEST(FormatterTest, TakesByteOrderMarksCarriageReturnsAndEmptyFiles) {
  EXPECT_EQ(Format("\xEF\xBB\xBF"
                   "a: 1\r\nb {\r\n}\r\n"),
            "a: 1\nb {}\n");
  EXPECT_EQ(Format(""), "");
  EXPECT_EQ(Format(" \n\t# only\n\n"), "# only\n");
}

// They are no TOML.
TEST(FormatterTest, TakesExtensionsAndAnyInTheFirstPlace) {
  EXPECT_EQ(Format("[a.b]: 5"), "[a.b]: 5\n");
  EXPECT_EQ(Format("[weir/a.b] { c: - 5 }"), "[weir/a.b] { c: -5 }\n");
}

TEST(FormatterTest, RefusesATextThatIsNotWellFormed) {
  EXPECT_EQ(ErrorOf("sink { name: 'a' type = 'b' }"),
            "f:1:23: sink 'a': expected ':' or '{' after 'type', found '='");
  EXPECT_EQ(ErrorOf("sink { name: 'a\n}"),
            "f:1:14: sink: the text that begins with this ' has no closing ' in its line");
  EXPECT_EQ(ErrorOf("sink {"), "f:1:6: sink: this '{' is never closed");
  EXPECT_EQ(ErrorOf("a: [1, ]"), "f:1:8: the list ends with a ','; remove it");
  EXPECT_EQ(ErrorOf("a: 10.0.0.0/8"), "f:1:4: a text needs quotes; write \"10.0.0.0/8\"");
  EXPECT_EQ(ErrorOf("a: [/tmp/a, 'b']"), "f:1:5: a text needs quotes; write \"/tmp/a\"");
  EXPECT_EQ(ErrorOf("a: 'f', \"g\""), "f:1:9: expected the name of a field, found the text 'g'");
  EXPECT_EQ(ErrorOf("a: }"), "f:1:4: this '}' closes nothing");
  EXPECT_EQ(ErrorOf("a [1, 2]"), "f:1:3: expected ':' or '{' after 'a', found '['");
  EXPECT_EQ(ErrorOf("a\n  b: 1\n}"), "f:1:1: expected '{' after 'a', found 'b'");
  EXPECT_EQ(ErrorOf("x { [a b]: 1 }"), "f:1:8: expected ']', found 'b'");
  EXPECT_EQ(ErrorOf("a:"), "f:1:3: expected a value, found the end of the file");
  EXPECT_EQ(ErrorOf("a: 1 2"), "f:1:7: expected ':' or '{' after '2', found the end of the file");
  // Else the '}' of another layout could end the variable.
  EXPECT_EQ(ErrorOf("a < b: \"${c\" >"),
            "f:1:9: this '${' has no '}' in its line; a literal '${' is written '$${'");
  EXPECT_EQ(FormatText("{ }", "f").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace weir::config
